"""What an apply did in each zone, for its report: before the first write, and at the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Literal

from mailauth_dns.deploy.apply import ApplyResult
from mailauth_dns.deploy.zone_results import Status, ZoneResult
from mailauth_dns.diff.shown_values import public
from mailauth_dns.plan.apply_report import (
    KeptKinds,
    ReportedChange,
    ReportedZone,
    UsedPermission,
)
from mailauth_dns.plan.permission import Permission
from mailauth_dns.plan.permissions import Allowance, Refusal, refusals
from mailauth_dns.plan.plan import ChangeEntry, LiveEntry, Plan, ZoneEntry
from mailauth_dns.plan.same_zones import ZonesByPlace

Done = Literal["done", "was done", "not done", "unknown"]


def to_write(plan: Plan, reviewed: Plan) -> tuple[ReportedZone, ...]:
    """Return the zones before the first write, with nothing known of what is done."""
    approved = ZonesByPlace(reviewed.zones)
    failed = (
        replace(
            _zone(*each.where),
            changes=_unread(approved.get(each.where)),
        )
        for each in plan.failed
    )
    planned = (
        replace(
            _zone(*zone.where),
            changes=tuple(_change(change, "unknown") for change in zone.changes),
            read_back="unknown" if zone.changes else "not read",
        )
        for zone in plan.zones
    )
    return (*planned, *failed)


def written(
    result: ApplyResult, reviewed: Plan, allowed: Iterable[Allowance]
) -> tuple[ReportedZone, ...]:
    """Return how an apply ended in each zone."""
    carried_out = ZonesByPlace(result.plan.zones)
    approved = ZonesByPlace(reviewed.zones)
    gates = refusals(result.plan.zones, ())
    watched = frozenset(result.watched)
    rows = result.rows_by_zone()
    found = []
    for each in result.zones:
        where = (each.zone, each.provider)
        zone = replace(
            _zone(*where), status=each.status.value, detail=each.detail, refusals=each.refusals
        )
        if (entry := carried_out.get(where)) is not None:
            used = () if each.refusals else _used(entry, gates.get(where, ()), tuple(allowed))
            zone = replace(
                zone,
                changes=tuple(_changes(each, entry, approved.get(where, entry))),
                permissions=used,
                blocked=entry.blocked,
                kept=tuple(KeptKinds(kept.name, kept.type, kept.kinds) for kept in entry.kept),
                read_back=_read_back(each),
            )
        else:
            zone = replace(zone, changes=_unread(approved.get(where)))
        if each.zone in watched:
            said = rows.get(each.zone, ())
            zone = replace(zone, live=_live(said), live_rows=tuple(map(_public, said)))
        found.append(zone)
    return tuple(found)


def _zone(zone: str, provider: str) -> ReportedZone:
    return ReportedZone(zone, provider, None, "", (), (), (), (), (), "not read", "not asked", ())


def _unread(approved: ZoneEntry | None) -> tuple[ReportedChange, ...]:
    """Return what was approved in a zone that nobody could read: perhaps a run before did it."""
    changes = approved.changes if approved is not None else ()
    return tuple(_change(change, "unknown") for change in changes)


def _changes(result: ZoneResult, entry: ZoneEntry, approved: ZoneEntry) -> Iterator[ReportedChange]:
    """Yield the changes of the plan that was carried out, and those that were done before."""
    fresh = {(change.name, change.type) for change in entry.changes}
    blocked = {(each.name, each.type) for each in entry.blocked}
    for change in approved.changes:
        if (change.name, change.type) not in fresh | blocked:
            yield _change(change, "was done")
    for change in entry.changes:
        state: Done
        if result.undone is None:
            state = "unknown"
        elif (change.name, change.type) in result.undone:
            state = "not done"
        else:
            state = "was done" if result.status is Status.UNCHANGED else "done"
        yield _change(change, state)


def _change(change: ChangeEntry, state: Done) -> ReportedChange:
    return ReportedChange(
        domain=change.domain,
        name=change.name,
        type=change.type,
        family=change.family,
        before=tuple(map(public, change.before)),
        after=tuple(map(public, change.after)),
        ttl_before=change.ttl_before,
        ttl_after=change.ttl_after,
        meaning=change.meaning,
        risk=change.risk,
        rules=change.rules,
        state=state,
    )


def _used(
    zone: ZoneEntry, gates: Sequence[Refusal], allowed: Sequence[Allowance]
) -> tuple[UsedPermission, ...]:
    """Return what policies permitted in a zone, and then what the command line did."""
    found = [
        _permitted(each, domain)
        for domain, permissions in (
            *((change.domain, change.permissions) for change in zone.changes),
            *((test.domain, test.permissions) for test in zone.tests),
            (zone.zone, zone.authority.permissions),
        )
        for each in permissions
    ]
    for gate in gates:
        by = next((each for each in allowed if _covers(each, gate)), None)
        if by is not None and gate.rule is not None:
            option = f"--allow {by.id}" + (f":{by.domain}" if by.domain is not None else "")
            found.append(UsedPermission(gate.rule, gate.domain, option, None, None))
    return tuple(dict.fromkeys(found))


def _covers(allowance: Allowance, gate: Refusal) -> bool:
    return gate.rule is not None and allowance.covers(gate.rule, gate.domain)


def _permitted(each: Permission, domain: str) -> UsedPermission:
    place = f"{each.path}:{each.line}"
    return UsedPermission(each.rule, domain, place, each.reason, each.until.isoformat())


def _read_back(result: ZoneResult) -> Literal["as applied", "differs", "unknown", "not read"]:
    if not result.changes or result.status in (Status.REFUSED, Status.NOT_TRIED):
        return "not read"
    if result.undone is None:
        return "unknown"
    return "differs" if result.undone else "as applied"


def _public(row: LiveEntry) -> LiveEntry:
    """Return a row without a private key that somebody published."""
    return replace(
        row,
        live=tuple(map(public, row.live)) if row.live is not None else None,
        servers=tuple(
            replace(each, values=tuple(map(public, each.values)))
            if each.values is not None
            else each
            for each in row.servers
        ),
    )


def _live(rows: Sequence[LiveEntry]) -> Literal["agrees", "differs", "waits", "unknown"]:
    states = {row.state for row in rows}
    if "unknown" in states:
        return "unknown"
    if states - {"waits"}:
        return "differs"
    return "waits" if states else "agrees"
