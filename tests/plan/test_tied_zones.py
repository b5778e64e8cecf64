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
