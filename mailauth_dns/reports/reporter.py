"""Who sent a report, of which time, and what tells it from another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from mailauth_dns.records.name import DomainName


class ReportKey(NamedTuple):
    """Two reports with the same key are the same report, or one of them is false."""

    org: str
    id: str
    domains: tuple[str, ...]
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Reporter:
    """The organization, the domain of its address, and the time that the report is about.

    `begin` and `end` are seconds since 1970, UTC.
    """

    org: str
    domain: DomainName | None
    report_id: str
    begin: int
    end: int

    def key(self, domains: tuple[str, ...]) -> ReportKey:
        """Return what tells a report about these domains from another."""
        # RFC 9990, Report-ID: the brackets and what follows the @ are as the reporter likes, and
        # parsedmarc drops both.
        bare = self.report_id.strip("<>").partition("@")[0]
        return ReportKey(self.org.lower(), bare, domains, self.begin, self.end)

    @property
    def first_day(self) -> str:
        """The day on which it begins, as 2026-11-28."""
        return _day(self.begin)

    @property
    def last_day(self) -> str:
        """The day on which it ends."""
        # Many reporters end with the first second of the next day.
        return _day(max(self.end - 1, self.begin))


def _day(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).date().isoformat()
