"""Mail of many days, made up from what each day brings."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import NamedTuple

from mailauth_dns.evidence.evidence import Evidence, MailReport, Row
from mailauth_dns.evidence.sources.source_kind import AttributedRow, Attribution, SourceKind
from mailauth_dns.evidence.watch.watch import Observed
from mailauth_dns.reports.aggregate import AuthResult, DkimResult, PublishedPolicy
from tests.evidence.tls_reports import DOMAIN, TODAY, day, window

SENDERS = frozenset({"server", "news"})


class Mail(NamedTuple):
    """Messages of a source on one day, as one reporter saw them."""

    kind: SourceKind
    sender: str | None
    messages: int
    source: str | None = "192.0.2.10"
    dkim: tuple[DkimResult, ...] = ()


def ours(count: int, sender: str = "server") -> Mail:
    """Return messages of a declared sender that align."""
    return Mail(SourceKind.ALIGNED, sender, count)


def broken(count: int, sender: str = "server") -> Mail:
    """Return messages of a declared sender that do not align."""
    return Mail(SourceKind.NOT_ALIGNED, sender, count)


def unknown(count: int, source: str | None = "198.51.100.7", sender: str | None = None) -> Mail:
    """Return messages of a source that the policy does not declare."""
    return Mail(SourceKind.UNKNOWN, sender, count, source)


def signed(count: int, domain: str, source: str) -> Mail:
    """Return messages of such a source that are signed."""
    dkim = DkimResult(DOMAIN.__class__(domain), "s1", AuthResult.PASS)
    return Mail(SourceKind.UNKNOWN, None, count, source, (dkim,))


def spoofed(count: int) -> Mail:
    """Return messages of somebody who pretends."""
    return Mail(SourceKind.SPOOF, None, count, "203.0.113.66")


Brings = Callable[[int, str], Iterable[Mail]]  # so many days ago, to a reporter


def observed(
    brings: Brings,
    days: Iterable[int] = range(1, 61),
    reporters: tuple[str, ...] = ("google.com", "yahoo.com"),
    today: date = TODAY,
) -> Observed:
    """Return the mail of these days, of which each reporter sends a report unless it has none."""
    reports: list[MailReport] = []
    rows: list[AttributedRow] = []
    for back in sorted(days, reverse=True):
        for reporter in reporters:
            time = window(day(back), reporter)
            mail = [each for each in brings(back, reporter) if each.messages]
            if not mail:
                continue
            kept = [
                Row(each.source, None, each.messages, None, None, None, dkim=each.dkim)
                for each in mail
            ]
            reports.append(MailReport(time, PublishedPolicy(DOMAIN), tuple(kept)))
            rows += [
                AttributedRow(time, row, Attribution(each.kind, each.sender, "made up"))
                for row, each in zip(kept, mail, strict=True)
            ]
    return Observed.of(Evidence(DOMAIN, tuple(reports)), rows, SENDERS, today)
