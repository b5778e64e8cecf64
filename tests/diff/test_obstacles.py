"""What stands in the way of a record, and what the plan says of it."""

from __future__ import annotations

import pytest

from mailauth_dns.records.family import Family
from tests.diff.declared_zone import compared, declare, zone

BLOCKED = {
    "a foreign alias": (
        zone(("_dmarc.example.com", "CNAME", 60, {"x.example.net."})),
        "is an alias (CNAME to x.example.net.)",
    ),
    "an alias above": (zone(("mail.example.com", "CNAME", 60, {"x.example.net."})), None),
    "a delegation above": (
        zone(("_dmarc.example.com", "NS", 60, {"ns.example.net."})),
        "is delegated to other servers (NS)",
    ),
    "a DNAME at the apex": (
        zone(("example.com", "DNAME", 60, {"example.net."})),
        "example.com has a DNAME",
    ),
    "the apex NS": (zone(("example.com", "NS", 60, {"ns.example.net."})), None),
}


@pytest.mark.parametrize("case", BLOCKED)
def test_blocked(case: str) -> None:
    before, reason = BLOCKED[case]
    difference = compared(
        before, declare(Family.DMARC, "v=DMARC1; p=none", name="_dmarc.example.com")
    )
    assert bool(difference.changes) is (reason is None)
    assert [reason in entry.reason for entry in difference.blocked if reason] == (
        [True] if reason else []
    )


# what is there, declared, the values after the change (None: no change), blocked
NULL_MX = [
    (set(), "0 .", {"0 ."}, False),
    ({"0 ."}, "0 .", None, False),
    ({"10 mx.example.com."}, "0 .", None, True),
    ({"0 .", "10 mx.example.com."}, "0 .", None, True),
    ({"0 .", "10 mx.example.com."}, None, {"10 mx.example.com."}, False),
    ({"10 mx.example.com."}, None, None, False),
]


@pytest.mark.parametrize(("there", "declared", "after", "blocked"), NULL_MX)
def test_a_null_mx_stands_alone(
    there: set[str], declared: str | None, after: set[str] | None, blocked: bool
) -> None:
    before = zone(("example.com", "MX", 60, there)) if there else zone()
    found = compared(before, declare(Family.NULL_MX, declared, type="MX"))
    assert [change.values_after for change in found.changes] == ([] if after is None else [after])
    said = "(RFC 7505 §3); take the MX away first"
    assert [said in entry.reason for entry in found.blocked] == [True] * blocked


def test_an_alias_above_a_name_blocks_it() -> None:
    before = zone(("_domainkey.example.com", "CNAME", 60, {"x.example.net."}))
    [entry] = compared(
        before, declare(Family.DKIM, "v=DKIM1; p=", name="s._domainkey.example.com")
    ).blocked
    assert "_domainkey.example.com is an alias (CNAME)" in entry.reason


def test_a_record_that_is_never_served_is_blocked_even_where_nothing_changes() -> None:
    before = zone(
        ("_dmarc.example.com", "NS", 60, {"ns.example.net."}),
        ("_dmarc.example.com", "TXT", 60, {"v=DMARC1; p=none"}),
    )
    difference = compared(
        before, declare(Family.DMARC, "v=DMARC1; p=none", name="_dmarc.example.com")
    )
    assert difference.changes == ()
    assert len(difference.blocked) == 1
