"""Findings as text for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from mailauth_dns.lint.finding import Finding, tally
from mailauth_dns.records.name import DomainName
from mailauth_dns.render.terminal_text import styled

_FOUND = {"error": "bold red", "warning": "yellow", "info": "cyan", "unknown": "magenta"}
_DETAILED = 3  # unknown rules of one domain with a line each; without DNS there would be fifty


def lines(found: Sequence[Finding], waived: int) -> Iterator[Text]:
    """Yield findings with their lines, and the counts; `waived` is the number that waivers silence.

    Rules that are unknown for the same reason make one entry.
    """
    together: dict[tuple[str, int, int, str], list[Finding]] = {}
    for number, finding in enumerate(found):
        place = finding.place
        reason = finding.text if finding.unknown else str(number)
        together.setdefault((place.source.path, place.line, place.column, reason), []).append(
            finding
        )
    dark: dict[tuple[str, DomainName], list[list[Finding]]] = {}
    for same in together.values():
        if same[0].unknown:
            dark.setdefault(_whose(same[0]), []).append(same)
    for same in together.values():
        finding = same[0]
        unknown = dark[_whose(finding)] if finding.unknown else []
        if len(unknown) <= _DETAILED:
            yield from _told(finding, f"{_rules(same)}: {finding.advice}")
        elif same is unknown[0]:
            undecided = {each.rule.id for group in unknown for each in group}
            yield from _told(
                finding,
                f"{len(undecided)} rules could not be decided, "
                f"the first because of {finding.advice}",
            )
    yield styled(0, ("Lint: " + tally(found, waived), "bold"))


def _whose(finding: Finding) -> tuple[str, DomainName]:
    return finding.place.source.path, finding.domain


def _rules(same: Sequence[Finding]) -> str:
    if same[0].unknown:
        return ", ".join(dict.fromkeys(each.rule.id for each in same))
    return f"{same[0].rule.id} {same[0].rule.slug}"


def _told(finding: Finding, what: str) -> Iterator[Text]:
    place = finding.place
    yield styled(
        0,
        (f"{place.source.path}:{place.line}:{place.column}: ", "bold"),
        (f"{finding.word} ", _FOUND[finding.word]),
        what,
    )
    yield styled(2, (place.source.lines[place.line - 1].strip(), "dim"))
