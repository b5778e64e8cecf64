"""Write the zones of a plan that are not refused, each after what it needs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from mailauth_dns.deploy.crew import Crew
from mailauth_dns.deploy.journal import Journal
from mailauth_dns.deploy.proposals import Progress
from mailauth_dns.deploy.provider_pool import Lane, ProviderPool
from mailauth_dns.deploy.verify import unsettled, watch
from mailauth_dns.deploy.write_in_parts import PartsOfWriting, written_with_log
from mailauth_dns.deploy.zone_results import Status, ZoneResult, ZoneResults, results_places
from mailauth_dns.deploy.zone_write import in_doubt, not_begun
from mailauth_dns.plan.alike import Alike
from mailauth_dns.plan.permissions import Allowance, Refusal, refusals
from mailauth_dns.plan.plan import Plan, Where, ZoneEntry
from mailauth_dns.plan.same_zones import ZonesByPlace, places, zones_alike
from mailauth_dns.plan.tied_zones import Need, in_turn, needs
from mailauth_dns.records.name import DomainName
from mailauth_dns.spread.spread import Spread

BATCH = 500  # zones whose work is queued at once


@dataclass(frozen=True, slots=True)
class WriteRequest:
    """What is `allowed`, and how many seconds servers have to serve what others need.

    `wait` is None where nobody is to ask them. With `spread`, other processes write zones too.
    """

    allowed: tuple[Allowance, ...]
    wait: float | None
    log: Journal
    progress: Progress
    spread: Spread | None = None


def write_zones(
    plan: Plan, pool: ProviderPool, request: WriteRequest
) -> tuple[Alike[ZoneResult], bool]:
    """Write the zones that are not refused.

    Return how each ended, and whether an interrupt kept some from beginning.

    Raises:
        PlanRefused: the plan is not this pool's; nothing was written.
    """
    for where in places(plan.zones):
        pool.planned(where)
    refused = refusals(plan.zones, request.allowed)
    writing = _Writing(plan, pool, request)
    zones = ZonesByPlace(plan.zones)
    for where, reasons in refused.items():
        writing.end(zones[where], _refused(zones[where], reasons))
    if refused:
        zones = ZonesByPlace(zones_alike(z for z in plan.zones if z.where not in refused))
    writing.write(zones)
    return writing.ended.in_order(places(plan.zones)), writing.interrupted


class _Writing:
    """The work on a plan, and how it `ended` for the zones that are done with."""

    def __init__(self, plan: Plan, pool: ProviderPool, request: WriteRequest) -> None:
        self.ended = ZoneResults()
        self.interrupted = False
        self._plan, self._pool, self._request = plan, pool, request
        self._log, self._progress = request.log, request.progress
        self._here: Collection[Where] = ()  # what this process writes now
        self._parts = (
            PartsOfWriting(pool.repo, request.spread, request.log, normalize=plan.normalize)
            if request.spread is not None
            else None
        )

    def end(self, zone: ZoneEntry, result: ZoneResult) -> None:
        """Note how a zone ended in which nothing was written."""
        self.ended.add(result)
        self._log.write(zone, result.status.value, result.detail)
        self._progress(zone.zone)

    def write(self, zones: ZonesByPlace) -> None:
        """Write zones, each after all that it needs, until an interrupt."""
        try:
            self._write(zones)
        except KeyboardInterrupt:  # between two pieces of work: what is known is told all the same
            self.interrupted = True
            begun = {*self._here, *(self._parts.under_way if self._parts is not None else ())}
            for where in zones:
                if where not in self.ended:
                    self.ended.add(_interrupted(zones[where], where in begun))

    def _write(self, zones: ZonesByPlace) -> None:
        needed = needs(zones.in_order)
        for group in in_turn(zones, needed):
            of_group = _of_group(group, needed)
            lacking = {**self._unserved(of_group, zones), **_unmade(of_group, self.ended)}
            for where, why in lacking.items():
                self.end(zones[where], not_begun(zones[where], Status.NOT_TRIED, why))
            if self._parts is not None and not self.interrupted:
                self._write_in_parts(self._parts, group, zones)
            left = [where for where in group if where not in self.ended]
            for at in range(0, len(left), BATCH):
                self._write_at_once([zones[where] for where in left[at : at + BATCH]])

    def _unserved(
        self, needed: Iterable[Need], zones: Mapping[Where, ZoneEntry]
    ) -> dict[Where, str]:
        """Wait for the servers, and return why zones cannot be written: what they need is not seen.

        Receivers ask the servers, which may get it some time after the provider. Servers that are
        not known to be the provider's are not waited for.
        """
        wait = self._request.wait
        seen = [
            need
            for need in needed
            if need.needed in self.ended and zones[need.needed].authority.state == "agrees"
        ]
        if wait is None or self.interrupted or not seen:
            return {}
        keys = {(DomainName(name), type) for name, type in (need.key for need in seen)}
        publications = {need.needed[0]: self._pool.planned(need.needed) for need in seen}
        asked = [each.publication for each in publications.values()]
        others = {entry.key for each in asked for entry in each.declared} - keys
        try:
            found = watch(asked, wait, others)
        except KeyboardInterrupt:
            self.interrupted = True
            return {}
        late = {(row.name, row.type) for rows in found.values() for row in unsettled(rows)}
        return {
            need.zone: f"{_told(need)}, which not every server serves yet; apply again"
            for need in seen
            if need.key in late
        }

    def _write_in_parts(
        self, parts: PartsOfWriting, group: Iterable[Where], zones: ZonesByPlace
    ) -> None:
        """Let other processes write what they can."""
        fit = parts.fit(zones, (where for where in group if where not in self.ended))
        for done in parts.write(zones, fit, self._pool.planned) if fit else ():
            self.ended.add_all(done)
            for zone, _ in results_places(done):
                self._progress(zone)
        self.interrupted = self.interrupted or parts.interrupted
        for where in parts.under_way:
            self.ended.add(in_doubt(zones[where], parts.failure))
        if parts.failure is not None:
            for where in fit:
                if where not in self.ended:
                    self.end(zones[where], not_begun(zones[where], Status.NOT_TRIED, parts.failure))

    def _write_at_once(self, zones: Iterable[ZoneEntry]) -> None:
        by_place = {zone.where: zone for zone in zones}
        planned = {where: self._pool.planned(where) for where in by_place}
        normalize = self._plan.normalize
        work = partial(written_with_log, self._log, by_place, planned, normalize=normalize)
        crew = Crew(self._pool.queues(by_place), work)
        if not self.interrupted:
            self._here = by_place
        self.interrupted = self.interrupted or _interrupts(crew, self._progress)
        for where, zone in by_place.items():
            self.ended.add(crew.result(where) or _interrupted(zone, crew.begun(where)))
        self._here = ()


def _interrupts(crew: Crew[Lane, Where, ZoneResult], progress: Progress) -> bool:
    """Let a crew do its work; tell whether an interrupt kept it from that."""
    try:
        for (name, _), _result in crew.results():
            progress(name)
    except KeyboardInterrupt:
        with suppress(KeyboardInterrupt):  # a second one does not wait for those that were begun
            crew.stop()
        return True
    return False


def _of_group(group: Iterable[Where], needed: Sequence[Need]) -> Sequence[Need]:
    """Return what the zones of a group need."""
    zones = frozenset(group) if needed else frozenset[Where]()
    return [need for need in needed if need.zone in zones]


def _unmade(needed: Iterable[Need], ended: ZoneResults) -> dict[Where, str]:
    """Return why zones cannot be written: what they need is not made."""
    return {
        need.zone: f"{_told(need)}, where it is not made"
        for need in needed
        if (before := ended.get(need.needed)) is not None and not before.made(need.key)
    }


def _told(need: Need) -> str:
    zone, provider = need.needed
    return f"{need.why} {zone} at {provider}"


def _refused(zone: ZoneEntry, reasons: tuple[Refusal, ...]) -> ZoneResult:
    detail = "; ".join(map(str, reasons))
    return not_begun(zone, Status.REFUSED, detail, reasons)


def _interrupted(zone: ZoneEntry, begun: bool) -> ZoneResult:
    if begun:
        return in_doubt(zone)
    return not_begun(zone, Status.NOT_TRIED, "interrupted")
