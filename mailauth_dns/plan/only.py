"""A plan cut to some of its zones (`apply --only`)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from difflib import get_close_matches

from mailauth_dns.errors import MailAuthError
from mailauth_dns.plan.plan import Plan
from mailauth_dns.plan.same_zones import places

_SHOWN = 10  # zones that an error names


def only(plan: Plan, zones: Iterable[str]) -> Plan:
    """Return the part of a plan that is about these zones.

    Raises:
        MailAuthError: one is no zone of the plan; close names are told.
    """
    there = {zone.zone for zone in plan.zones} | {failed.zone for failed in plan.failed}
    wanted = frozenset(zones)
    refuse_unknown(wanted, there, "is not in the plan")
    return replace(
        plan,
        zones=tuple(zone for zone in plan.zones if zone.zone in wanted),
        failed=tuple(failed for failed in plan.failed if failed.zone in wanted),
    )


def left_out(whole: Plan, part: Plan) -> tuple[str, ...]:
    """Return the zones of a plan that are not in a part of it."""
    kept, there = (
        dict.fromkeys(
            [*(zone for zone, _ in places(plan.zones)), *(each.zone for each in plan.failed)]
        )
        for plan in (part, whole)
    )
    return tuple(zone for zone in there if zone not in kept)


def refuse_unknown(wanted: Iterable[str], there: Iterable[str], what: str) -> None:
    """Raise MailAuthError for names that are not there, each with names that are like it."""
    known = sorted(there)
    more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
    lines = []
    for name in sorted(set(wanted) - set(known)):
        near = get_close_matches(name, known, n=3, cutoff=0.8)
        meant = f"did you mean {' or '.join(near)}?" if near else ""
        listed = f"there is {', '.join(known[:_SHOWN]) or 'none'}{more}"
        lines.append(f"--only {name}: {what}; {meant or listed}")
    if lines:
        raise MailAuthError("\n".join(lines))
