"""A plan in numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, fields

from mailauth_dns.plan.alike import distinct
from mailauth_dns.plan.plan import Plan, ZoneEntry


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums over all zones of a plan; a zone at two providers counts at each.

    `breaking`, `caution` and `safe` are the changes by risk; policies permit `permitted` of the
    breaking ones. `blocked` are changes that are not
    made until somebody does something, `waits` those that a later plan makes. `tests_broken` are
    tests that the plan breaks, and `failed` the zones that could not be planned.
    """

    zones: int
    changes: int
    breaking: int
    permitted: int
    caution: int
    safe: int
    blocked: int
    waits: int
    tests_broken: int
    failed: int


def totals(plan: Plan) -> Totals:
    """Return the sums of a plan."""
    sums = Counter[str](zones=len(plan.zones), failed=len(plan.failed))
    for zone, number in distinct(plan.zones):
        for name, found in _of_zone(zone).items():
            sums[name] += found * number
    return Totals(**{field.name: sums[field.name] for field in fields(Totals)})


def _of_zone(zone: ZoneEntry) -> Counter[str]:
    sums = Counter[str](change.risk for change in zone.changes)
    sums["changes"] = len(zone.changes)
    sums["permitted"] = sum(change.permitted for change in zone.changes)
    sums["blocked"] = len(zone.refused)
    sums["waits"] = len(zone.waiting)
    sums["tests_broken"] = len(zone.broken)
    return sums
