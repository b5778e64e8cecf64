"""The worst thing in a plan, by which a pipeline passes it or does not (`plan --fail-on`)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

from mailauth_dns.plan.alike import distinct
from mailauth_dns.plan.permissions import of_change, refusals
from mailauth_dns.plan.plan import Plan, ZoneEntry


class Level(IntEnum):
    """What can be wrong with a plan that was made; each is worse than those before it.

    Breaking is what apply would refuse for want of permission. What the policies permit is caution.
    """

    CAUTION = 1
    BREAKING = 2
    BLOCKED = 3
    FAILED = 4


def counted(plan: Plan, at_least: Level) -> Mapping[Level, int]:
    """Return how often each of these levels is in a plan, the worst first, without zeros.

    Failed and breaking count zones, once for each provider; blocked counts changes. Caution counts
    changes, and besides the tests and the zones that would refuse without a policy's permission.
    """
    numbers = {
        Level.FAILED: len(plan.failed),
        Level.BLOCKED: sum(len(zone.refused) * each for zone, each in distinct(plan.zones)),
        Level.BREAKING: len(refusals(plan.zones, ())),
        Level.CAUTION: sum(_caution(zone) * each for zone, each in distinct(plan.zones)),
    }
    return {level: number for level, number in numbers.items() if number and level >= at_least}


def _caution(zone: ZoneEntry) -> int:
    changes = sum(each.risk != "safe" and not of_change(each, ()) for each in zone.changes)
    tests = sum(test.permitted for test in zone.broken)
    return changes + tests + (bool(zone.changes) and zone.authority.permitted)
