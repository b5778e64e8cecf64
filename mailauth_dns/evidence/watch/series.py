"""Messages by day, reporter and source: what is watched."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from mailauth_dns.evidence.evidence import Evidence, Row, Window
from mailauth_dns.evidence.sources.source_kind import AttributedRow, SourceKind
from mailauth_dns.reports.aggregate import AuthResult

SPOOFED = "spoofed mail"
_MAX_DAYS = 31  # of one report
_NETWORKS = {4: 24, 6: 48}


class Subject(NamedTuple):
    """Whose messages: a declared sender, an unknown source, or spoofed mail as a whole."""

    kind: SourceKind
    name: str


@dataclass(slots=True)
class Counted:
    """Messages of one subject on one day, as one reporter saw them."""

    messages: int = 0
    not_aligned: int = 0


@dataclass(frozen=True, slots=True)
class Series:
    """All of one domain's mail, for those who watch it.

    `reported` are the days of which each reporter has told.
    """

    counts: Mapping[Subject, Mapping[date, Mapping[str, Counted]]]
    reported: Mapping[str, frozenset[date]]
    every: frozenset[date] = field(default=frozenset())

    @property
    def first(self) -> date | None:
        """The first day of which a report tells."""
        return min(self.every, default=None)

    @property
    def last(self) -> date | None:
        """The last day of which a report tells."""
        return max(self.every, default=None)

    def messages(self, subject: Subject, days: Iterable[date], of: frozenset[str]) -> int:
        """Return the messages of a subject on these days that these reporters saw."""
        return sum(
            counted.messages
            for day in days
            for reporter, counted in self.counts[subject].get(day, {}).items()
            if reporter in of
        )


def series(evidence: Evidence, rows: Iterable[AttributedRow], today: date) -> Series:
    """Return the mail of a domain by day; a report of a day that has not come is false."""
    reported: dict[str, set[date]] = {}
    for report in evidence.mail:
        if report.window.last_day <= today:
            reported.setdefault(report.window.reporter, set()).update(days_of(report.window))
    counts: dict[Subject, dict[date, dict[str, Counted]]] = {}
    for each in rows:
        day, subject = each.window.last_day, _subject(each)
        if subject is None or day > today:
            continue
        by_reporter = counts.setdefault(subject, {}).setdefault(day, {})
        counted = by_reporter.setdefault(each.window.reporter, Counted())
        counted.messages += each.row.count
        counted.not_aligned += each.row.count if subject_fails(each) else 0
    return Series(
        counts,
        {reporter: frozenset(days) for reporter, days in reported.items()},
        frozenset().union(*reported.values()) if reported else frozenset(),
    )


def days_of(window: Window) -> Iterable[date]:
    """Yield the days that a report tells of."""
    last = window.last_day
    first = max(window.first_day, last - timedelta(days=_MAX_DAYS - 1))
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def subject_fails(each: AttributedRow) -> bool:
    """Tell whether a declared sender's messages failed."""
    return each.by.kind is SourceKind.NOT_ALIGNED


def _subject(each: AttributedRow) -> Subject | None:
    match each.by.kind:
        case SourceKind.ALIGNED | SourceKind.NOT_ALIGNED:
            return Subject(SourceKind.ALIGNED, each.by.sender) if each.by.sender else None
        case SourceKind.UNKNOWN:
            name = each.by.sender or _name(each.row)
            return Subject(SourceKind.UNKNOWN, name) if name else None
        case SourceKind.SPOOF:
            return Subject(SourceKind.SPOOF, SPOOFED)
        case SourceKind.FORWARDER | SourceKind.MAILING_LIST:
            return None  # they come and go with what receivers' users do


def _name(row: Row) -> str | None:
    """Return what an unknown source is called: a domain that it proves, or else its network.

    Services send from many addresses, and sign with one domain.
    """
    for dkim in row.dkim:
        if dkim.result is AuthResult.PASS and dkim.domain:
            return dkim.domain
    for spf in row.spf:
        if spf.result is AuthResult.PASS and spf.domain and not spf.helo:
            return spf.domain
    if row.source is None:
        return None
    address = ipaddress.ip_address(row.source)
    return str(ipaddress.ip_network((address, _NETWORKS[address.version]), strict=False))
