"""Reports in short: small, whatever their records are, and with every message counted."""

from __future__ import annotations

import tracemalloc
from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailauth_dns.evidence.evidence import MailReport, Row
from mailauth_dns.evidence.kept import fold
from mailauth_dns.evidence.kept.fewer import SPARE
from mailauth_dns.records.dmarc import Policy
from mailauth_dns.records.name import DomainName
from mailauth_dns.reports.aggregate import (
    AuthResult,
    DkimResult,
    Override,
    OverrideReason,
    PublishedPolicy,
    Record,
    Report,
    SpfResult,
)
from mailauth_dns.reports.reporter import Reporter
from mailauth_dns.reports.tls import Failure, PolicyType, TlsPolicy, TlsReport
from tests.evidence.kept import DOMAIN, NIGHT, many, record, report
from tests.reports.test_round_trips import records

MOST = fold.MAX_ALIGNED + fold.MAX_OTHERS + 4 * SPARE


def counts(rows: Sequence[Row | Record]) -> dict[tuple[bool | None, bool | None], int]:
    found: dict[tuple[bool | None, bool | None], int] = {}
    for row in rows:
        key = (row.dkim_aligned, row.spf_aligned)
        found[key] = found.get(key, 0) + row.count
    return {key: count for key, count in found.items() if count}


@given(st.lists(records, max_size=6), st.randoms())
def test_no_message_is_lost_and_no_order_shows(found: list[Record], random: Random) -> None:
    whole = report(*found)
    assert counts(whole.rows) == counts(found)
    random.shuffle(found)
    assert report(*found) == whole


def test_records_that_differ_in_their_count_are_one_row() -> None:
    [row] = report(record(count=2), record(count=3), record(count=0)).rows
    assert (row.source, row.count, row.sources) == ("192.0.2.10", 5, 1)


@pytest.mark.parametrize("aligned", [True, False])
@pytest.mark.parametrize("number", [30, 300, 5000])
def test_small_sources_become_one_row(number: int, aligned: bool) -> None:
    found = list(many(number, aligned=aligned))
    rows = report(*found).rows
    assert counts(rows) == counts(found)
    assert sum(row.sources for row in rows) == number
    named = [row for row in rows if row.source is not None]
    if number == 30:
        assert len(named) == 30
    else:
        bound = fold.MAX_ALIGNED if aligned else fold.MAX_OTHERS
        assert len(named) == bound
        least = sorted((each.count for each in found), reverse=True)[bound - 1]
        assert min(row.count for row in named) == least
    assert report(*reversed(found)).rows == rows


def test_spoofs_do_not_push_out_what_aligns() -> None:
    mine = record("192.0.2.10", 1)
    rows = report(*many(2000), mine, *many(2000)).rows
    assert [row.source for row in rows if row.aligned] == ["192.0.2.10"]


def test_every_record_may_be_another_kind() -> None:
    """Names, selectors and results that all differ are the most that a stranger can do."""
    found = (
        replace(
            each,
            header_from=DomainName(f"h{at}.example.com"),
            dkim=tuple(DkimResult(DomainName(f"d{at}.example"), f"s{n}", None) for n in range(100)),
            spf=(SpfResult(DomainName(f"e{at}.example"), AuthResult.FAIL),),
        )
        for at, each in enumerate(many(15_000))
    )
    rows = report(*found).rows
    assert len(rows) <= MOST
    assert sum(row.sources for row in rows) == 15_000
    assert all(len(row.dkim) <= fold.MAX_SIGNATURES for row in rows)


def test_memory_does_not_grow_with_the_records() -> None:
    def most(number: int) -> int:
        tracemalloc.start()
        report_of(number)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak

    def report_of(number: int) -> MailReport:
        reporter = Reporter("a.example", None, "1", NIGHT, NIGHT + 1)
        return fold.short(Report(reporter, PublishedPolicy(DOMAIN)), many(number))

    report_of(100)
    assert most(80_000) < 1.3 * most(20_000)


def test_results_are_in_one_order_ours_first() -> None:
    ours = DkimResult(DOMAIN, "mx", AuthResult.FAIL)
    passed = DkimResult(DomainName("a.example"), "x", AuthResult.PASS)
    failed = DkimResult(DomainName("a.example"), "x", AuthResult.FAIL)
    reasons = (Override(OverrideReason.OTHER), Override(OverrideReason.FORWARDED))
    each = replace(record(), dkim=(failed, passed, ours, failed), overrides=reasons)
    [row] = report(each, replace(each, dkim=(ours, failed, passed), overrides=reasons[::-1])).rows
    assert row.dkim == (ours, passed, failed)
    assert [override.reason for override in row.overrides] == ["forwarded", "other"]
    assert row.count == 2


def test_the_envelope_stands_for_a_result_that_is_not_there() -> None:
    [row] = report(replace(record(), envelope_from=DomainName("bounce.example"))).rows
    assert row.spf == (SpfResult(DomainName("bounce.example"), None),)


REPORTERS = [
    (Reporter("Big Mail", DomainName("big.example"), "1", 0, 1), "big.example"),
    (Reporter("Big Mail", None, "1", 0, 1), "big mail"),
    (Reporter("\u202eliaM \x1b[31mgiB\x00", None, "1", 0, 1), "liam [31mgib"),
    (Reporter("İ" * 255, None, "1", 0, 1), "i\u0307" * 127 + "i"),
    (Reporter("\u200b", None, "1", 0, 1), "nobody"),
    (Reporter("", None, "1", 0, 1), "nobody"),
]


@pytest.mark.parametrize(("reporter", "name"), REPORTERS)
def test_a_reporter_has_a_name_that_can_be_shown(reporter: Reporter, name: str) -> None:
    short = fold.short(Report(reporter, PublishedPolicy(DOMAIN)), iter(()))
    assert short.window.reporter == name


def test_what_makes_another_report_makes_another_id() -> None:
    ids = [
        report().window.id,
        report(day=1).window.id,
        report(id="2").window.id,
        report(org="b.example").window.id,
        report(policy=PublishedPolicy(DOMAIN, p=Policy.NONE)).window.id,
        report(policy=PublishedPolicy(DomainName("b.example"))).window.id,
    ]
    assert len(set(ids)) == len(ids)
    assert all(len(id) == 12 and int(id, 16) >= 0 for id in ids)


# TLS reports

OTHER = DomainName("b.example")


def tls(*policies: TlsPolicy) -> TlsReport:
    return TlsReport(Reporter("a.example", None, "1", NIGHT, NIGHT + 1), policies)


def policy(domain: DomainName | None, *failures: Failure, failed: int = 0) -> TlsPolicy:
    return TlsPolicy(PolicyType.STS, domain, None, ("mx.example.com",), 5, failed, failures)


def test_each_domain_has_its_own_sessions() -> None:
    found = fold.sessions(tls(policy(DOMAIN), policy(OTHER), policy(None), policy(DOMAIN)))
    assert {domain: of.policies[0].successful for domain, of in found.items()} == {
        DOMAIN: 10,
        OTHER: 5,
    }
    assert [len(of.policies) for of in found.values()] == [1, 1]


def test_failures_and_policies_are_few() -> None:
    failures = [
        Failure(f"r{at % 100}", 1, DomainName(f"mx{at}.example.com"), "192.0.2.1", None, f"c{at}")
        for at in range(2000)
    ]
    policies = [
        replace(policy(DOMAIN, *failures, failed=2000), exchangers=(f"mx{at}.example",))
        for at in range(50)
    ]
    [report] = fold.sessions(tls(*policies)).values()
    assert sum(each.failed for each in report.policies) == 100_000
    assert len(report.policies) <= 20
    for each in report.policies:
        assert len(each.failures) <= 50
        assert sum(failure.count for failure in each.failures) == each.failed
