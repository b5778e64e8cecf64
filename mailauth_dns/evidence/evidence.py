"""The evidence of a domain: its reports in short, as values (RFC 9990, RFC 8460).

What could name a person is not kept, as in the reports that it is made from.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from mailauth_dns.records.name import DomainName
from mailauth_dns.reports.aggregate import (
    Disposition,
    DkimResult,
    Override,
    PublishedPolicy,
    SpfResult,
)
from mailauth_dns.reports.tls import TlsPolicy


@dataclass(frozen=True, slots=True)
class Window:
    """Who reported, and of which time.

    `begin` and `end` are seconds since 1970, UTC. `reporter` is the domain of the reporter's
    address, or its organization where it gave none. `id` is twelve hexadecimal digits that tell
    one report from another.
    """

    begin: int
    end: int
    reporter: str
    id: str

    @property
    def first_day(self) -> date:
        """The day on which it begins, UTC."""
        return datetime.fromtimestamp(self.begin, UTC).date()

    @property
    def last_day(self) -> date:
        """The day on which it ends."""
        # Many reporters end with the first second of the next day.
        return datetime.fromtimestamp(max(self.end - 1, self.begin), UTC).date()


@dataclass(frozen=True, slots=True)
class Row:
    """Messages that fared alike, from one source; None is what the reporter did not say.

    Many small sources are one row, where `source` is None and `sources` is their number. `author`
    is the author domain, from the header From.
    """

    source: str | None
    author: DomainName | None
    count: int
    dkim_aligned: bool | None
    spf_aligned: bool | None
    disposition: Disposition | None
    overrides: tuple[Override, ...] = ()
    dkim: tuple[DkimResult, ...] = ()
    spf: tuple[SpfResult, ...] = ()
    sources: int = 1

    @property
    def aligned(self) -> bool | None:
        """Whether DMARC passed."""
        if self.dkim_aligned or self.spf_aligned:
            return True
        return None if None in (self.dkim_aligned, self.spf_aligned) else False


@dataclass(frozen=True, slots=True)
class MailReport:
    """An aggregate report in short: the policy that the receiver found, and what it saw."""

    window: Window
    published: PublishedPolicy
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class SessionReport:
    """A TLS report in short: only the policies of the domain that the evidence is about."""

    window: Window
    policies: tuple[TlsPolicy, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is kept about one domain, in the order of time, reporter and id."""

    domain: DomainName
    mail: tuple[MailReport, ...] = ()
    sessions: tuple[SessionReport, ...] = ()
