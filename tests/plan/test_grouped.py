"""What is the same but for a name is told once, and nothing else is; what can hurt comes first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailauth_dns.plan.grouped import grouped
from mailauth_dns.plan.plan import (
    AuthorityEntry,
    BlockedEntry,
    ChangeEntry,
    FailedEntry,
    KeptEntry,
    LiveEntry,
)
from mailauth_dns.typed_yaml.yaml_tree import FileLine
from tests.pages.hostile import change, plan, trial, zone


def test_changes_that_say_the_same_are_one_group_with_all_names() -> None:
    [group] = grouped(plan(*(zone(number, change(number)) for number in (1, 2, 3)))).changes
    assert group.domains == ("zone1.example", "zone2.example", "zone3.example")
    assert group.kept == 3, "what is kept beside them may differ, and is counted"


def test_four_changes_in_many_parked_zones_are_four_groups() -> None:
    parked = [
        zone(
            number,
            *(
                change(number, name=f"{label}zone{number}.example", after=(value,), kept=number % 3)
                for label, value in (("", "v=spf1 -all"), ("_dmarc.", "v=DMARC1; p=reject"), ("*.", "v=DKIM1; p="), ("", "0 ."))
            ),
            kept=(KeptEntry(f"zone{number}.example", "A", False, None, (f"A {number}",)),) * (number % 4),
        )
        for number in range(100)
    ]  # fmt: skip
    view = grouped(plan(*parked))
    assert [len(group.spots) for group in view.changes] == [100] * 4


@pytest.mark.parametrize(
    "given",
    [
        {"after": ("v=spf1 a -all",)},
        {"meaning": "may send: everybody"},
        {"risk": "safe"},
        {"ttl_after": 60},
        {"rules": ("SPF001",)},
        {"name": "other.example"},
    ],
    ids=str,
)
def test_changes_that_differ_by_more_than_the_name_are_told_apart(given: dict[str, object]) -> None:
    view = grouped(plan(zone(1, change(1)), zone(2, change(2, **given))))
    assert len(view.changes) == 2


@pytest.mark.parametrize("given", [{"place": FileLine("a.yaml", 9)}, {"kept": 7}], ids=str)
def test_where_it_is_declared_and_what_is_kept_makes_no_difference(
    given: dict[str, object],
) -> None:
    [group] = grouped(plan(zone(1, change(1)), zone(2, change(2, **given)))).changes
    assert [spot.place for spot in group.spots] == [None, given.get("place")]


def test_one_change_at_two_providers_is_one_group() -> None:
    both = plan(zone(1, change(1)), zone(1, change(1), provider="powerdns"))
    [group] = grouped(both).changes
    assert group.domains == ("zone1.example",)
    assert group.providers == ("bind", "powerdns")


def test_names_of_others_in_one_zone_are_one_group() -> None:
    consents = [
        change(number, name=f"zone{number}.example._report._dmarc.example.com", before=(), after=("v=DMARC1",))
        for number in range(5)
    ]  # fmt: skip
    view = grouped(plan(zone(9, *consents, change(9))))
    assert [len(group.domains) for group in view.changes] == [5, 1]


def test_zones_without_news_are_names_alone() -> None:
    view = grouped(plan(zone(1), zone(2, change(2))))
    assert view.quiet == ("zone1.example",)
    assert len(view.changes) == 1


def dmarc(number: int, before: str, after: str, risk: str) -> ChangeEntry:
    values = [(text,) if text else () for text in (before, after)]
    return change(number, family="dmarc", before=values[0], after=values[1], risk=risk)


def test_what_can_hurt_most_comes_first() -> None:
    found = [
        dmarc(1, "", "v=DMARC1; p=none", "safe"),
        dmarc(2, "v=DMARC1; p=none", "", "safe"),
        dmarc(3, "v=DMARC1; p=none", "v=DMARC1; p=quarantine", "caution"),
        dmarc(4, "v=DMARC1; p=reject", "v=DMARC1; p=none", "caution"),
        dmarc(5, "v=DMARC1; p=none", "v=DMARC1; p=reject", "breaking"),
    ]
    view = grouped(plan(*(zone(each, found[each - 1]) for each in (1, 2, 3, 4, 5))))
    told = [(group.domains[0][4], group.effect, group.hurts) for group in view.changes]
    assert told == [
        ("5", None, True),
        ("4", "weakens", True),
        ("3", None, True),
        ("2", "deletes", True),
        ("1", None, False),
    ]


def test_everything_else_is_told_once_too() -> None:
    def full(number: int) -> object:
        name = f"zone{number}.example"
        row = LiveEntry(name, name, "TXT", ("a",), ("b",), ("c",), None, "differs")
        return zone(
            number,
            change(number),
            zone=name,
            blocked=(
                BlockedEntry(name, name, "MX", "null_mx", "an MX is there"),
                BlockedEntry(name, name, "TXT", "dmarc", "SPF comes first", waits=True),
            ),
            live=(row,),
            authority=AuthorityEntry("differs", f"{name} is at ns.other.example", True),
            tests=(trial(name, "failed"), replace(trial(name, "unknown"), before=None)),
            kept=(KeptEntry(f"old._domainkey.{name}", "TXT", False, "dkim", ("text 0",)),),
        )

    failed = [FailedEntry(f"dark{number}.example", "cloud", "no answer") for number in range(9)]
    view = grouped(plan(full(1), full(2), failed=tuple(failed)))  # type: ignore[arg-type]
    for groups in (view.gates, view.refused, view.waiting, view.live, view.strangers):
        assert [len(group.domains) for group in groups] == [2]
    assert [len(group.domains) for group in view.failed] == [9]
    assert [len(group.domains) for group in view.broken] == [2, 2]
    assert view.refused_zones == ("zone1.example", "zone2.example")
    assert view.authority == {"differs": 2}
