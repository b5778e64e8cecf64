"""Plan again what was reviewed, and refuse if it is no longer what was reviewed.

A reviewed change is pending (our values are as before), done (as after) or moved (anything else).
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import replace

from mailauth_dns.compile.publication import Publication, selected
from mailauth_dns.deploy.make_plan import Holds, PlanRequest, Progress, make_plan
from mailauth_dns.deploy.provider_pool import ProviderPool
from mailauth_dns.diff.change import Hold
from mailauth_dns.diff.changed_terms import changed_terms
from mailauth_dns.errors import PlanRefused
from mailauth_dns.octo.target import Proposal
from mailauth_dns.plan.done import is_done
from mailauth_dns.plan.plan import ChangeEntry, Plan, Where, ZoneEntry
from mailauth_dns.plan.policy_permissions import moved
from mailauth_dns.policy.repo import Repo
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import quoted


def replan(
    repo: Repo,
    pool: ProviderPool,
    publications: Iterable[Publication],
    reviewed: Plan,
    *,
    live: bool = True,
    progress: Progress = lambda _zone: None,
) -> tuple[Plan, tuple[str, ...]]:
    """Plan again what was reviewed; return the plan, and notes of what moved outside it.

    Raises:
        PlanRefused: the policy, the provider or our records are not as they were reviewed.
        ProviderError: a stanza is wrong, or a provider of the plan cannot be read.
    """
    domains = tuple(DomainName(domain) for domain in reviewed.domains or ())
    named = {(zone.zone, zone.provider) for zone in reviewed.zones}
    wanted = {zone for zone, _ in named}
    chosen = [
        publication
        for publication in selected(repo, publications, domains)
        if publication.origin in wanted
    ]
    _check_digests(repo, chosen, reviewed)
    # A provider that could not be read at the review is asked too: what waited for it still waits.
    asked = named | {(failed.zone, failed.provider) for failed in reviewed.failed}
    narrowed = [_narrowed(publication, asked) for publication in chosen]
    request = PlanRequest(domains, live, reviewed.normalize, held=_waited(reviewed))
    plan = _only(make_plan(repo, pool, narrowed, request, progress), named)
    return plan, _differences(plan, pool, reviewed)


def _narrowed(publication: Publication, asked: Container[Where]) -> Publication:
    """Return a publication for fewer providers: the file can narrow the plan."""
    providers = (each for each in publication.providers if (publication.origin, each) in asked)
    return replace(publication, providers=tuple(providers))


def _differences(plan: Plan, pool: ProviderPool, reviewed: Plan) -> tuple[str, ...]:
    """Return notes of what moved outside the plan.

    Raises:
        PlanRefused: something in the plan has moved.
    """
    by_key = {(zone.zone, zone.provider): zone for zone in plan.zones}
    differences: list[str] = []
    notes: list[str] = []
    for zone in reviewed.zones:
        now = by_key.get((zone.zone, zone.provider))
        if now is not None:
            differences += _moved(zone, now, pool.proposed((zone.zone, zone.provider)).proposal)
            notes += _foreign_moved(zone, now)
            notes += moved(zone, now)
    if differences:
        raise PlanRefused(
            "\n".join(
                [
                    "the plan is no longer what was reviewed; nothing was written, plan again:",
                    *differences,
                ]
            )
        )
    return tuple(notes)


def _waited(reviewed: Plan) -> Holds:
    """Return what had to wait at the review: nobody approved it, so it needs a new plan."""
    hold = Hold("had to wait when it was reviewed; plan again to publish it", waits=True)
    return {
        (zone.zone, zone.provider): {
            (DomainName(entry.name), entry.type): hold for entry in zone.waiting
        }
        for zone in reviewed.zones
    }


def _only(plan: Plan, named: Container[Where]) -> Plan:
    """Return a plan without the zones, and the failures, at providers that are not named."""
    zones = tuple(zone for zone in plan.zones if (zone.zone, zone.provider) in named)
    failed = tuple(failed for failed in plan.failed if (failed.zone, failed.provider) in named)
    return replace(plan, zones=zones, failed=failed)


def _check_digests(repo: Repo, publications: Iterable[Publication], reviewed: Plan) -> None:
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
                f"{zone.zone}: the policy is now {publication.digest[:12]}, "
                f"approved was {zone.policy_digest[:12]}; plan again"
            )
        digest = repo.stanzas[zone.provider].digest
        if digest != zone.provider_digest:
            problems.append(
                f"providers/{zone.provider}.yaml is now {digest[:12]}, "
                f"approved was {zone.provider_digest[:12]}; plan again"
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
        elif fresh is None and not is_done(change, proposal.reading.zone):
            found.append(
                f"{label}: the zone has what the policy asks for, "
                f"and that is not what was reviewed: {_values(change.after)}"
            )
        elif fresh is not None and fresh.identity != change.identity:
            found += [f"{label}: reviewed {_told(change)},", f"    now {_told(fresh)}"]
            found += _terms("before", change.before, fresh.before) + _terms(
                "after", change.after, fresh.after
            )
    for (name, type), fresh in pending.items():
        if (name, type) not in approved:
            found.append(f"  {name} {type} at {now.provider}: was not reviewed: {_told(fresh)}")
    return found


def _terms(side: str, reviewed: tuple[str, ...], now: tuple[str, ...]) -> list[str]:
    """Return the terms in which two values differ, since long values are hard to compare."""
    if reviewed == now or len(reviewed) != 1 or len(now) != 1:
        return []
    gone, came = changed_terms(reviewed[0], now[0])
    return [
        f"    {side}: {sign} {quoted(terms)}" for sign, terms in (("-", gone), ("+", came)) if terms
    ]


def _told(change: ChangeEntry) -> str:
    values = f"{_values(change.before)} -> {_values(change.after)}"
    return f"{values} (TTL {change.ttl_before} -> {change.ttl_after})"


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
