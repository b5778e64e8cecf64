"""A plan for a reader: what is the same but for a name is told once, and what can hurt comes first.

Two texts are the same but for a name where each becomes the other when its own name is put in
place of the other's. So one of them, and the list of names, say everything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Generic, TypeVar

from mailauth_dns.diff.weakening import Effect, effect
from mailauth_dns.plan.permissions import GATES, Refusal, refusals
from mailauth_dns.plan.plan import (
    AuthorityEntry,
    BlockedEntry,
    ChangeEntry,
    FailedEntry,
    KeptEntry,
    LiveEntry,
    Plan,
    TrialEntry,
    ZoneEntry,
)
from mailauth_dns.typed_yaml.yaml_tree import FileLine

RISKS = ("breaking", "caution", "safe")  # what can hurt most comes first

Entry = TypeVar("Entry")


@dataclass(frozen=True, slots=True)
class Spot:
    """Where an entry stands: its zone, the provider, the domain, and the line that declares it."""

    zone: str
    provider: str
    domain: str
    place: FileLine | None = None


@dataclass(frozen=True)
class Group(Generic[Entry]):
    """Entries that are the same but for the names of zone and domain; `first` stands for all."""

    first: Entry
    spots: tuple[Spot, ...]

    @cached_property
    def domains(self) -> tuple[str, ...]:
        """The domains, each once."""
        return tuple(dict.fromkeys(spot.domain for spot in self.spots))

    @cached_property
    def providers(self) -> tuple[str, ...]:
        """The providers, each once."""
        return tuple(dict.fromkeys(spot.provider for spot in self.spots))


@dataclass(frozen=True)
class ChangeGroup(Group[ChangeEntry]):
    """Changes that are the same but for names; `kept` counts the foreign values of all their sets.

    `effect` tells what they take away.
    """

    kept: int
    effect: Effect | None

    @property
    def rank(self) -> int:
        """How soon a reader must see it; 0 comes first."""
        if self.first.risk == "breaking":
            return int(self.first.permitted)
        taken = 0 if self.effect is not None else 1
        return (2 if self.first.risk == "caution" else 4) + taken

    @property
    def hurts(self) -> bool:
        """Whether it can lose mail or protection."""
        return self.first.risk != "safe" or self.effect is not None


@dataclass(frozen=True)
class GroupedPlan:
    """A plan in groups. `quiet` are the zones without news, `kept` counts foreign sets by type.

    `gates` are refusals of whole zones: what live DNS says does not agree, or is unknown.
    """

    changes: tuple[ChangeGroup, ...]
    gates: tuple[Group[Refusal], ...]
    refused: tuple[Group[BlockedEntry], ...]
    waiting: tuple[Group[BlockedEntry], ...]
    failed: tuple[Group[FailedEntry], ...]
    broken: tuple[Group[TrialEntry], ...]
    unmet: tuple[Group[TrialEntry], ...]  # that do not pass, as without the plan
    live: tuple[Group[LiveEntry], ...]
    kept: Mapping[str, int]
    strangers: tuple[Group[KeptEntry], ...]  # kept, and look like ours, or were asked for
    quiet: tuple[str, ...]
    refused_zones: tuple[str, ...]  # that apply does not write without permission
    permitted: tuple[Group[AuthorityEntry], ...]  # where a policy permits what live DNS says
    authority: Mapping[str, int]  # zones by whether their servers are the provider's
    tests: Mapping[str, int]  # mail tests by how they end with the plan
    passed: tuple[Group[TrialEntry], ...]


def grouped(plan: Plan) -> GroupedPlan:
    """Return a plan in groups: the riskiest first, else in the plan's order."""
    zones = plan.zones
    changing = [zone for zone in zones if zone.changes]
    without_permission = refusals(plan.zones, ())
    broken = [(zone, test) for zone in zones for test in zone.broken]
    unmet = [
        (zone, test)
        for zone in zones
        for test in zone.tests
        if test.result != "passed" and test not in zone.broken
    ]
    return GroupedPlan(
        changes=_change_groups(zones),
        gates=_groups(
            (Spot(*where, each.domain), each)
            for where, reasons in without_permission.items()
            for each in reasons
            if each.rule in GATES or each.rule is None
        ),
        refused=_of_domains((zone, each) for zone in zones for each in zone.refused),
        waiting=_of_domains((zone, each) for zone in zones for each in zone.waiting),
        failed=_groups(
            (Spot(each.zone, each.provider, each.zone, each.place), each) for each in plan.failed
        ),
        broken=_of_domains(broken),
        unmet=_of_domains(unmet),
        live=_of_domains((zone, row) for zone in zones for row in _disagreeing(zone)),
        kept=Counter(kept.type for zone in zones for kept in zone.kept),
        strangers=_of_zones(
            (zone, kept)
            for zone in zones
            for kept in zone.kept
            if kept.looks_like is not None or kept.values is not None
        ),
        quiet=tuple(zone.zone for zone in zones if not has_news(zone)),
        refused_zones=tuple(dict.fromkeys(zone for zone, _ in without_permission)),
        permitted=_of_zones(
            (zone, zone.authority) for zone in changing if zone.authority.permitted
        ),
        authority=Counter(zone.authority.state for zone in zones),
        tests=Counter(test.result for zone in zones for test in zone.tests),
        passed=_of_domains(
            (zone, test) for zone in zones for test in zone.tests if test.result == "passed"
        ),
    )


def has_news(zone: ZoneEntry) -> bool:
    """Tell whether a zone is more than as its policy says."""
    return bool(
        zone.changes
        or zone.blocked
        or any(test.result != "passed" for test in zone.tests)
        or any(row.state != "as policy" for row in zone.live)
    )


def _disagreeing(zone: ZoneEntry) -> Iterator[LiveEntry]:
    """Yield what live DNS says that the rest of the plan does not tell already.

    What is unknown about a set that changes refuses its zone, which is told.
    """
    changing = {(each.name, each.type) for each in zone.changes}
    blocked = {(each.name, each.type) for each in zone.blocked}
    told = {"as provider": changing | blocked, "unknown": changing}
    for row in zone.live:
        if row.state != "as policy" and (row.name, row.type) not in told.get(row.state, ()):
            yield row


def _change_groups(zones: Iterable[ZoneEntry]) -> tuple[ChangeGroup, ...]:
    found: dict[Hashable, list[tuple[Spot, ChangeEntry]]] = {}
    for zone in zones:
        for change in zone.changes:
            spot = Spot(zone.zone, zone.provider, change.domain, change.place)
            key = _shape(replace(change, kept=0), spot)
            found.setdefault(key, []).append((spot, change))
    groups = [
        ChangeGroup(
            same[0][1],
            tuple(spot for spot, _ in same),
            sum(change.kept for _, change in same),
            effect(same[0][1].family, same[0][1].before, same[0][1].after),
        )
        for same in found.values()
    ]
    return tuple(sorted(groups, key=lambda group: group.rank))


_OfDomain = TypeVar("_OfDomain", BlockedEntry, TrialEntry, LiveEntry)


def _of_domains(
    entries: Iterable[tuple[ZoneEntry, _OfDomain]],
) -> tuple[Group[_OfDomain], ...]:
    return _groups(
        (Spot(zone.zone, zone.provider, each.domain, getattr(each, "place", None)), each)
        for zone, each in entries
    )


def _of_zones(entries: Iterable[tuple[ZoneEntry, Entry]]) -> tuple[Group[Entry], ...]:
    return _groups((Spot(zone.zone, zone.provider, zone.zone), each) for zone, each in entries)


def _groups(entries: Iterable[tuple[Spot, Entry]]) -> tuple[Group[Entry], ...]:
    found: dict[Hashable, list[tuple[Spot, Entry]]] = {}
    for spot, entry in entries:
        found.setdefault(_shape(entry, spot), []).append((spot, entry))
    return tuple(Group(same[0][1], tuple(spot for spot, _ in same)) for same in found.values())


def _shape(entry: Any, spot: Spot) -> Hashable:  # noqa: ANN401 - any kind of entry of a plan
    """Return what an entry says, without its names and without the line that declares it."""
    if getattr(entry, "place", None) is not None:
        entry = replace(entry, place=None)
    return repr(entry).replace(spot.domain, "\0").replace(spot.zone, "\1")
