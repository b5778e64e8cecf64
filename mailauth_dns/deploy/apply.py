"""Apply a plan: write each zone, read it back, and ask the authoritative servers.

A change that is done is recognised in the zone itself, so you finish a killed apply by running it
again; the journal beside the plan is for people.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from mailauth_dns.atomic_files import append_line
from mailauth_dns.deploy.proposals import Progress
from mailauth_dns.deploy.provider_pool import Crew, Lane, ProviderPool
from mailauth_dns.deploy.verify import unsettled, watch
from mailauth_dns.deploy.zone_write import Status, ZoneResult, not_begun, written
from mailauth_dns.plan.permissions import Allowance, Refusal, refusals
from mailauth_dns.plan.plan import LiveEntry, Plan, Where, ZoneEntry
from mailauth_dns.plan.policy_permissions import still_in_force
from mailauth_dns.plan.tied_zones import Need, in_turn, needs
from mailauth_dns.records.name import DomainName, upwards


@dataclass(frozen=True, slots=True)
class ApplyResult:
    """How an apply ended.

    `plan` is what was carried out. `live` are the rows that authoritative servers do not say yet;
    None where nobody asked them. `watched` are the zones that they were asked about.
    """

    zones: tuple[ZoneResult, ...]
    plan: Plan
    notes: tuple[str, ...]
    live: tuple[LiveEntry, ...] | None
    watched: tuple[str, ...] = ()
    interrupted: bool = False
    waiting: bool = False  # a change was left for a later plan

    @property
    def complete(self) -> bool:
        """Tell whether everything that was asked for is done."""
        return all(zone.status in (Status.APPLIED, Status.UNCHANGED) for zone in self.zones)

    def rows_by_zone(self) -> dict[str, list[LiveEntry]]:
        """Return the rows of `live` by their watched zone; those of no such zone by ""."""
        zones = frozenset(self.watched)
        found: dict[str, list[LiveEntry]] = {}
        for row in self.live or ():
            zone = next((each for each in upwards(DomainName(row.name)) if each in zones), "")
            found.setdefault(zone, []).append(row)
        return found


@dataclass(frozen=True, slots=True)
class ApplyRequest:
    """How to apply: `wait` is how many seconds live DNS may take to agree.

    `notes` say what moved since the review; they are told with the result.
    """

    allowed: tuple[Allowance, ...] = ()
    wait: float = 60
    live: bool = True
    journal: Path | None = None
    notes: tuple[str, ...] = ()


def apply(
    plan: Plan,
    pool: ProviderPool,
    request: ApplyRequest,
    reviewed: Plan | None = None,
    progress: Progress = lambda _zone: None,
) -> ApplyResult:
    """Carry out a plan that was just made with this pool, from what was `reviewed` or without.

    A zone that lacks permission is refused, and the others are written.

    Raises:
        PlanRefused: the plan is not this pool's; nothing was written.
    """
    # It was perhaps made yesterday, and somebody has just said yes to it.
    plan = still_in_force(plan, datetime.now(UTC).date())
    log = _Journal(request.journal)
    results, interrupted = _write(plan, pool, request.allowed, log, progress)
    results += _not_written(plan, reviewed)
    waiting = {(entry.name, entry.type) for zone in plan.zones for entry in zone.waiting}
    ended = ApplyResult(tuple(results), plan, request.notes, None, (), interrupted, bool(waiting))
    if not request.live or interrupted:
        return ended
    watched = _to_watch(results, plan, reviewed)
    publications = {zone.zone: pool.proposed(zone.where).publication for zone in plan.zones}
    blocked = {(entry.name, entry.type) for zone in plan.zones for entry in zone.refused}
    try:
        seen = watch([publications[zone] for zone in watched], request.wait, waiting | blocked)
    except KeyboardInterrupt:
        return replace(ended, interrupted=True)
    rows = tuple(
        row
        for rows in seen.values()
        for row in unsettled(rows)
        if (row.name, row.type) not in blocked  # it was not written
    )
    return replace(ended, live=rows, watched=tuple(watched))


def _not_written(plan: Plan, reviewed: Plan | None) -> list[ZoneResult]:
    """Return the results of zones that could not be planned, now or when the plan was reviewed."""
    results = [
        ZoneResult(failed.zone, failed.provider, Status.FAILED, (), failed.error)
        for failed in plan.failed
    ]
    for failed in reviewed.failed if reviewed is not None else ():
        detail = f"was not planned: {failed.error}"
        results.append(ZoneResult(failed.zone, failed.provider, Status.NOT_TRIED, (), detail))
    return results


def _write(
    plan: Plan,
    pool: ProviderPool,
    allowed: Iterable[Allowance],
    log: _Journal,
    progress: Progress,
) -> tuple[list[ZoneResult], bool]:
    """Write the zones that are not refused.

    Return how each ended, and whether an interrupt kept some from beginning.
    """
    refused = refusals(plan.zones, allowed)
    for zone in plan.zones:
        pool.proposed(zone.where)  # nothing is written if the plan is not this pool's
    ended: dict[Where, ZoneResult] = {}
    for zone in plan.zones:
        if zone.where in refused:
            ended[zone.where] = result = _refused(zone, refused[zone.where])
            log.write(zone, result.status.value, result.detail)
            progress(zone.zone)
    zones = {zone.where: zone for zone in plan.zones if zone.where not in refused}

    def write(lane: Lane, where: Where) -> ZoneResult:
        log.write(zones[where], "begun")
        result = written(lane, zones[where], pool.proposed(where), normalize=plan.normalize)
        log.write(zones[where], result.status.value, result.detail)
        return result

    interrupted = False
    needed = needs(zones.values())
    for group in in_turn(zones, needed):
        for where, result in _unmet(zones, group, needed, ended).items():
            ended[where] = result
            log.write(zones[where], result.status.value, result.detail)
            progress(where[0])
        ready = [where for where in group if where not in ended]
        crew = Crew({where: pool.lane(where) for where in ready}, write)
        interrupted = interrupted or _interrupts(crew, progress)
        for where in ready:
            ended[where] = crew.result(where) or _interrupted(zones[where], crew.begun(where))
    return [ended[zone.where] for zone in plan.zones], interrupted


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


def _to_watch(results: Iterable[ZoneResult], fresh: Plan, reviewed: Plan | None) -> list[str]:
    """Return the zones whose servers must agree: those with a change, now or in an earlier run."""
    changing = {
        zone.zone
        for file in (fresh, reviewed)
        if file is not None
        for zone in file.zones
        if zone.changes
    }
    settled = {
        result.zone
        for result in results
        if result.status in (Status.APPLIED, Status.UNCHANGED)
        or (result.status is Status.PARTIAL and result.undone == frozenset())
    }
    return sorted(changing & settled)


class _Journal:
    """Lines for people beside the plan: what was begun and how it ended.

    Nothing reads the journal, so an apply goes on where it cannot be written.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def write(self, zone: ZoneEntry, what: str, detail: str = "") -> None:
        if self._path is None or not zone.changes:
            return
        line = {
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "zone": zone.zone,
            "provider": zone.provider,
            "what": what,
        }
        with suppress(OSError):
            append_line(self._path, json.dumps({**line, "detail": detail} if detail else line))
