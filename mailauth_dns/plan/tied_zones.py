"""Zones of a plan that need one another: if one is refused, what needs it is refused too.

They were judged with all of their changes, and with a part of them mail might fail.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mailauth_dns.plan.plan import Plan, TrialEntry, Where, ZoneEntry
from mailauth_dns.records.family import Family
from mailauth_dns.records.spf_parts import referred

Everywhere = Mapping[str, Sequence[ZoneEntry]]  # the zones of a plan by name, at each provider


@dataclass(frozen=True, slots=True)
class Tie:
    """If one of `needs` is refused, so are `zones`; `domain` is whose mail it is about.

    `why` is a sentence that ends before the name of the zone that is refused.
    """

    needs: Sequence[Where]
    zones: Sequence[Where]
    domain: str
    why: str
    of_one_zone: bool = False


def ties(plan: Plan, everywhere: Everywhere) -> Iterator[Tie]:
    """Yield what ties the zones of a plan that change."""
    made = {
        (change.name, change.type): zone
        for zone in plan.zones
        for change in zone.changes
        if change.after
    }
    for name, several in everywhere.items():
        changing = _changing(several)
        if len(changing) > 1:
            why = "receivers may also ask the servers of"
            yield Tie(changing, changing, name, why, of_one_zone=True)
    for zone in plan.zones:
        for test in zone.tests:
            if len(test.depends_on) > 1:
                tied = looked_at(zone, test, everywhere)
                why = f"the test {test.name!r} of {test.domain} was judged with the changes of"
                yield Tie(tied, tied, test.domain, why)
        yield from _included(zone, made, everywhere)


def looked_at(zone: ZoneEntry, test: TrialEntry, everywhere: Everywhere) -> list[Where]:
    """Return the changing zones that a test of `zone` looks at; if there are none, the zone."""
    found = [where for name in test.depends_on for where in _changing(everywhere.get(name, ()))]
    return found if found and not zone.changes else list(dict.fromkeys([zone.where, *found]))


def _changing(zones: Sequence[ZoneEntry]) -> list[Where]:
    return [zone.where for zone in zones if zone.changes]


def _included(
    zone: ZoneEntry, made: Mapping[tuple[str, str], ZoneEntry], everywhere: Everywhere
) -> Iterator[Tie]:
    """Yield what an SPF record of `zone` includes from now on and another zone is yet to publish.

    Without it receivers would find nothing there: a permerror for all mail (RFC 7208 §5.2).
    """
    for change in zone.changes:
        if change.family != Family.SPF:
            continue
        for name in sorted(referred(change.after) - referred(change.before)):
            other = made.get((name, "TXT"))
            if other is not None and other.zone != zone.zone:
                why = f"the SPF record of {change.domain} would include {name}, which comes with"
                yield Tie(_changing(everywhere[other.zone]), [zone.where], change.domain, why)
