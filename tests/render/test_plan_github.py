"""Annotations stand where the policy says what changes, and no more of them than GitHub shows."""

from __future__ import annotations

from dataclasses import replace

from mailauth_dns.plan.plan import BlockedEntry, FailedEntry, Plan
from mailauth_dns.render import plan_github
from mailauth_dns.typed_yaml.yaml_tree import FileLine
from tests.pages.hostile import change, plan, trial, zone


def lines(file: Plan) -> list[str]:
    return list(plan_github.plan(file))


def at(number: int, line: int = 3) -> FileLine:
    return FileLine(f"zones/policy/zone{number}.example.yaml", line)


def test_what_is_breaking_blocked_or_not_planned_is_an_error() -> None:
    file = plan(
        zone(1, change(1, risk="breaking", rules=("SPF001",), meaning="all mail fails", place=at(1))),
        zone(2, change(2, place=at(2))),
        zone(3, change(3, risk="safe", place=at(3))),
        zone(4, blocked=(BlockedEntry("zone4.example", "zone4.example", "TXT", "spf", "a CNAME is there", place=at(4)),)),
        zone(5, blocked=(BlockedEntry("zone5.example", "zone5.example", "TXT", "dmarc", "SPF comes first", True, at(5)),)),
        zone(6, tests=(replace(trial("zone6.example", "failed"), place=at(6, 9)),)),
        failed=(FailedEntry("zone7.example", "cloud", "no answer", at(7)),),
    )  # fmt: skip
    said = lines(file)
    assert [line.partition(",title")[0] for line in said[:-1]] == [
        "::error file=zones/policy/zone1.example.yaml,line=3",
        "::error file=zones/policy/zone6.example.yaml,line=9",
        "::error file=zones/policy/zone7.example.yaml,line=3",
        "::error file=zones/policy/zone4.example.yaml,line=3",
        "::warning file=zones/policy/zone2.example.yaml,line=3",
    ]
    assert said[-1].startswith("::notice title=mailauth-dns plan::3 changes (1 breaking")
    assert "all mail fails (SPF001)" in said[0]
    assert "zone3" not in "".join(said[:-1]), "what is safe needs no annotation"


def test_one_line_that_declares_many_domains_gets_one_annotation() -> None:
    place = FileLine("zones/policy/parked.yaml", 2)
    said = lines(plan(*(zone(number, change(number, place=place)) for number in range(10_000))))
    assert len(said) == 2
    assert said[0].startswith("::warning file=zones/policy/parked.yaml,line=2,title=caution")
    assert "zone0.example and 9999 more domains" in said[0]


def test_each_file_is_told_of_its_own_domain() -> None:
    said = lines(
        plan(*(zone(number, change(number, place=at(number), meaning=f"zone{number}.example loses mail")) for number in (1, 2)))
    )  # fmt: skip
    assert [("zone1" in line, "zone2" in line) for line in said[:2]] == [
        (True, False),
        (False, True),
    ]


def test_more_than_github_shows_are_counted_and_the_worst_come_first() -> None:
    zones = [zone(number, change(number, place=at(number), risk="caution")) for number in range(30)]
    zones += [
        zone(number, change(number, place=at(number), risk="breaking", rules=("SPF001",)))
        for number in range(30, 45)
    ]
    said = lines(plan(*zones))
    kinds = [line.split(" ")[0] for line in said]
    assert kinds == ["::error"] * 10 + ["::warning"] * 10 + ["::notice"]
    assert "6 more errors" in said[9]
    assert "21 more warnings" in said[19]


def test_what_no_file_names_has_no_place() -> None:
    assert lines(plan(zone(1, change(1))))[0].startswith(
        "::warning title=caution%3A zone1.example::"
    )
