"""A set of TXT values that grows too long for an answer by UDP (RFC 7208 §3.4)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mailauth_dns.compile.publication import Publication
from mailauth_dns.diff.change import Risk
from mailauth_dns.diff.compare import compare
from mailauth_dns.diff.meaning import judge_at
from mailauth_dns.records.zone import RRset, zone_of
from tests.diff.flattened_spf import COM, EIGHT, root

# declared, foreign values, octets that the plan tells of (None: it tells nothing)
SIZES = [
    ("v=spf1 mx -all", set(), None),
    ("v=spf1 mx -all", {"x" * 500}, 11 + 14 + 500),
    (f"v=spf1 {' '.join(EIGHT)} -all", {"x" * 200}, None),
    (f"v=spf1 {' '.join(EIGHT)} -all", {"x" * 300}, 11 + 142 + 300),
]


@pytest.mark.parametrize(("record", "foreign", "size"), SIZES)
def test_foreign_values_count_when_answers_grow_too_long(
    record: str, foreign: set[str], size: int | None
) -> None:
    there = zone_of(COM, [RRset(COM, "TXT", 300, frozenset({"v=spf1 -all", *foreign}))])
    [change] = compare(
        there, Publication(COM, (root(record),), (), ()), judge_at(datetime(2026, 6, 1, tzinfo=UTC))
    ).changes
    told = (
        f"; all TXT values here are {size} octets with the name, and only 450 fit into every answer"
    )
    assert (
        change.judgement.meaning.endswith(told)
        if size
        else "octets" not in change.judgement.meaning
    )
    assert change.judgement.risk is (Risk.CAUTION if size else Risk.SAFE)


def test_a_record_that_shrinks_a_set_that_is_too_long_is_no_warning() -> None:
    there = zone_of(
        COM, [RRset(COM, "TXT", 300, frozenset({f"v=spf1 {' '.join(EIGHT)} -all", "x" * 500}))]
    )
    [change] = compare(
        there,
        Publication(COM, (root("v=spf1 -all"),), (), ()),
        judge_at(datetime(2026, 6, 1, tzinfo=UTC)),
    ).changes
    assert "octets" not in change.judgement.meaning
