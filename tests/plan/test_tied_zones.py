"""What the SPF records of a plan need of other zones: the included one comes first, goes last."""

from __future__ import annotations

import pytest

from mailauth_dns.plan.permissions import refusals
from mailauth_dns.plan.plan import ChangeEntry
from mailauth_dns.plan.tied_zones import Need, in_turn, needs
from tests.growth import MOST, growth
from tests.pages.hostile import change, zone

ONE, TWO = ("zone1.example", "bind"), ("zone2.example", "bind")


def spf(number: int, before: str | None, after: str | None, **given: object) -> ChangeEntry:
    before_after = {
        "before": (before,) if before else (),
        "after": (after,) if after else (),
    }
    return change(number, **(before_after | given))


INCLUDES, REDIRECTS = "v=spf1 include:zone2.example -all", "v=spf1 redirect=zone2.example"
OWN, NEW = "v=spf1 mx -all", "v=spf1 a -all"
# The change of zone1.example, that of zone2.example, and which zone needs which.
TABLE = {
    "begins to include what comes": (OWN, INCLUDES, None, OWN, [(ONE, TWO)]),
    "begins to redirect to what comes": (OWN, REDIRECTS, None, OWN, [(ONE, TWO)]),
    "begins to include what changes": (OWN, INCLUDES, OWN, NEW, [(ONE, TWO)]),
    "includes it already": (INCLUDES, INCLUDES + " ", OWN, NEW, []),
    "ceases to include what goes": (INCLUDES, OWN, OWN, None, [(TWO, ONE)]),
    "ceases to redirect to what goes": (REDIRECTS, OWN, OWN, None, [(TWO, ONE)]),
    "goes with what it includes": (INCLUDES, None, OWN, None, [(TWO, ONE)]),
    "ceases to include what stays": (INCLUDES, OWN, OWN, NEW, []),
    "neither includes the other": (OWN, NEW, OWN, NEW, []),
}


@pytest.mark.parametrize("case", TABLE)
def test_which_zone_needs_which(case: str) -> None:
    was, now, other_was, other_now, expected = TABLE[case]
    zones = (zone(1, spf(1, was, now)), zone(2, spf(2, other_was, other_now)))
    assert [(need.zone, need.needed) for need in needs(zones)] == expected


def test_a_zone_needs_nothing_of_itself() -> None:
    part = spf(2, None, OWN, domain="part.zone1.example", name="zone2.example")
    assert needs((zone(1, spf(1, OWN, INCLUDES), part),)) == ()


def test_what_is_included_stays_if_the_zone_that_includes_it_is_refused() -> None:
    breaking = spf(1, INCLUDES, OWN, risk="breaking", rules=("SPF030",))
    found = refusals((zone(1, breaking), zone(2, spf(2, OWN, None))), ())
    assert [refusal.reason for refusal in found[TWO]] == [
        "zone2.example has to stay while the SPF record of zone1.example includes it, which ends "
        "with zone1.example at bind, which is refused"
    ]


def key(number: int, before: str | None, after: str | None, type: str) -> ChangeEntry:
    name = f"s1._domainkey.zone{number}.example"
    return spf(number, before, after, family="dkim", name=name, type=type)


ALIAS, KEY = "s1._domainkey.zone2.example.", "v=DKIM1; p=abc"
# The alias at zone1.example, the changes at what it names in zone2.example, and who needs whom.
KEYS: dict[str, tuple[str | None, str | None, list[ChangeEntry], list[object]]] = {
    "the key comes": (None, ALIAS, [key(2, None, KEY, "TXT")], [(ONE, TWO)]),
    "an alias comes there": (None, ALIAS, [key(2, None, "s1.example.", "CNAME")], [(ONE, TWO)]),
    "the key becomes an alias": (
        None,
        ALIAS,
        [key(2, KEY, None, "TXT"), key(2, None, "s1.example.", "CNAME")],
        [(ONE, TWO)],
    ),
    "both go": (ALIAS, None, [key(2, KEY, None, "TXT")], [(TWO, ONE)]),
    "the alias goes, and the key becomes one": (
        ALIAS,
        None,
        [key(2, KEY, None, "TXT"), key(2, None, "s1.example.", "CNAME")],
        [],
    ),
    "the alias leads elsewhere": (None, "s1.example.", [key(2, None, KEY, "TXT")], []),
}


@pytest.mark.parametrize("case", KEYS)
def test_which_key_comes_before_its_alias(case: str) -> None:
    was, now, others, expected = KEYS[case]
    zones = (zone(1, key(1, was, now, "CNAME")), zone(2, *others))
    assert [(need.zone, need.needed) for need in needs(zones)] == expected


NONE, REJECT = "v=DMARC1; p=none", "v=DMARC1; p=reject"
LAX_BELOW = "v=DMARC1; p=reject; sp=none"
# The record of zone1.example, that of sub.zone1.example in zone2.example, and who needs whom.
POLICIES: dict[str, tuple[str | None, str | None, str | None, str | None, list[object]]] = {
    "stricter, and its own comes": (NONE, REJECT, None, NONE, [(ONE, TWO)]),
    "new, and its own comes": (None, REJECT, None, NONE, [(ONE, TWO)]),
    "strict without subdomains": (NONE, LAX_BELOW, None, NONE, []),
    "only names that do not exist": (NONE, NONE + "; np=reject", None, NONE, [(ONE, TWO)]),
    "its own is as strict": (NONE, REJECT, None, REJECT, []),
    "its own is there already": (NONE, REJECT, NONE, NONE + "; sp=none", []),
    "its own was broken": (NONE, REJECT, "v=DMARC1; q=none; v=DMARC1", NONE, [(ONE, TWO)]),
    "relaxed, and its own goes": (REJECT, NONE, NONE, None, [(TWO, ONE)]),
    "relaxed, and its own was as strict": (REJECT, NONE, REJECT, None, []),
    "stricter, and its own goes": (NONE, REJECT, NONE, None, []),
}


@pytest.mark.parametrize("case", POLICIES)
def test_which_policy_comes_before_that_of_the_domain_above(case: str) -> None:
    was, now, own_was, own_now, expected = POLICIES[case]
    above = spf(1, was, now, family="dmarc", name="_dmarc.zone1.example")
    own = spf(
        2,
        own_was,
        own_now,
        family="dmarc",
        domain="sub.zone1.example",
        name="_dmarc.sub.zone1.example",
    )
    found = needs((zone(1, above), zone(2, own)))
    assert [(need.zone, need.needed) for need in found] == expected


THREE = ("zone3.example", "bind")
TURNS = {
    "nobody needs anything": ([], [(ONE, TWO, THREE)]),
    "one needs another": ([(ONE, TWO)], [(TWO, THREE), (ONE,)]),
    "a chain": ([(ONE, TWO), (TWO, THREE)], [(THREE,), (TWO,), (ONE,)]),
    "a circle": ([(ONE, TWO), (TWO, ONE)], [(THREE,), (ONE, TWO)]),
    "what is needed is not to be written": ([(ONE, ("gone.example", "bind"))], [(ONE, TWO, THREE)]),
}


@pytest.mark.parametrize("case", TURNS)
def test_zones_are_written_after_what_they_need(case: str) -> None:
    pairs, expected = TURNS[case]
    needed = [Need(zone, other, (other[0], "TXT"), zone[0], "why") for zone, other in pairs]
    assert in_turn((ONE, TWO, THREE), needed) == expected


def test_the_order_of_very_many_zones_is_found_in_proportion() -> None:
    def put_in_turn(names: str) -> object:
        return in_turn([(name, "bind") for name in names.split()], ())

    assert growth(put_in_turn, _names, 20_000) < MOST


def _names(size: int) -> str:
    return " ".join(f"zone{number}.example" for number in range(size))
