"""The values of a set before and after, as a comment shows them: what differs and what is near."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mailauth_dns.diff.shown_values import public
from mailauth_dns.diff.term_lines import Line, term_lines
from mailauth_dns.plan.plan import ChangeEntry
from mailauth_dns.render.markdown_text import fenced, value
from mailauth_dns.render.terminal_text import count

MAX_TERM = 900  # characters; a key of 4096 bits has 736
MAX_LINES = 60  # of one value
_NEAR = 2  # terms that stay, told beside those that change
_FEW = 2  # terms that stay, told wherever they are
# What decides about mail that nothing else in the record speaks of; a key's `p=` is longer.
_DECIDES = re.compile(r"v=|p=|redirect=|[-+~?]?all$", re.IGNORECASE)
_SHORT = 80  # characters


def diff(change: ChangeEntry) -> Iterator[str]:
    """Yield the values before and after, in which only what differs is marked."""
    if change.before == change.after:
        return
    before, after = (tuple(map(public, each)) for each in (change.before, change.after))
    lines: list[Line]
    if len(before) == len(after) == 1:
        lines = term_lines(change.family, change.type, before[0], after[0])
    else:
        lines = [("-", each) for each in before]
        lines += [("+", each) for each in after]
    yield from fenced(bounded([_line(*each) for each in _near(lines)]), "diff")


def _near(lines: list[Line]) -> Iterator[Line]:
    """Yield the lines without those that stay and are far from any that changes."""
    changed = [at for at, (mark, _) in enumerate(lines) if mark != " "]
    near = {at + by for at in changed for by in range(-_NEAR, _NEAR + 1)}
    far: list[Line] = []
    for at, line in enumerate(lines):
        if at not in near and not (len(line[1]) <= _SHORT and _DECIDES.match(line[1])):
            far.append(line)
            continue
        yield from _far(far)
        far = []
        yield line
    yield from _far(far)


def _far(lines: list[Line]) -> Iterator[Line]:
    """Yield lines that are far from any that changes; a few take no more room than their number."""
    if len(lines) > _FEW:
        yield (" ", f"({count(len(lines), 'term')} as before)")
    else:
        yield from lines


def _line(mark: str, term: str) -> str:
    indent = "  " if term.startswith("  ") else ""
    return f"{mark} {indent}{value(term.strip() if indent else term, MAX_TERM)}"


def bounded(lines: list[str]) -> list[str]:
    """Return lines, and where they are too many the number of those in the middle."""
    if len(lines) <= MAX_LINES:
        return lines
    half = MAX_LINES // 2
    return [*lines[:half], f"  (... {len(lines) - 2 * half} lines ...)", *lines[-half:]]
