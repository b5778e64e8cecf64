"""What changes in a zone and what is kept: ownership goes by value, and a set has one TTL."""

from __future__ import annotations

import pytest

from mailauth_dns.compile.publication import Publication
from mailauth_dns.diff.change import Judgement, Risk
from mailauth_dns.diff.compare import compare
from mailauth_dns.records.family import Family
from tests.diff.declared_zone import ORIGIN, compared, declare, zone

# declared, published, foreign value beside ours, normalize, TTL after
TTLS = [
    (None, 300, False, False, 300),
    (60, 300, False, False, 60),
    (60, 300, True, False, 300),
    (60, 300, True, True, 60),
    (None, None, False, False, 3600),
    (60, None, False, False, 60),
]


@pytest.mark.parametrize(("declared", "there", "foreign", "normalize", "after"), TTLS)
def test_ttl(
    declared: int | None, there: int | None, foreign: bool, normalize: bool, after: int
) -> None:
    values = {"v=spf1 ~all"} | ({"MS=ms1"} if foreign else set())
    before = zone() if there is None else zone(("example.com", "TXT", there, values))
    [change] = compared(
        before, declare(Family.SPF, "v=spf1 -all", ttl=declared), normalize=normalize
    ).changes
    assert change.ttl_after == after


def test_another_ttl_alone_is_a_change_that_keeps_the_spelling() -> None:
    [change] = compared(
        zone(("example.com", "TXT", 300, {"V=spf1 -all"})),
        declare(Family.SPF, "v=spf1 -all", ttl=60),
    ).changes
    assert change.after == {"V=spf1 -all"}
    assert change.judgement.meaning == "TTL 300 -> 60 s"


def test_absent_deletes_only_our_values() -> None:
    [change] = compared(
        zone(("example.com", "TXT", 300, {"v=spf1 ~all", "MS=ms1", "v=spf10 x"})),
        declare(Family.SPF, None),
    ).changes
    assert change.values_after == {"MS=ms1", "v=spf10 x"}
    assert change.ttl_after == 300
    without = zone(("example.com", "TXT", 300, {"MS=ms1"}))
    assert compared(without, declare(Family.SPF, None)).changes == ()


def test_undeclared_values_of_a_known_family_are_kept_and_named() -> None:
    before = zone(
        ("x._domainkey.example.com", "TXT", 60, {"p=MFwwDQYJKoZIhvcNAQEBBQADSwAw"}),
        ("_dmarc.example.com", "TXT", 60, {"v=DMARC1; p=none"}),
        ("www.example.com", "A", 60, {"192.0.2.1"}),
    )
    kept = compared(before, declare(Family.SPF, "v=spf1 -all")).kept
    assert {(entry.key, entry.looks_like) for entry in kept} == {
        (("x._domainkey.example.com", "TXT"), Family.DKIM),
        (("_dmarc.example.com", "TXT"), Family.DMARC),
        (("www.example.com", "A"), None),
    }


# How a change is judged that besides takes a wildcard's answer from a host.
SHADOWING = [
    (Risk.SAFE, (), ("DNS004",)),
    # Nobody can permit DMARC034, and nothing refuses by it.
    (Risk.CAUTION, ("DMARC034",), ("DNS004",)),
    (Risk.BREAKING, ("DMARC033",), ("DMARC033", "DNS004")),
]


@pytest.mark.parametrize(("risk", "rules", "refusing"), SHADOWING)
def test_only_what_refuses_needs_permission_beside_a_lost_wildcard(
    risk: Risk, rules: tuple[str, ...], refusing: tuple[str, ...]
) -> None:
    news = declare(Family.DMARC, "v=DMARC1; p=none", name="_dmarc.news.example.com")
    [change] = compare(
        zone(("*.example.com", "MX", 300, {"10 mx.example.com."})),
        Publication(ORIGIN, (news,), (), ()),
        lambda *_: Judgement("weaker", risk, rules),
    ).changes
    assert (change.judgement.risk, change.judgement.rules) == (Risk.BREAKING, refusing)
    assert change.judgement.meaning.startswith("weaker; news.example.com then exists")
