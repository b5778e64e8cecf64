"""Evidence of two branches is one, whatever came first."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given

from mailauth_dns.evidence.evidence import Evidence
from mailauth_dns.evidence.kept import evidence_text
from mailauth_dns.evidence.kept.merge import digest, merged, pruned
from mailauth_dns.records.dmarc import Policy
from mailauth_dns.reports.aggregate import PublishedPolicy, Record
from tests.evidence.kept import DOMAIN, evidence, evidences, record, report

FILE = "zones/evidence/example.com.json"


@given(evidences, evidences)
def test_the_order_makes_no_difference(a: Evidence, b: Evidence) -> None:
    assert merged(a, b) == merged(b, a)


@given(evidences, evidences, evidences)
def test_who_merges_first_makes_no_difference(a: Evidence, b: Evidence, c: Evidence) -> None:
    assert merged(merged(a, b), c) == merged(a, merged(b, c))


@given(evidences, evidences)
def test_to_merge_again_changes_nothing(a: Evidence, b: Evidence) -> None:
    once = merged(a, b)
    assert merged(a, a) == a
    assert merged(once, b) == once
    assert merged(once, once) == once


@given(evidences)
def test_what_is_written_is_read(found: Evidence) -> None:
    text = evidence_text.text_of(found)
    assert evidence_text.parse(text, FILE) == found
    assert evidence_text.text_of(evidence_text.parse(text, FILE)) == text


GOOD = report(record(count=90), record("192.0.2.11", 10, dkim=False, spf=False))
# What else the report with the same id may say, and whether it takes the first one's place.
OTHERS = [
    ("more that is not aligned", [record(count=80), record("192.0.2.11", 20, dkim=False, spf=False)], True),
    ("the same and more that is aligned", [record(count=900), record("192.0.2.11", 10, dkim=False, spf=False)], False),
    ("less that is aligned", [record(count=80), record("192.0.2.11", 10, dkim=False, spf=False)], True),
    ("nothing that is not aligned", [record(count=100)], False),
    ("more that nobody knows", [record(count=90), record("192.0.2.11", 10, dkim=False, spf=False), record(dkim=None)], True),
    ("nothing at all", [], False),
]  # fmt: skip


@pytest.mark.parametrize(("name", "records", "wins"), OTHERS, ids=[row[0] for row in OTHERS])
def test_of_two_with_one_id_the_worse_stays(name: str, records: list[Record], wins: bool) -> None:
    other = report(*records)
    assert other.window == GOOD.window
    assert merged(evidence(GOOD), evidence(other)).mail == (other if wins else GOOD,)


FOUND_REJECT = PublishedPolicy(DOMAIN, p=Policy.REJECT)


def test_a_report_that_counts_for_nothing_takes_no_place() -> None:
    """A false report with a true one's id could name a policy that nobody published, and be left out with it."""
    true = report(record(dkim=False, spf=False), policy=PublishedPolicy(DOMAIN, p=Policy.NONE))
    false = report(record(count=1000, dkim=False, spf=False), policy=FOUND_REJECT)
    assert set(merged(evidence(true), evidence(false)).mail) == {true, false}


# The same policy: parsedmarc, for one, fills in what stands for a tag that is not there.
FILLED_IN = [
    PublishedPolicy(DOMAIN, p=Policy.REJECT, sp=Policy.REJECT),
    PublishedPolicy(DOMAIN, p=Policy.REJECT, np=Policy.REJECT, testing=False, fo="0", pct=100),
]


@pytest.mark.parametrize("policy", FILLED_IN)
def test_a_tag_that_was_filled_in_makes_no_other_report(policy: PublishedPolicy) -> None:
    assert report(policy=policy).window == report(policy=FOUND_REJECT).window


def test_old_reports_are_dropped_by_the_day_they_end() -> None:
    first, second = report(day=0), report(day=1)
    both = evidence(first, second)
    assert pruned(both, date(2026, 3, 1)) == both
    assert pruned(both, date(2026, 3, 2)).mail == (second,)
    assert pruned(both, date(2026, 3, 3)) == Evidence(DOMAIN)


def test_a_digest_tells_evidence_apart() -> None:
    one, other = (evidence(report(record(count=count))) for count in (1, 2))
    assert digest(one) == digest(merged(one, one)) != digest(other)
    assert digest(Evidence(DOMAIN)) not in (digest(one), digest(other))


def test_reports_stand_in_the_order_of_day_reporter_and_id() -> None:
    reports = [report(day=day, org=org) for day in (1, 0) for org in ("b.example", "a.example")]
    windows = [each.window for each in evidence(*reports).mail]
    assert [(each.first_day.day, each.reporter) for each in windows] == [
        (1, "a.example"), (1, "b.example"), (2, "a.example"), (2, "b.example"),
    ]  # fmt: skip
