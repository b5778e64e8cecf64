"""A plan in numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from mailauth_dns.plan.plan import Plan


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
    risks = Counter[str](change.risk for zone in plan.zones for change in zone.changes)
    return Totals(
        zones=len(plan.zones),
        changes=plan.pending,
        breaking=risks["breaking"],
        permitted=sum(change.permitted for zone in plan.zones for change in zone.changes),
        caution=risks["caution"],
        safe=risks["safe"],
        blocked=sum(len(zone.refused) for zone in plan.zones),
        waits=plan.waiting,
        tests_broken=sum(len(zone.broken) for zone in plan.zones),
        failed=len(plan.failed),
    )
