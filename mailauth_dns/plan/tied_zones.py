"""Zones of a plan that need one another: if one is refused, what needs it is refused too.

They were judged with all of their changes, and with a part of them mail might fail.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mailauth_dns.plan.plan import ChangeEntry, Plan, TrialEntry, Where, ZoneEntry
from mailauth_dns.records.family import Family
from mailauth_dns.records.spf_parts import referred

Everywhere = Mapping[str, Sequence[ZoneEntry]]  # the zones of a plan by name, at each provider


@dataclass(frozen=True, slots=True)
class Need:
    """`zone` is written once the change of `key` at `needed` is made, and otherwise not at all.

    `domain` and `why` are as in `Tie`.
    """

    zone: Where
    needed: Where
    key: tuple[str, str]
    domain: str
    why: str


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
    for need in needs(plan.zones):
        yield Tie([need.needed], [need.zone], need.domain, need.why)


def needs(zones: Iterable[ZoneEntry]) -> tuple[Need, ...]:
    """Return what SPF records need of other zones of a plan.

    A record that is included comes first and goes last. Without it receivers would find nothing
    there: a permerror for all mail (RFC 7208 §5.2).
    """
    spf = [
        (zone, change) for zone in zones for change in zone.changes if change.family == Family.SPF
    ]
    by_name: dict[str, list[tuple[ZoneEntry, ChangeEntry]]] = {}
    for zone, change in spf:
        by_name.setdefault(change.name, []).append((zone, change))
    return tuple(
        need
        for zone, change in spf
        for other, included in _others(zone, change, by_name)
        for need in _needs(zone, change, other, included)
    )


def in_turn(zones: Iterable[Where], needed: Iterable[Need]) -> list[tuple[Where, ...]]:
    """Return the zones in the order of writing: each group after all that it needs.

    Zones that need one another in a circle are in one group.
    """
    left = dict.fromkeys(zones)
    needed = tuple(needed)
    groups = []
    while left:
        waits = {need.zone for need in needed if need.needed in left}
        group = tuple(where for where in left if where not in waits) or tuple(left)
        groups.append(group)
        for where in group:
            del left[where]
    return groups


def _others(
    zone: ZoneEntry,
    change: ChangeEntry,
    by_name: Mapping[str, Sequence[tuple[ZoneEntry, ChangeEntry]]],
) -> Iterator[tuple[ZoneEntry, ChangeEntry]]:
    """Yield the changes, in other zones, of the names that a record begins or ceases to include."""
    for name in sorted(referred(change.after) ^ referred(change.before)):
        for other, included in by_name.get(name, ()):
            if other.zone != zone.zone:
                yield other, included


def _needs(
    zone: ZoneEntry, change: ChangeEntry, other: ZoneEntry, included: ChangeEntry
) -> Iterator[Need]:
    name, domain = included.name, change.domain
    if name in referred(change.after):
        if included.after:
            why = f"the SPF record of {domain} would include {name}, which comes with"
            yield Need(zone.where, other.where, (name, included.type), domain, why)
    elif not included.after:
        why = f"{name} has to stay while the SPF record of {domain} includes it, which ends with"
        yield Need(other.where, zone.where, (change.name, change.type), included.domain, why)


def looked_at(zone: ZoneEntry, test: TrialEntry, everywhere: Everywhere) -> list[Where]:
    """Return the changing zones that a test of `zone` looks at; if there are none, the zone."""
    found = [where for name in test.depends_on for where in _changing(everywhere.get(name, ()))]
    return found if found and not zone.changes else list(dict.fromkeys([zone.where, *found]))


def _changing(zones: Sequence[ZoneEntry]) -> list[Where]:
    return [zone.where for zone in zones if zone.changes]
