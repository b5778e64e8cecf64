"""Changes of flattened SPF in mail's words: by who may send, wherever the addresses stand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailauth_dns.compile.publication import Declared, Publication
from mailauth_dns.diff.change import Change, Risk
from mailauth_dns.diff.compare import compare
from mailauth_dns.diff.meaning import judge_at
from mailauth_dns.evaluate.spf import Result, check_host
from mailauth_dns.records.addresses import addresses_of
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.spf_parts import part_name
from mailauth_dns.records.zone import RRset, zone_of
from tests.evaluate.zones import Recorded

COM = DomainName("example.com")
SENDER = DomainName("_spf.example.net")
TEXT, OTHER = "v=spf1 ip4:192.0.2.0/25 ip4:198.51.100.0/24", "v=spf1 ip4:192.0.2.128/25"
PART, OLD = part_name(TEXT, COM), part_name(OTHER, COM)
NAMES = tuple(
    (DomainName(name), addresses_of(map(IPv4Network, networks)))
    for name, networks in (
        (SENDER, ["192.0.2.0/25", "198.51.100.0/24"]),
        (PART, ["192.0.2.0/25", "198.51.100.0/24"]),
        (OLD, ["192.0.2.128/25"]),
    )
)


def changed(
    before: Mapping[DomainName, str], *declared: Declared
) -> tuple[list[Change], list[str]]:
    there = zone_of(
        COM,
        (RRset(DomainName(name), "TXT", 300, frozenset({text})) for name, text in before.items()),
    )
    difference = compare(
        there, Publication(COM, declared, (), ()), judge_at(datetime(2026, 6, 1, tzinfo=UTC))
    )
    return list(difference.changes), [entry.reason for entry in difference.blocked]


def root(text: str) -> Declared:
    return Declared(COM, (COM, "TXT"), Family.SPF, None, frozenset({text}), spf_names=NAMES)


def part(name: DomainName, text: str | None) -> Declared:
    return Declared(
        COM, (name, "TXT"), Family.SPF, None, frozenset() if text is None else frozenset({text})
    )


EIGHT = [f"ip4:203.0.113.{2 * n}" for n in range(8)]
SAME = "the same hosts may send, listed in another way"
MEANINGS = [
    (f"include:{SENDER} mx -all", "ip4:192.0.2.0/25 ip4:198.51.100.0/24 mx -all", SAME, Risk.SAFE),
    (f"include:{SENDER} mx -all", f"include:{PART} mx -all", SAME, Risk.SAFE),
    (f"include:{PART} mx -all", f"mx include:{SENDER} -all", SAME, Risk.SAFE),
    (
        f"include:{PART} -all",
        f"include:{OLD} include:{PART} -all",
        "may send now: ip4:192.0.2.128/25",
        Risk.SAFE,
    ),
    (
        f"include:{OLD} mx ~all",
        f"include:{PART} a ~all",
        "may send now: ip4:192.0.2.0/25 ip4:198.51.100.0/24 a; may no longer send: ip4:192.0.2.128/25 mx",
        Risk.CAUTION,
    ),
    (
        f"include:{SENDER} -all",
        f"?include:{SENDER} -all",
        "may no longer send: ip4:192.0.2.0/25 ip4:198.51.100.0/24",
        Risk.CAUTION,
    ),
    *(
        (
            f"{sign}include:{SENDER} mx {end}",
            f"{sign}ip4:192.0.2.0/25 {sign}ip4:198.51.100.0/24 mx {end}",
            SAME,
            Risk.SAFE,
        )
        for sign in "~?-"
        for end in ("-all", "~all", "?all")
    ),
    (
        f"mx ~include:{SENDER} ~all",
        "mx ~all",
        SAME,
        Risk.SAFE,
    ),  # what no term matches gets the same
    ("mx ~a ~all", "mx ~all", SAME, Risk.SAFE),
    ("mx ~a -all", "mx -all", "no longer softfail: a", Risk.CAUTION),
    ("mx -all", "mx ?a -all", "neutral now: a", Risk.CAUTION),
    (
        f"?include:{SENDER} -all",
        f"~include:{SENDER} -all",
        "neutral -> softfail: ip4:192.0.2.0/25 ip4:198.51.100.0/24",
        Risk.SAFE,
    ),
    (
        f"?include:{OLD} mx ~all",
        f"-include:{OLD} mx ~all",
        "neutral -> fail: ip4:192.0.2.128/25",
        Risk.CAUTION,
    ),
    (
        f"?include:{OLD} mx -all",
        f"?include:{OLD} mx ~all",
        "every other host fail -> softfail",
        Risk.SAFE,
    ),
    (
        f"ip4:192.0.2.0/24 ?include:{SENDER} -all",
        "ip4:192.0.2.0/24 ?ip4:198.51.100.0/24 -all",
        SAME,
        Risk.SAFE,
    ),
    (
        "-ip4:192.0.2.1 ip4:192.0.2.0/24 -all",
        "ip4:192.0.2.0/24 -ip4:192.0.2.1 -all",
        "may send now: ip4:192.0.2.1",
        Risk.SAFE,
    ),
    (
        "-a mx ~all",
        "mx -a ~all",
        "the order of terms changes, which decides for hosts that fit several of them",
        Risk.CAUTION,
    ),
    ("mx a -all", "a mx -all", SAME, Risk.SAFE),
    ("mx -all", "mx exp=why.example.com -all", "the modifiers change", Risk.SAFE),
    (
        "a redirect=b.example",
        "a redirect=c.example",
        "may send now: redirect=c.example; may no longer send: redirect=b.example",
        Risk.CAUTION,
    ),
    ("ip4:192.0.2.0/24 -all", "ip4:192.0.2.0/25 ip4:192.0.2.128/25 -all", SAME, Risk.SAFE),
    (
        f"include:{PART} ~all",
        f"include:{SENDER} -all",
        "every other host softfail -> fail",
        Risk.CAUTION,
    ),
    (
        "-all",
        f"{' '.join(EIGHT)} a mx -all",
        f"may send now: {' '.join(EIGHT)} and 2 more",
        Risk.SAFE,
    ),
]


@pytest.mark.parametrize(("before", "after", "meaning", "risk"), MEANINGS)
def test_the_record_is_judged_by_addresses(
    before: str, after: str, meaning: str, risk: Risk
) -> None:
    [change], _ = changed({COM: f"v=spf1 {before}"}, root(f"v=spf1 {after}"))
    assert (change.judgement.meaning, change.judgement.risk) == (meaning, risk)


ADDRESSES = [f"192.0.2.{number}" for number in range(16)]
HELD = DomainName("held.example.net")
HELD_TEXT = "v=spf1 ip4:192.0.2.4/30 ?ip4:192.0.2.8 -all"
NETWORKS = [
    f"ip4:192.0.2.{at}/{length}"
    for length in (29, 30, 32)
    for at in range(0, 16, 2 ** (32 - length))
]
UNKNOWN = "a:host.example.net"  # to a plan, which asks no DNS


def records(*terms: str) -> st.SearchStrategy[str]:
    listed = st.lists(
        st.tuples(st.sampled_from(["", "-", "~", "?"]), st.sampled_from(terms)).map("".join),
        max_size=6,
    )
    return st.tuples(listed, st.sampled_from(["-all", "~all", "?all", ""])).map(
        lambda drawn: " ".join(["v=spf1", *drawn[0], drawn[1]]).strip()
    )


def judged(before: str, after: str) -> tuple[list[Result], list[Result], str]:
    """Return what check_host() says of each address before and after, and what the plan says."""

    def results(text: str) -> list[Result]:
        world = {
            f"{COM} TXT": [text],
            f"{HELD} TXT": [HELD_TEXT],
            "host.example.net A": ["192.0.2.5"],
        }
        return [
            check_host(address, COM, f"a@{COM}", COM, Recorded(world)).result
            for address in ADDRESSES
        ]

    held = ((HELD, addresses_of([IPv4Network("192.0.2.4/30")])),)
    changes, _ = changed(
        {COM: before},
        Declared(COM, (COM, "TXT"), Family.SPF, None, frozenset({after}), spf_names=held),
    )
    return results(before), results(after), changes[0].judgement.meaning if changes else SAME


@given(records(*NETWORKS, f"include:{HELD}"), records(*NETWORKS, f"include:{HELD}"))
def test_what_is_told_of_known_addresses_is_what_receivers_find(before: str, after: str) -> None:
    was, now, meaning = judged(before, after)
    pairs = list(zip(was, now, strict=True))
    assert ("may no longer send" in meaning) is any(
        old is Result.PASS is not new for old, new in pairs
    )
    assert ("may send now" in meaning) is any(new is Result.PASS is not old for old, new in pairs)
    if was == now:
        assert meaning == SAME or meaning.startswith("every other host")


@given(records(*NETWORKS[4:9], UNKNOWN), records(*NETWORKS[4:9], UNKNOWN))
def test_what_is_told_as_the_same_is_the_same_to_receivers(before: str, after: str) -> None:
    """Also where a term is looked up only when mail comes."""
    was, now, meaning = judged(before, after)
    assert meaning != SAME or was == now


PARTS = [
    (
        None,
        TEXT,
        "a part of the SPF record of example.com: ip4:192.0.2.0/25 ip4:198.51.100.0/24 may send once it is included",
        Risk.SAFE,
    ),
    (
        TEXT,
        None,
        "a part that the SPF record of example.com no longer includes is deleted",
        Risk.SAFE,
    ),
    (
        "v=spf1 ip4:203.0.113.1 ip4:192.0.2.0/25",
        TEXT,
        "a part of the SPF record of example.com was changed by hand and is put right; may no longer send: ip4:203.0.113.1",
        Risk.CAUTION,
    ),
    (
        "v=spf1 oops",
        TEXT,
        "a part of the SPF record of example.com was changed by hand and is put right",
        Risk.CAUTION,
    ),
]


@pytest.mark.parametrize(("before", "after", "meaning", "risk"), PARTS)
def test_parts_are_told_for_themselves(
    before: str | None, after: str | None, meaning: str, risk: Risk
) -> None:
    [change], _ = changed({} if before is None else {PART: before}, part(PART, after))
    assert (change.judgement.meaning, change.judgement.risk) == (meaning, risk)


def test_a_part_goes_in_a_later_plan_than_the_record_that_included_it() -> None:
    before = {COM: f"v=spf1 include:{OLD} -all", OLD: OTHER}
    changes, blocked = changed(
        before, root(f"v=spf1 include:{PART} -all"), part(PART, TEXT), part(OLD, None)
    )
    assert [change.key[0] for change in changes] == [COM, PART]
    assert blocked == [
        "the SPF record of example.com at this provider still includes it; it goes in a later plan than that record changes"
    ]
    after = {COM: f"v=spf1 include:{PART} -all", OLD: OTHER, PART: TEXT}
    changes, blocked = changed(
        after, root(f"v=spf1 include:{PART} -all"), part(PART, TEXT), part(OLD, None)
    )
    assert ([change.key[0] for change in changes], blocked) == ([OLD], [])


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
