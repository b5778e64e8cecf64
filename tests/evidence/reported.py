"""Rows and evidence for tests, in few words."""

from __future__ import annotations

from collections.abc import Sequence

from mailauth_dns.evidence.evidence import Evidence, MailReport, Row, Window
from mailauth_dns.records.dmarc import Alignment, Policy
from mailauth_dns.records.name import DomainName
from mailauth_dns.reports.aggregate import (
    AuthResult,
    Disposition,
    DkimResult,
    Override,
    OverrideReason,
    PublishedPolicy,
    SpfResult,
)

DOMAIN = DomainName("example.com")
DAY = 86400
FIRST = 20_500 * DAY  # 2026-02-16


def dkim(text: str) -> DkimResult:
    """Return a result from `SELECTOR._domainkey.DOMAIN RESULT`; no selector: `DOMAIN RESULT`."""
    name, result = text.split()
    selector, found, domain = name.rpartition("._domainkey.")
    return DkimResult(DomainName(domain), selector if found else None, AuthResult(result))


def spf(text: str) -> SpfResult:
    """Return a result from `DOMAIN RESULT`, with `helo` behind it where it is that name."""
    domain, result, *helo = text.split()
    return SpfResult(DomainName(domain), AuthResult(result), bool(helo))


def row(
    source: str | None = "203.0.113.9",
    count: int = 1,
    *,
    by: str | None = "",
    signed: Sequence[str] = (),
    path: Sequence[str] = (),
    author: str | None = DOMAIN,
    said: Sequence[OverrideReason] = (),
    sources: int = 1,
) -> Row:
    """Return a row; `by` says what aligned: `dkim`, `spf`, both, none, or None where nobody says."""
    aligned = {way: None if by is None else way in by for way in ("dkim", "spf")}
    return Row(
        source,
        DomainName(author) if author is not None else None,
        count,
        aligned["dkim"],
        aligned["spf"],
        Disposition.NONE,
        tuple(map(Override, said)),
        tuple(map(dkim, signed)),
        tuple(map(spf, path)),
        sources,
    )


def report(
    *rows: Row,
    day: int = 0,
    reporter: str = "receiver.example",
    strict: bool = False,
    p: Policy = Policy.NONE,
) -> MailReport:
    """Return a report of one day, the first or a later one."""
    begin = FIRST + day * DAY
    mode = Alignment.STRICT if strict else Alignment.RELAXED
    published = PublishedPolicy(DOMAIN, p, adkim=mode, aspf=mode)
    window = Window(begin, begin + DAY - 1, reporter, f"{day:06x}{len(reporter):06x}")
    return MailReport(window, published, rows)


def evidence(*reports: MailReport) -> Evidence:
    """Return evidence of the domain."""
    return Evidence(DOMAIN, reports)
