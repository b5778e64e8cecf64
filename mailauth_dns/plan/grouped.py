"""A plan for a reader: what is the same but for a name is told once, and what can hurt comes first.

Two texts are the same but for a name where each becomes the other when its own name is put in
place of the other's. So one of them, and the list of names, say everything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mailauth_dns.plan.plan import ChangeEntry, KeptEntry, LiveEntry, Plan, TrialEntry, ZoneEntry

RISKS = ("breaking", "caution", "safe")  # what can hurt most comes first


@dataclass(frozen=True, slots=True)
class ChangeGroup:
    """Changes of one zone that are the same but for the domain; `first` stands for all."""

    first: ChangeEntry
    domains: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ZoneGroup:
    """Zones at one provider that say the same but for their name; `first` stands for all.

    What they keep may differ, so `kept` counts the foreign sets of all by type.
    """

    first: ZoneEntry
    zones: tuple[str, ...]
    changes: tuple[ChangeGroup, ...]
    live: tuple[LiveEntry, ...]  # those of the first that need more words than the change has
    unmet: tuple[TrialEntry, ...]
    kept: Mapping[str, int]

    @property
    def risk(self) -> int:
        """How much the zones can hurt, 0 for those to be read first."""
        if any(change.risk == "breaking" for change in self.first.changes):
            return 0
        if self.first.broken:
            return 1
        worst = min((RISKS.index(each.first.risk) for each in self.changes), default=len(RISKS))
        return 2 if self.first.refused else 1 + worst


@dataclass(frozen=True, slots=True)
class GroupedPlan:
    """A plan's zones with news in groups, the names of the others, and the sums."""

    groups: tuple[ZoneGroup, ...]
    quiet: tuple[str, ...]
    risks: Mapping[str, int]  # changes by risk
    refused: int
    waiting: int
    broken: int


def grouped(plan: Plan) -> GroupedPlan:
    """Return a plan in groups: the riskiest first, else in the plan's order."""
    news: dict[str, list[ZoneEntry]] = {}
    quiet = []
    for zone in plan.zones:
        if has_news(zone):
            news.setdefault(_shape(zone), []).append(zone)
        else:
            quiet.append(zone.zone)
    groups = sorted(map(_zone_group, news.values()), key=lambda group: group.risk)
    risks = Counter[str](change.risk for zone in plan.zones for change in zone.changes)
    return GroupedPlan(
        tuple(groups),
        tuple(quiet),
        {risk: risks[risk] for risk in RISKS},
        sum(len(zone.refused) for zone in plan.zones),
        plan.waiting,
        sum(len(zone.broken) for zone in plan.zones),
    )


def has_news(zone: ZoneEntry) -> bool:
    """Tell whether a zone is more than as its policy says."""
    return bool(
        zone.changes
        or zone.blocked
        or any(test.result != "passed" for test in zone.tests)
        or any(row.state != "as policy" for row in zone.live)
    )


def _zone_group(zones: list[ZoneEntry]) -> ZoneGroup:
    first = zones[0]
    told = {(change.name, change.type) for change in first.changes}
    return ZoneGroup(
        first,
        tuple(zone.zone for zone in zones),
        _change_groups(first.changes),
        tuple(
            row
            for row in first.live
            if row.state != "as policy"
            and not (row.state == "as provider" and (row.name, row.type) in told)
        ),
        tuple(test for test in first.tests if test.result != "passed"),
        Counter(kept.type for zone in zones for kept in zone.kept),
    )


def _change_groups(changes: Iterable[ChangeEntry]) -> tuple[ChangeGroup, ...]:
    found: dict[str, list[ChangeEntry]] = {}
    for change in changes:
        found.setdefault(_without(change, change.domain), []).append(change)
    groups = [
        ChangeGroup(same[0], tuple(change.domain for change in same)) for same in found.values()
    ]
    return tuple(sorted(groups, key=lambda group: RISKS.index(group.first.risk)))


def _shape(zone: ZoneEntry) -> str:
    """Return what a zone says, without its name and without what it only keeps."""
    apart = tuple(kept for kept in zone.kept if _is_told(kept))
    said = (
        zone.provider,
        zone.changes,
        zone.blocked,
        zone.live,
        zone.authority,
        zone.tests,
        apart,
    )
    return _without(said, zone.zone)


def _is_told(kept: KeptEntry) -> bool:
    return kept.shared or kept.looks_like is not None or kept.values is not None


def _without(value: object, name: str) -> str:
    """Return a value as text, with the name taken out of it."""
    return repr(value).replace(name, "\0")
