"""Write the zones of a plan that are not refused, each after what it needs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress

from mailauth_dns.deploy.journal import Journal
from mailauth_dns.deploy.proposals import Progress
from mailauth_dns.deploy.provider_pool import Crew, Lane, ProviderPool
from mailauth_dns.deploy.zone_write import Status, ZoneResult, not_begun, written
from mailauth_dns.plan.permissions import Allowance, Refusal, refusals
from mailauth_dns.plan.plan import Plan, Where, ZoneEntry
from mailauth_dns.plan.tied_zones import Need, in_turn, needs


def write_zones(
    plan: Plan,
    pool: ProviderPool,
    allowed: Iterable[Allowance],
    log: Journal,
    progress: Progress,
) -> tuple[list[ZoneResult], bool]:
    """Write the zones that are not refused.

    Return how each ended, and whether an interrupt kept some from beginning.

    Raises:
        PlanRefused: the plan is not this pool's; nothing was written.
    """
    for zone in plan.zones:
        pool.proposed(zone.where)
    refused = refusals(plan.zones, allowed)
    writing = _Writing(plan, pool, log, progress)
    for zone in plan.zones:
        if zone.where in refused:
            writing.end(zone, _refused(zone, refused[zone.where]))
    writing.write({zone.where: zone for zone in plan.zones if zone.where not in refused})
    return [writing.ended[zone.where] for zone in plan.zones], writing.interrupted


class _Writing:
    """The work on a plan, and how it `ended` for the zones that are done with."""

    def __init__(self, plan: Plan, pool: ProviderPool, log: Journal, progress: Progress) -> None:
        self.ended: dict[Where, ZoneResult] = {}
        self.interrupted = False
        self._plan, self._pool, self._log, self._progress = plan, pool, log, progress

    def end(self, zone: ZoneEntry, result: ZoneResult) -> None:
        """Note how a zone ended in which nothing was written."""
        self.ended[zone.where] = result
        self._log.write(zone, result.status.value, result.detail)
        self._progress(zone.zone)

    def write(self, zones: Mapping[Where, ZoneEntry]) -> None:
        """Write zones, each after all that it needs."""
        needed = needs(zones.values())
        for group in in_turn(zones, needed):
            for where, result in _unmet(zones, group, needed, self.ended).items():
                self.end(zones[where], result)
            self._write_at_once([zones[where] for where in group if where not in self.ended])

    def _write_at_once(self, zones: Iterable[ZoneEntry]) -> None:
        by_place = {zone.where: zone for zone in zones}
        crew = Crew(
            {where: self._pool.lane(where) for where in by_place},
            lambda lane, where: self._write_one(lane, by_place[where]),
        )
        self.interrupted = self.interrupted or _interrupts(crew, self._progress)
        for where, zone in by_place.items():
            self.ended[where] = crew.result(where) or _interrupted(zone, crew.begun(where))

    def _write_one(self, lane: Lane, zone: ZoneEntry) -> ZoneResult:
        self._log.write(zone, "begun")
        proposed = self._pool.proposed(zone.where)
        result = written(lane, zone, proposed, normalize=self._plan.normalize)
        self._log.write(zone, result.status.value, result.detail)
        return result


def _interrupts(crew: Crew[Where, ZoneResult], progress: Progress) -> bool:
    """Let a crew do its work; tell whether an interrupt kept it from that."""
    try:
        for (name, _), _result in crew.results():
            progress(name)
    except KeyboardInterrupt:
        with suppress(KeyboardInterrupt):  # a second one does not wait for those that were begun
            crew.stop()
        return True
    return False


def _unmet(
    zones: Mapping[Where, ZoneEntry],
    group: Collection[Where],
    needed: Iterable[Need],
    ended: Mapping[Where, ZoneResult],
) -> dict[Where, ZoneResult]:
    """Return the results of zones of a group that cannot be written: what they need is not made."""
    found = {}
    for need in needed:
        before = ended.get(need.needed)
        if need.zone not in group or before is None or before.made(need.key):
            continue
        zone, provider = need.needed
        detail = f"{need.why} {zone} at {provider}, where it is not made"
        found[need.zone] = not_begun(zones[need.zone], Status.NOT_TRIED, detail)
    return found


def _refused(zone: ZoneEntry, reasons: tuple[Refusal, ...]) -> ZoneResult:
    detail = "; ".join(map(str, reasons))
    return not_begun(zone, Status.REFUSED, detail, reasons)


def _interrupted(zone: ZoneEntry, begun: bool) -> ZoneResult:
    if begun:
        return ZoneResult(
            zone.zone,
            zone.provider,
            Status.FAILED,
            zone.changes,
            "interrupted while it was written; run the apply again",
            undone=None,
        )
    return not_begun(zone, Status.NOT_TRIED, "interrupted")
