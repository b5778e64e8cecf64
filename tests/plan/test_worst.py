"""What `plan --fail-on` finds: each level beside those above and below it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from mailauth_dns.plan.permission import Permission
from mailauth_dns.plan.plan import AuthorityEntry, BlockedEntry, FailedEntry, Plan
from mailauth_dns.plan.worst import Level, counted
from tests.pages.hostile import change, plan, trial, zone

UNKNOWN = AuthorityEntry("unknown", "no server answered", True)
OTHER_SERVERS = AuthorityEntry("differs", "live DNS says NS ns9.example.net", True)


def blocked(*, waits: bool) -> BlockedEntry:
    return BlockedEntry("zone1.example", "zone1.example", "TXT", "spf", "an alias is there", waits)


def given(rule: str) -> tuple[Permission, ...]:
    return (Permission(rule, "meant", date(2031, 1, 31), "zones/policy/zone1.yaml", 4),)


SAFE = change(1, risk="safe")
BREAKING = change(1, risk="breaking", rules=("DMARC033", "DMARC032"))
FAILED = FailedEntry("zone2.example", "bind", "no answer")
# What a plan has, and how often it counts as caution, breaking, blocked and failed.
PLANS: dict[str, tuple[Plan, tuple[int, int, int, int]]] = {
    "nothing": (plan(), (0, 0, 0, 0)),
    "nothing to do": (plan(zone(1)), (0, 0, 0, 0)),
    "nothing to do, and live DNS unknown": (plan(zone(1, authority=UNKNOWN)), (0, 0, 0, 0)),
    "a safe change": (plan(zone(1, SAFE)), (0, 0, 0, 0)),
    "a safe change, and one that waits": (
        plan(zone(1, SAFE, blocked=(blocked(waits=True),))),
        (0, 0, 0, 0),
    ),
    "caution": (plan(zone(1, SAFE, change(1))), (1, 0, 0, 0)),
    "breaking by two rules": (plan(zone(1, BREAKING)), (0, 1, 0, 0)),
    "a broken test": (plan(zone(1, SAFE, tests=(trial("zone1.example", "failed"),))), (0, 1, 0, 0)),
    "a test that becomes unknown": (
        plan(zone(1, SAFE, tests=(trial("zone1.example", "unknown"),))),
        (0, 1, 0, 0),
    ),
    "other servers (DNS008)": (plan(zone(1, SAFE, authority=OTHER_SERVERS)), (0, 1, 0, 0)),
    "a broken test that its policy permits": (
        plan(
            zone(
                1,
                SAFE,
                tests=(replace(trial("zone1.example", "failed"), permissions=given("TEST001")),),
            )
        ),
        (1, 0, 0, 0),
    ),
    "other servers, which the policies permit": (
        plan(
            zone(1, SAFE, change(1), authority=replace(OTHER_SERVERS, permissions=given("DNS008")))
        ),
        (2, 0, 0, 0),
    ),
    "other servers, and nothing to write there": (
        plan(zone(1, authority=replace(OTHER_SERVERS, permissions=given("DNS008")))),
        (0, 0, 0, 0),
    ),
    "live DNS unknown": (plan(zone(1, SAFE, authority=UNKNOWN)), (0, 1, 0, 0)),
    "blocked": (plan(zone(1, blocked=(blocked(waits=False),))), (0, 0, 1, 0)),
    "failed": (plan(failed=(FAILED,)), (0, 0, 0, 1)),
    "all of them": (
        plan(zone(1, change(1), BREAKING, blocked=(blocked(waits=False),)), failed=(FAILED,)),
        (1, 1, 1, 1),
    ),
}


@pytest.mark.parametrize("case", PLANS)
@pytest.mark.parametrize("threshold", Level)
def test_what_lies_at_or_above_the_threshold_counts(case: str, threshold: Level) -> None:
    file, numbers = PLANS[case]
    told = dict(zip(Level, numbers, strict=True))
    assert counted(file, threshold) == {
        level: told[level] for level in Level if level >= threshold and told[level]
    }


def test_the_worst_comes_first() -> None:
    assert [*counted(PLANS["all of them"][0], Level.CAUTION)] == sorted(Level, reverse=True)
