"""Zones of a plan that need one another: if one is refused, what needs it is refused too.

They were judged with all of their changes, and with a part of them mail might fail.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mailauth_dns.diff.dmarc_tightening import applies, catches
from mailauth_dns.diff.led_to import leads_to
from mailauth_dns.plan.alike import matching, picked
from mailauth_dns.plan.plan import ChangeEntry, TrialEntry, Where, ZoneEntry
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName, upwards

Place = tuple[ZoneEntry, ChangeEntry]
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


def ties(zones: Sequence[ZoneEntry], everywhere: Everywhere) -> Iterator[Tie]:
    """Yield what ties the zones of a plan that change."""
    for name, several in everywhere.items():
        changing = _changing(several)
        if len(changing) > 1:
            why = "receivers may also ask the servers of"
            yield Tie(changing, changing, name, why, of_one_zone=True)
    for zone in matching(zones, lambda each: each.tests):
        for test in zone.tests:
            if len(test.depends_on) > 1:
                tied = looked_at(zone, test, everywhere)
                why = f"the test {test.name!r} of {test.domain} was judged with the changes of"
                yield Tie(tied, tied, test.domain, why)
    for need in needs(zones):
        yield Tie([need.needed], [need.zone], need.domain, need.why)


def needs(zones: Iterable[ZoneEntry]) -> tuple[Need, ...]:
    """Return what the records of a plan need of other zones.

    A record that another one leads to comes first and goes last: without it, receivers would find
    nothing there. A subdomain has its own DMARC record before the domain asks more of it.
    """
    zones = zones if isinstance(zones, Sequence) else tuple(zones)
    referring, inheriting = list[Place](), list[Place]()
    led = _led_to(zones)
    domains = _inherited_from(zones)
    for zone in _with_changes(zones) if led or domains else ():
        for change in zone.changes:
            if (change.family, change.name) in led or _leads(change):
                referring.append((zone, change))
            if change.family == Family.DMARC and change.domain in domains:
                inheriting.append((zone, change))
    return (*_referring(referring), *_inheriting(inheriting))


def _with_changes(zones: Iterable[ZoneEntry]) -> Iterator[ZoneEntry]:
    return matching(zones, lambda each: each.changes)


def _leads(change: ChangeEntry) -> frozenset[str]:
    """Return the names to which a record begins or ceases to lead."""
    before, after = (
        leads_to(change.family, change.type, values) for values in (change.before, change.after)
    )
    return before ^ after


def _led_to(zones: Sequence[ZoneEntry]) -> set[tuple[str, str]]:
    """Return the families and names to which changing records lead."""
    leading = matching(zones, lambda zone: any(map(_leads, zone.changes)))
    return {
        (change.family, name)
        for zone in leading
        for change in zone.changes
        for name in _leads(change)
    }


def _inherited_from(zones: Sequence[ZoneEntry]) -> set[str]:
    """Return the domains with a changing DMARC record above or below which another one changes."""
    domains = {domain for several in picked(zones, _with_own_dmarc) for domain in several}
    return {
        each
        for domain in domains
        for upper in upwards(DomainName(domain))
        if upper != domain and upper in domains
        for each in (domain, upper)
    }


def _with_own_dmarc(zone: ZoneEntry) -> tuple[str, ...]:
    return tuple(change.domain for change in zone.changes if change.family == Family.DMARC)


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


def _referring(places: Sequence[Place]) -> Iterator[Need]:
    """Yield what SPF records and DKIM aliases need (RFC 7208 §5.2)."""
    by_name: dict[tuple[str, str], list[Place]] = {}
    for zone, change in places:
        by_name.setdefault((change.family, change.name), []).append((zone, change))
    for zone, change in places:
        before, after = (
            leads_to(change.family, change.type, values) for values in (change.before, change.after)
        )
        for name in sorted(after ^ before):
            there = by_name.get((change.family, name), ())
            comes = {other.where for other, found in there if found.after}
            for other, found in there:
                if other.zone == zone.zone or bool(found.after) != (other.where in comes):
                    continue
                if name in after and found.after:
                    why = f"{_uses(change)} {name}, which comes with"
                    key = (found.name, found.type)
                    yield Need(zone.where, other.where, key, change.domain, why)
                elif name in before and not found.after:
                    why = f"{name} has to stay while {_uses(change, now=True)} it, which ends with"
                    key = (change.name, change.type)
                    yield Need(other.where, zone.where, key, found.domain, why)


def _uses(change: ChangeEntry, *, now: bool = False) -> str:
    if change.family == Family.SPF:
        return f"the SPF record of {change.domain} {'includes' if now else 'would include'}"
    return f"the DKIM alias {change.name} {'leads' if now else 'would lead'} to"


def _inheriting(places: Sequence[Place]) -> Iterator[Need]:
    """Yield what DMARC records need: mail of a subdomain falls under its own record, or another."""
    by_domain: dict[str, list[Place]] = {}
    for zone, change in places:
        if change.family == Family.DMARC:
            by_domain.setdefault(change.domain, []).append((zone, change))
    for several in by_domain.values() if len(by_domain) > 1 else ():
        for zone, own in several:
            was, now = frozenset(own.before), frozenset(own.after)
            if applies(was) == applies(now):
                continue
            for upper, above in _above(own, by_domain):
                if upper.zone != zone.zone:
                    yield from _inherited(zone, own, upper, above)


def _above(own: ChangeEntry, by_domain: Mapping[str, Sequence[Place]]) -> Iterator[Place]:
    for domain in upwards(DomainName(own.domain)):
        if domain != own.domain:
            yield from by_domain.get(domain, ())


def _inherited(
    zone: ZoneEntry, own: ChangeEntry, upper: ZoneEntry, above: ChangeEntry
) -> Iterator[Need]:
    """Yield the need, if any, between a record that comes or goes and a changing one above it."""
    was, now = frozenset(above.before), frozenset(above.after)
    if own.after and catches(was, now, frozenset(own.after)):
        why = f"the DMARC record of {above.domain} would catch {own.domain}, whose own comes with"
        yield Need(upper.where, zone.where, (own.name, own.type), above.domain, why)
    elif not own.after and catches(now, was, frozenset(own.before)):
        why = (
            f"{own.domain} would fall under the DMARC record of {above.domain}, which changes with"
        )
        yield Need(zone.where, upper.where, (above.name, above.type), own.domain, why)


def looked_at(zone: ZoneEntry, test: TrialEntry, everywhere: Everywhere) -> list[Where]:
    """Return the changing zones that a test of `zone` looks at; if there are none, the zone."""
    found = [where for name in test.depends_on for where in _changing(everywhere.get(name, ()))]
    return found if found and not zone.changes else list(dict.fromkeys([zone.where, *found]))


def _changing(zones: Sequence[ZoneEntry]) -> list[Where]:
    return [zone.where for zone in zones if zone.changes]
