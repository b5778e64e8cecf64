"""Live rows as text for people: policy, provider and live DNS side by side."""

from __future__ import annotations

import textwrap
from collections.abc import Container, Iterable, Iterator, Mapping

from rich.text import Text

from mailauth_dns.diff.value_mistakes import Mistake
from mailauth_dns.plan.plan import LiveEntry
from mailauth_dns.render.terminal_text import styled, versus
from mailauth_dns.render.terminal_text import told as lines_of

Reasons = Mapping[tuple[str, str], tuple[Mistake, ...]]

_NO_REASONS: Reasons = {}
_WIDTH = 80  # columns of what we say; values have their own
_STATE = {
    "as policy": "green",
    "as provider": "yellow",
    "differs": "red",
    "waits": "yellow",
    "unknown": "magenta",
}


def rows(
    found: Iterable[LiveEntry],
    why: Reasons = _NO_REASONS,
    told: Container[tuple[str, str]] = (),
) -> Iterator[Text]:
    """Yield policy, provider and live DNS side by side, and `why` they differ.

    A set whose change is `told` already gets one line if live DNS is as the provider.
    """
    for row in found:
        yield styled(4, f"{row.name} {row.type}  ", (row.state, _STATE[row.state]))
        if row.state == "as provider" and (row.name, row.type) in told:
            continue
        if row.state != "as policy" or (row.provider is not None and row.provider != row.policy):
            yield from _sides(row)
        for mistake in why.get((row.name, row.type), ()):
            yield from _mistake(mistake)


def _mistake(mistake: Mistake) -> Iterator[Text]:
    for mark, said, style in (
        ("why       ", f"{mistake.seen}: {mistake.meaning}", "yellow"),
        ("do        ", mistake.remedy, "bold"),
    ):
        lines = textwrap.wrap(
            said, _WIDTH - 8 - len(mark), break_long_words=False, break_on_hyphens=False
        )
        for number, line in enumerate(lines):
            yield styled(8, mark if number == 0 else " " * len(mark), (line, style))


def _sides(row: LiveEntry) -> Iterator[Text]:
    yield from _side("policy   ", row.policy)
    if row.provider is not None:
        yield from _side("provider ", row.provider)
    if row.state == "waits":
        yield styled(8, f"waits     {row.reason}")
    if row.live is not None:
        yield from _side("live     ", row.live, row.reason if row.state != "waits" else None)
        yield from (styled(8, part) for part in versus(row.live, row.policy))
    elif row.state == "unknown":
        yield styled(8, f"live      unknown: {row.reason}")
    if row.servers:
        yield styled(8, "each server says:")
    for server in row.servers:
        yield styled(8, f"live      {server.server}")
        if server.values is None:
            yield styled(10, f"unknown: {server.reason}")
            continue
        yield from _side("", server.values, indent=10)
        yield from (styled(10, part) for part in versus(server.values, row.policy))


def _side(
    mark: str, values: tuple[str, ...], reason: str | None = None, indent: int = 8
) -> Iterator[Text]:
    if not values:
        yield styled(indent, f"{mark} nothing".lstrip() + (f": {reason}" if reason else ""))
    for value in values:
        yield from (styled(indent, line) for line in lines_of(mark or "|", value))
