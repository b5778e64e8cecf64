"""TLS reports in short, made up day by day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from mailauth_dns.evidence.evidence import Evidence, SessionReport, Window
from mailauth_dns.records.name import DomainName
from mailauth_dns.reports.tls import Failure, Mode, PolicyType, TlsPolicy

DOMAIN = DomainName("example.com")
TODAY = date(2026, 11, 28)
MX = ("mx1.example.com", "mx2.example.com")


def day(back: int) -> date:
    """Return the day so many days before today."""
    return TODAY - timedelta(days=back)


def window(on: date, reporter: str) -> Window:
    """Return a report's time: one day, whose last second is the next day's first in some."""
    begin = int(datetime(on.year, on.month, on.day, tzinfo=UTC).timestamp())
    return Window(begin, begin + 86400, reporter, f"{on:%y%m%d}{sum(reporter.encode()):06x}")


def sts(
    secured: int,
    *failures: tuple[str, str | None, int],
    mode: Mode | None = Mode.TESTING,
    mx: tuple[str, ...] = MX,
    type: PolicyType | None = PolicyType.STS,
    failed: int | None = None,
) -> TlsPolicy:
    """Return sessions under a policy; a failure is a reason, an exchanger and a number."""
    parts = tuple(
        Failure(reason, count, DomainName(exchanger) if exchanger else None)
        for reason, exchanger, count in failures
    )
    total = sum(each.count for each in parts) if failed is None else failed
    return TlsPolicy(type, DOMAIN, mode, mx, secured, total, parts)


def report(back: int, *policies: TlsPolicy, by: str = "google.com") -> SessionReport:
    """Return the report of one day."""
    return SessionReport(window(day(back), by), policies)


def evidence(*reports: SessionReport) -> Evidence:
    """Return a domain's evidence."""
    return Evidence(DOMAIN, (), reports)


def daily(
    policy: TlsPolicy, days: range = range(1, 15), by: tuple[str, ...] = ("google.com", "yahoo.com")
) -> tuple[SessionReport, ...]:
    """Return a report of every one of these days, from each reporter."""
    return tuple(report(back, policy, by=reporter) for back in days for reporter in by)
