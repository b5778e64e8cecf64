"""Findings and waivers as values that another process can have: without the files' text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from mailauth_dns.lint.catalog import BY_ID
from mailauth_dns.lint.finding import Finding
from mailauth_dns.lint.rule import At
from mailauth_dns.lint.waiver import WaiverRow
from mailauth_dns.policy.model import WaiverSection
from mailauth_dns.records.name import DomainName
from mailauth_dns.typed_yaml.yaml_tree import Place, SourceText


class SentPlace(NamedTuple):
    """A place with its line."""

    path: str
    line: int
    column: int
    width: int
    shown: str


class SentFinding(NamedTuple):
    """A finding; `rule` is its id."""

    rule: str
    domains: tuple[DomainName, ...]
    shared: bool
    place: SentPlace
    message: str
    fix: str
    at: At | None
    unknown: bool


class SentWaiver(NamedTuple):
    """A waiver as one domain has it."""

    domain: DomainName
    place: SentPlace
    waiver: WaiverSection
    id: str


def sent_findings(found: Iterable[Finding]) -> Iterator[SentFinding]:
    """Yield findings as they are sent."""
    for each in found:
        place = _sent(each.place)
        yield SentFinding(
            *(each.rule.id, each.domains, each.shared, place),
            *(each.message, each.fix, each.at, each.unknown),
        )


def sent_waivers(rows: Iterable[WaiverRow]) -> Iterator[SentWaiver]:
    """Yield waivers as they are sent."""
    for row in rows:
        yield SentWaiver(row.domain, _sent(row.place), row.waiver, row.id)


def _sent(place: Place) -> SentPlace:
    lines = place.source.lines
    shown = lines[place.line - 1] if 0 < place.line <= len(lines) else ""
    return SentPlace(place.source.path, place.line, place.column, place.width, shown)


def findings(sent: Iterable[SentFinding]) -> Iterator[Finding]:
    """Yield the findings that were sent."""
    for each in sent:
        yield Finding(BY_ID[each.rule], each.domains, each.shared, _place(each.place), *each[4:])


def waivers(sent: Iterable[SentWaiver]) -> Iterator[WaiverRow]:
    """Yield the waivers that were sent."""
    for each in sent:
        yield WaiverRow(each.domain, _place(each.place), each.waiver, each.id)


def _place(sent: SentPlace) -> Place:
    source = SourceText(sent.path, _OneLine(sent.line, sent.shown))
    return Place(source, sent.line, sent.column, sent.width)


class _OneLine(Sequence[str]):
    """The lines of a file of which only one is known: its `number` is 1-based."""

    __slots__ = ("_number", "_shown")

    def __init__(self, number: int, shown: str) -> None:
        self._number, self._shown = number, shown

    def __len__(self) -> int:
        return self._number

    def __getitem__(self, index: int) -> str:  # type: ignore[override]
        if index != self._number - 1:
            raise IndexError(index)
        return self._shown
