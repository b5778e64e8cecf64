"""What is the same but for a name is told once, and nothing else is."""

from __future__ import annotations

from mailauth_dns.plan.grouped import grouped
from mailauth_dns.plan.plan import AuthorityEntry, KeptEntry
from tests.pages.hostile import change, plan, trial, zone


def test_zones_that_say_the_same_are_one_group_with_all_names() -> None:
    view = grouped(plan(*(zone(number, change(number)) for number in (1, 2, 3))))
    [group] = view.groups
    assert group.zones == ("zone1.example", "zone2.example", "zone3.example")
    assert view.risks == {"breaking": 0, "caution": 3, "safe": 0}
    assert group.kept == {"A": 3}, "what is kept may differ, and is counted"


DIFFERENT = [
    zone(2, change(2, after=("v=spf1 a -all",))),
    zone(2, change(2, meaning="may send: everybody")),
    zone(2, change(2, risk="safe")),
    zone(2, change(2, ttl_after=60)),
    zone(2, change(2), provider="powerdns"),
    zone(2, change(2), authority=AuthorityEntry("unknown", "no server answered", True)),
    zone(2, change(2), tests=(trial("zone2.example", "failed"),)),
    zone(2, change(2), kept=(KeptEntry("zone2.example", "TXT", True, None, ("text 00000000",)),)),
]


def test_what_differs_by_more_than_the_name_is_told_apart() -> None:
    for other in DIFFERENT:
        assert len(grouped(plan(zone(1, change(1)), other)).groups) == 2, other


def test_changes_of_one_zone_that_differ_by_the_domain_are_one() -> None:
    consents = [
        change(number, name=f"zone{number}.example._report._dmarc.example.com", before=(), after=("v=DMARC1",))
        for number in range(5)
    ]  # fmt: skip
    [group] = grouped(plan(zone(9, *consents, change(9)))).groups
    assert [len(each.domains) for each in group.changes] == [5, 1]


def test_zones_without_news_are_names_alone() -> None:
    view = grouped(plan(zone(1), zone(2, change(2))))
    assert view.quiet == ("zone1.example",)
    assert len(view.groups) == 1


def test_breaking_changes_come_before_broken_tests_and_those_before_the_rest() -> None:
    view = grouped(
        plan(
            zone(1, change(1, risk="safe")),
            zone(2, change(2)),
            zone(3, change(3, risk="safe"), tests=(trial("zone3.example", "failed"),)),
            zone(4, change(4, risk="breaking", rules=("SPF001",))),
        )
    )
    assert [group.first.zone for group in view.groups] == [
        f"zone{number}.example" for number in (4, 3, 2, 1)
    ]
