"""Apply what was reviewed: plan again, refuse or narrow, write, read back, and ask the authoritative servers.

Since a change that is done is recognised by the zone itself, a killed apply is finished by running it again; the journal beside the plan is
for people.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from mailauth_dns.atomic_files import append_line
from mailauth_dns.compile.publication import Publication, selected
from mailauth_dns.deploy.plan import Holds, Plan, Step, make_plan
from mailauth_dns.deploy.provider_pool import Crew, Lane
from mailauth_dns.deploy.verify import unsettled, watch
from mailauth_dns.deploy.zone_write import Status, ZoneOutcome, written
from mailauth_dns.diff.change import Hold
from mailauth_dns.diff.changed_terms import changed_terms
from mailauth_dns.diff.equivalence import same
from mailauth_dns.errors import PlanRefused
from mailauth_dns.octo.target import Proposal
from mailauth_dns.plan.permissions import Allowance, refusals
from mailauth_dns.plan.plan_file import ChangeEntry, LiveEntry, PlanFile, ZoneEntry
from mailauth_dns.policy.repo import Repo
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import quoted


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened. `live` are the rows that the authoritative servers do not yet say; None where they were not asked.

    `watched` are the zones that they were asked about.
    """

    zones: tuple[ZoneOutcome, ...]
    notes: tuple[str, ...]
    live: tuple[LiveEntry, ...] | None
    watched: tuple[str, ...] = ()
    interrupted: bool = False
    waiting: bool = False  # a change was left for a later plan

    @property
    def complete(self) -> bool:
        """Tell whether everything that was asked for is done."""
        return all(zone.status in (Status.APPLIED, Status.UNCHANGED) for zone in self.zones)


def replan(
    repo: Repo,
    publications: Iterable[Publication],
    reviewed: PlanFile,
    *,
    live: bool = True,
    step: Step = lambda _zone: None,
) -> tuple[Plan, tuple[str, ...]]:
    """Plan again what was reviewed, and return the plan with notes of what else has moved since.

    Raises:
        PlanRefused: the policy, the provider or our records are not as they were reviewed.
        ProviderError: a stanza is wrong, or a provider of the plan cannot be read.
    """
    domains = tuple(DomainName(domain) for domain in reviewed.domains or ())
    wanted = {zone.zone for zone in reviewed.zones}
    chosen = [
        publication
        for publication in selected(repo, publications, domains)
        if publication.origin in wanted
    ]
    _check_digests(repo, chosen, reviewed)
    # Cut to what the file names: the file can narrow the plan, to fewer zones and to fewer providers.
    named = {(zone.zone, zone.provider) for zone in reviewed.zones}
    # A provider that could not be read then is asked too: what waited for it still waits.
    asked = named | {(failed.zone, failed.provider) for failed in reviewed.failed}
    narrowed = [
        Publication(
            publication.origin,
            publication.declared,
            tuple(
                provider
                for provider in publication.providers
                if (publication.origin, provider) in asked
            ),
            publication.nameservers,
            publication.unselected,
        )
        for publication in chosen
    ]
    plan = make_plan(
        repo,
        narrowed,
        domains=domains,
        live=live,
        normalize=reviewed.normalize,
        held=_waited(reviewed),
        step=step,
    )
    plan = _only(plan, named)
    by_key = {(zone.zone, zone.provider): zone for zone in plan.file.zones}
    differences: list[str] = []
    notes: list[str] = []
    for zone in reviewed.zones:
        now = by_key.get((zone.zone, zone.provider))
        if now is not None:
            differences += _moved(zone, now, plan.proposals[zone.zone, zone.provider])
            notes += _foreign_moved(zone, now)
    if differences:
        raise PlanRefused(
            "\n".join(
                [
                    "the plan is no longer what was reviewed; nothing was written, plan again:",
                    *differences,
                ]
            )
        )
    return plan, tuple(notes)


def _waited(reviewed: PlanFile) -> Holds:
    """Return what had to wait when it was reviewed: it was not approved, and waits for a plan of its own though it may go by now."""
    hold = Hold("had to wait when it was reviewed; plan again to publish it", waits=True)
    return {
        (zone.zone, zone.provider): {
            (DomainName(entry.name), entry.type): hold for entry in zone.waiting
        }
        for zone in reviewed.zones
    }


def _only(plan: Plan, named: Container[tuple[str, str]]) -> Plan:
    """Return a plan without the zones, and the failures, at providers that are not named."""
    zones = tuple(zone for zone in plan.file.zones if (zone.zone, zone.provider) in named)
    failed = tuple(failed for failed in plan.file.failed if (failed.zone, failed.provider) in named)
    return replace(plan, file=plan.file.model_copy(update={"zones": zones, "failed": failed}))


def _check_digests(repo: Repo, publications: Iterable[Publication], reviewed: PlanFile) -> None:
    by_zone = {publication.origin: publication for publication in publications}
    problems = []
    for zone in reviewed.zones:
        publication = by_zone.get(DomainName(zone.zone))
        if publication is None or zone.provider not in publication.providers:
            problems.append(
                f"{zone.zone}: the policy no longer publishes it at {zone.provider}; plan again"
            )
            continue
        if publication.digest != zone.policy_digest:
            problems.append(
                f"{zone.zone}: the policy is now {publication.digest[:12]}, approved was {zone.policy_digest[:12]}; plan again"
            )
        digest = repo.stanzas[zone.provider].digest
        if digest != zone.provider_digest:
            problems.append(
                f"providers/{zone.provider}.yaml is now {digest[:12]}, approved was {zone.provider_digest[:12]}; plan again"
            )
    if problems:
        raise PlanRefused(
            "\n".join(
                [
                    "the files are not those that were reviewed; nothing was written:",
                    *dict.fromkeys(problems),
                ]
            )
        )


def _moved(reviewed: ZoneEntry, now: ZoneEntry, proposal: Proposal) -> list[str]:
    """Return what is neither pending nor done, in words."""
    found = []
    pending = {(change.name, change.type): change for change in now.changes}
    blocked = {(entry.name, entry.type): entry.reason for entry in now.blocked}
    approved = {(change.name, change.type): change for change in reviewed.changes}
    for key, change in approved.items():
        fresh = pending.get(key)
        label = f"  {change.name} {change.type} at {now.provider}"
        if key in blocked:
            found.append(f"{label}: is blocked now: {blocked[key]}")
        elif fresh is None and not _done(change, proposal):
            found.append(
                f"{label}: the zone has what the policy asks for, and that is not what was reviewed: {_values(change.after)}"
            )
        elif fresh is not None and fresh.identity != change.identity:
            found += [f"{label}: reviewed {_step(change)},", f"    now {_step(fresh)}"]
            found += _terms("before", change.before, fresh.before) + _terms(
                "after", change.after, fresh.after
            )
    for (name, type), fresh in pending.items():
        if (name, type) not in approved:
            found.append(f"  {name} {type} at {now.provider}: was not reviewed: {_step(fresh)}")
    return found


def _terms(side: str, reviewed: tuple[str, ...], now: tuple[str, ...]) -> list[str]:
    """Return in which terms two values differ, for a reader of long ones."""
    if reviewed == now or len(reviewed) != 1 or len(now) != 1:
        return []
    gone, came = changed_terms(reviewed[0], now[0])
    return [
        f"    {side}: {sign} {quoted(terms)}" for sign, terms in (("-", gone), ("+", came)) if terms
    ]


def _done(change: ChangeEntry, proposal: Proposal) -> bool:
    name, type = DomainName(change.name), change.type
    there = proposal.reading.zone.get((name, type))
    now = frozenset() if there is None else there.values
    return not change.after or any(
        same(Family(change.family), type, frozenset({value}), frozenset(change.after))
        for value in now
    )


def _step(change: ChangeEntry) -> str:
    return f"{_values(change.before)} -> {_values(change.after)} (TTL {change.ttl_before} -> {change.ttl_after})"


def _values(values: tuple[str, ...]) -> str:
    return " and ".join(map(quoted, values)) or "nothing"


def _foreign_moved(reviewed: ZoneEntry, now: ZoneEntry) -> list[str]:
    """Return notes about foreign values that came or went; they are kept as they are now."""
    before = {(kept.name, kept.type, kind) for kept in reviewed.kept for kind in kept.kinds}
    after = {(kept.name, kept.type, kind) for kept in now.kept for kind in kept.kinds}
    where = f"at {now.provider} since the plan"
    came = [
        f"{name} {type}: a foreign value ({kind}) was added {where}; it is kept"
        for name, type, kind in sorted(after - before)
    ]
    return came + [
        f"{name} {type}: a foreign value ({kind}) was taken away {where}"
        for name, type, kind in sorted(before - after)
    ]


def refuse_without_permission(plan: PlanFile, allowed: Iterable[Allowance]) -> None:
    """Raise PlanRefused, with every reason, unless `allowed` permits all that the plan needs permission for."""
    if reasons := refusals(plan, allowed):
        raise PlanRefused(
            "\n".join(["refused, nothing was written:", *(f"  {reason}" for reason in reasons)])
        )


def carry_out(
    plan: Plan,
    reviewed: PlanFile | None,
    *,
    allowed: Iterable[Allowance],
    wait: float,
    live: bool = True,
    notes: tuple[str, ...] = (),
    journal: Path | None = None,
    step: Step = lambda _zone: None,
) -> Outcome:
    """Carry out a plan that was just made; `wait` is how many seconds live DNS may take to agree.

    Raises:
        PlanRefused: the plan needs permission that `allowed` does not give; nothing was written.
    """
    refuse_without_permission(plan.file, allowed)
    outcomes, interrupted = _zones(plan, _Journal(journal), step)
    outcomes += [
        ZoneOutcome(failed.zone, failed.provider, Status.FAILED, (), failed.error)
        for failed in plan.file.failed
    ]
    for failed in reviewed.failed if reviewed is not None else ():
        outcomes.append(
            ZoneOutcome(
                failed.zone,
                failed.provider,
                Status.NOT_TRIED,
                (),
                f"was not planned: {failed.error}",
            )
        )
    waiting = {(entry.name, entry.type) for zone in plan.file.zones for entry in zone.waiting}
    if not live or interrupted:
        return Outcome(tuple(outcomes), notes, None, interrupted=interrupted, waiting=bool(waiting))
    watched = _to_watch(outcomes, plan.file, reviewed)
    try:
        seen = watch([plan.publications[zone] for zone in watched], wait, waiting)
    except KeyboardInterrupt:
        return Outcome(tuple(outcomes), notes, None, interrupted=True)
    rows = tuple(row for rows in seen.values() for row in unsettled(rows))
    return Outcome(tuple(outcomes), notes, rows, tuple(watched), waiting=bool(waiting))


def _zones(plan: Plan, log: _Journal, step: Step) -> tuple[list[ZoneOutcome], bool]:
    """Write the zones; an interrupt ends it after those that were begun, and what came of each zone is told all the same."""
    zones = {(zone.zone, zone.provider): zone for zone in plan.file.zones}

    def write(lane: Lane, key: tuple[str, str]) -> ZoneOutcome:
        log.write(zones[key], "begun")
        outcome = written(
            lane,
            zones[key],
            plan.proposals[key],
            plan.publications[key[0]],
            normalize=plan.file.normalize,
        )
        log.write(zones[key], outcome.status.value, outcome.detail)
        return outcome

    crew = Crew({key: plan.lanes[key[1]].of(key[0]) for key in zones}, write)
    interrupted = False
    try:
        for (zone, _), _outcome in crew.results():
            step(zone)
    except KeyboardInterrupt:
        interrupted = True
        with suppress(KeyboardInterrupt):  # a second one does not wait for those that were begun
            crew.stop()
    return [
        crew.done.get(key) or _interrupted(entry, key in crew.begun) for key, entry in zones.items()
    ], interrupted


def _interrupted(zone: ZoneEntry, begun: bool) -> ZoneOutcome:
    if begun:
        return ZoneOutcome(
            zone.zone,
            zone.provider,
            Status.FAILED,
            zone.changes,
            "interrupted while it was written; run the apply again",
        )
    return ZoneOutcome(zone.zone, zone.provider, Status.NOT_TRIED, zone.changes, "interrupted")


def _to_watch(
    outcomes: Iterable[ZoneOutcome], fresh: PlanFile, reviewed: PlanFile | None
) -> list[str]:
    """Return the zones whose servers must come to agree: all that had a change, also those that an earlier run wrote."""
    changing = {
        zone.zone
        for file in (fresh, reviewed)
        if file is not None
        for zone in file.zones
        if zone.changes
    }
    settled = {
        outcome.zone for outcome in outcomes if outcome.status in (Status.APPLIED, Status.UNCHANGED)
    }
    return sorted(changing & settled)


class _Journal:
    """Lines for people beside the plan: what was begun and how it ended. Nothing reads it; that it cannot be written stops nothing."""

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
