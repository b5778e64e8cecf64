"""Apply a plan: write each zone, read it back, and ask the authoritative servers.

A change that is done is recognised in the zone itself, so you finish a killed apply by running it
again; the journal beside the plan is for people.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from mailauth_dns.deploy.journal import Journal
from mailauth_dns.deploy.proposals import Progress
from mailauth_dns.deploy.provider_pool import ProviderPool
from mailauth_dns.deploy.verify import unsettled, watch
from mailauth_dns.deploy.write_zones import WriteRequest, write_zones
from mailauth_dns.deploy.zone_results import Status, ZoneResult
from mailauth_dns.plan.alike import distinct, matching
from mailauth_dns.plan.permissions import Allowance
from mailauth_dns.plan.plan import LiveEntry, Plan
from mailauth_dns.plan.policy_permissions import still_in_force
from mailauth_dns.plan.same_zones import places
from mailauth_dns.records.name import DomainName, upwards
from mailauth_dns.spread.spread import Spread


@dataclass(frozen=True, slots=True)
class ApplyResult:
    """How an apply ended.

    `plan` is what was carried out. `live` are the rows that authoritative servers do not say yet;
    None where nobody asked them. `watched` are the zones that they were asked about.
    """

    zones: Sequence[ZoneResult]
    plan: Plan
    notes: tuple[str, ...]
    live: tuple[LiveEntry, ...] | None
    watched: tuple[str, ...] = ()
    interrupted: bool = False
    waiting: bool = False  # a change was left for a later plan

    @property
    def complete(self) -> bool:
        """Tell whether everything that was asked for is done."""
        return all(
            zone.status in (Status.APPLIED, Status.UNCHANGED) for zone, _ in distinct(self.zones)
        )

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

    `notes` say what moved since the review; they are told with the result. With `spread`, other
    processes write zones too.
    """

    allowed: tuple[Allowance, ...] = ()
    wait: float = 60
    live: bool = True
    journal: Path | None = None
    notes: tuple[str, ...] = ()
    spread: Spread | None = None


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
    wait = request.wait if request.live else None
    log = Journal(request.journal)
    writing = WriteRequest(request.allowed, wait, log, progress, request.spread)
    results, interrupted = write_zones(plan, pool, writing)
    for each in _not_written(plan, reviewed):
        results.append(each)
    waits = matching(plan.zones, lambda zone: zone.waiting)
    waiting = {(entry.name, entry.type) for zone in waits for entry in zone.waiting}
    ended = ApplyResult(results, plan, request.notes, None, (), interrupted, bool(waiting))
    if not request.live or interrupted:
        return ended
    try:
        watched = _to_watch(results, plan, reviewed)
        at = {zone: (zone, provider) for zone, provider in places(plan.zones)}
        publications = [pool.planned(at[zone]).publication for zone in watched]
        refused = matching(plan.zones, lambda zone: zone.refused)
        blocked = {(entry.name, entry.type) for zone in refused for entry in zone.refused}
        seen = watch(publications, request.wait, waiting | blocked)
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


def _to_watch(results: Iterable[ZoneResult], fresh: Plan, reviewed: Plan | None) -> list[str]:
    """Return the zones whose servers must agree: those with a change, now or in an earlier run."""
    changing = {
        zone.zone
        for file in (fresh, reviewed)
        if file is not None
        for zone in matching(file.zones, lambda each: each.changes)
    }
    return sorted(changing & {result.zone for result in matching(results, _is_settled)})


def _is_settled(result: ZoneResult) -> bool:
    return result.status in (Status.APPLIED, Status.UNCHANGED) or (
        result.status is Status.PARTIAL and result.undone == frozenset()
    )
