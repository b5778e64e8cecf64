"""What becomes of evidence when reports come."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailauth_dns.errors import MailAuthError
from mailauth_dns.evidence.evidence import Evidence
from mailauth_dns.evidence.kept.evidence_text import text_of
from mailauth_dns.evidence.kept.keep import keep
from mailauth_dns.evidence.kept.together import AnyReport
from mailauth_dns.reports.aggregate import Record
from tests.evidence.kept import DOMAIN, evidence, mail_reports, record, report, session_reports

EMPTY = Evidence(DOMAIN)


@given(st.lists(mail_reports | session_reports, max_size=5), st.integers(0, 5))
def test_one_run_or_two_keep_the_same(reports: list[AnyReport], at: int) -> None:
    first = keep(EMPTY, reports[:at]).evidence
    assert keep(first, reports[at:]).evidence == keep(EMPTY, reports).evidence
    again = keep(first, reports[:at])
    assert (again.evidence, again.added) == (first, ())


def test_counts_what_is_new() -> None:
    before = keep(EMPTY, [report(day=0), report(day=1)])
    assert len(before.added) == 2
    after = keep(before.evidence, [report(day=1), report(day=2)])
    assert [each.window.first_day.day for each in after.added] == [3]


# The days of what is there, of what comes, and of what is kept.
DAYS = [
    ([0, 1], [400], [0, 1, 400]),
    ([0, 1], [401], [1, 401]),
    ([401], [0, 1], [1, 401]),
    ([], [0, 401], [401]),
    ([0], [], [0]),
]


@pytest.mark.parametrize(("there", "come", "stay"), DAYS)
def test_reports_stay_for_400_days_before_the_newest(
    there: list[int], come: list[int], stay: list[int]
) -> None:
    kept = keep(evidence(*(report(day=day) for day in there)), [report(day=day) for day in come])
    assert kept.evidence == evidence(*(report(day=day) for day in stay))
    assert kept.too_old == len(there) + len(come) - len(stay)


def test_the_oldest_make_room() -> None:
    reports = [report(record(count=day + 1), day=day) for day in range(100)]
    room = len(text_of(evidence(*reports[20:]))) + 300
    kept = keep(EMPTY, reports, room)
    assert kept.evidence == evidence(*reports[20:])
    assert (len(text_of(kept.evidence)) <= room, kept.too_old) == (True, 20)
    assert keep(kept.evidence, reports, room).evidence == kept.evidence


def flood(reporter: str, number: int, *, good: bool) -> list[AnyReport]:
    """So many reports of one reporter about the last days of the hundred."""
    return [
        report(
            record(count=at + 1, dkim=good, spf=False), day=99 - at % 9, org=reporter, id=str(at)
        )
        for at in range(number)
    ]


TRUE = [report(record(count=day + 1), day=day, id="t") for day in range(100)]
SHARE = len(text_of(evidence(*TRUE)))


def test_who_floods_pushes_out_no_other_reporter() -> None:
    forged = flood("forger.example", 1000, good=True)
    room = 2 * SHARE + 1000
    kept = keep(EMPTY, [*TRUE, *forged], room)
    assert set(TRUE) <= set(kept.evidence.mail)
    assert len(text_of(kept.evidence)) <= room
    theirs = [each for each in kept.evidence.mail if each not in TRUE]
    assert kept.crowded == {"forger.example": 1000 - len(theirs)}
    assert (len(theirs) > 90, kept.too_old) == (True, 0)
    assert keep(kept.evidence, [*TRUE, *forged], room).evidence == kept.evidence


def test_a_flood_under_the_name_of_a_reporter_keeps_what_says_less_good() -> None:
    """Nobody can take the failures out of evidence by good news under the same name."""
    bad = flood("receiver.example", 20, good=False)
    kept = keep(evidence(*bad), flood("receiver.example", 1000, good=True), SHARE)
    assert set(bad) <= set(kept.evidence.mail)
    assert list(kept.crowded) == ["receiver.example"]


def test_where_many_flood_nothing_is_pushed_out() -> None:
    many = [each for at in range(200) for each in flood(f"r{at}.example", 5, good=True)]
    with pytest.raises(MailAuthError, match="of the last 60 days, of 200 reporters, take more"):
        keep(EMPTY, many, SHARE)


FAILING = record(dkim=False, spf=False)
# What a second report with an id says, and whether that is another thing.
SECOND = [
    ([record()], False),
    ([record(count=2)], True),
    ([record("192.0.2.11")], True),
    ([FAILING], True),
    ([], True),
]


@pytest.mark.parametrize(("records", "other"), SECOND)
def test_a_report_that_says_something_else_is_told(records: list[Record], other: bool) -> None:
    again = [report(day=1), report(*records)]
    assert keep(evidence(report(record())), again).contradicted == ((1,) if other else ())
