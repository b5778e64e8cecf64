"""Evidence as hypothesis makes it, and reports that are read into it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import strategies as st

from mailauth_dns.evidence.evidence import Evidence, MailReport
from mailauth_dns.evidence.kept import fold
from mailauth_dns.evidence.kept.together import AnyReport, together
from mailauth_dns.records.name import DomainName
from mailauth_dns.reports.aggregate import PublishedPolicy, Record, Report
from mailauth_dns.reports.reporter import Reporter
from mailauth_dns.reports.tls import TlsReport
from tests.reports.test_round_trips import policies, records, tls_policies

DOMAIN = DomainName("example.com")
NIGHT = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp())
DAY = 86400
NO_POLICY = PublishedPolicy(DOMAIN)


def report(
    *found: Record,
    day: int = 0,
    org: str = "receiver.example",
    id: str = "1",
    policy: PublishedPolicy = NO_POLICY,
) -> MailReport:
    """A report of one day as it is kept; `day` counts from the first of March."""
    begin = NIGHT + day * DAY
    reporter = Reporter(org, None, id, begin, begin + DAY - 1)
    return fold.short(Report(reporter, policy), iter(found))


def record(
    source: str = "192.0.2.10", count: int = 1, *, dkim: bool | None = True, spf: bool | None = None
) -> Record:
    """A record that has no more than what decides about alignment."""
    return Record(source, count, None, dkim, spf, (), DOMAIN, None, (), ())


def evidence(*reports: AnyReport) -> Evidence:
    return together(DOMAIN, reports)


# A few reporters, ids and days, so that reports are the same ones, and contradict one another.
_reporters = st.builds(
    lambda org, id, day: Reporter(org, None, id, NIGHT + day * DAY, NIGHT + day * DAY + DAY - 1),
    st.sampled_from(["a.example", "Ärger\u202e & Söhne", ""]),
    st.sampled_from(["1", "2"]),
    st.integers(0, 2),
)


mail_reports = st.builds(
    lambda reporter, policy, found: fold.short(
        Report(reporter, replace(policy, domain=DOMAIN)), iter(found)
    ),
    _reporters,
    policies,
    st.lists(records, max_size=3),
)
session_reports = st.builds(
    lambda reporter, found: fold.sessions(
        TlsReport(reporter, tuple(replace(each, domain=DOMAIN) for each in found))
    )[DOMAIN],
    _reporters,
    st.lists(tls_policies(), min_size=1, max_size=3),
)
evidences = st.lists(mail_reports | session_reports, max_size=5).map(
    lambda reports: together(DOMAIN, reports)
)


def many(number: int, *, aligned: bool = False) -> Iterator[Record]:
    """Records that all differ in their source."""
    for at in range(number):
        source = f"198.{at >> 16 & 255}.{at >> 8 & 255}.{at & 255}"
        yield record(source, at * 7919 % 100 + 1, dkim=aligned, spf=False)
