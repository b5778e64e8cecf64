"""Policy against provider and live DNS: a plan, which is a value and changes nothing.

Zones are planned some at a time. What stays of a zone is what the plan says of it.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from mailauth_dns import __version__
from mailauth_dns.compile.publication import Publication
from mailauth_dns.deploy import plan_notes
from mailauth_dns.deploy.evidence_of_changes import EvidenceOfChanges
from mailauth_dns.deploy.git_commit import git_commit
from mailauth_dns.deploy.plan_batch import Begins, Noted, Run
from mailauth_dns.deploy.plan_batches import in_batches
from mailauth_dns.deploy.plan_in_parts import InParts
from mailauth_dns.deploy.plan_request import PlanRequest
from mailauth_dns.deploy.proposals import Progress
from mailauth_dns.deploy.provider_pool import ProviderPool
from mailauth_dns.plan.alike import distinct
from mailauth_dns.plan.permission import IdlePermission
from mailauth_dns.plan.plan import Plan, Where, ZoneEntry
from mailauth_dns.plan.policy_permissions import Permissions, idle, permissions_of
from mailauth_dns.plan.same_zones import places, zones_alike
from mailauth_dns.plan.shard_entry import ShardEntry, places_digest
from mailauth_dns.policy.repo import Repo
from mailauth_dns.policy.repo_state import repo_state
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.renamed import First
from mailauth_dns.spread.shard import Shard

_EVERYTHING = PlanRequest()
# Of so few zones apply needs no second plan: the first one is made in the moment before it writes.
AT_HAND = 4


def make_plan(
    repo: Repo,
    pool: ProviderPool,
    publications: Iterable[Publication],
    request: PlanRequest = _EVERYTHING,
    progress: Progress = lambda _zone: None,
    noted: Noted = lambda _zone, _proposal: None,
    in_parts: InParts | None = None,
    begins: Begins = lambda _wanted: None,
) -> Plan:
    """Work out what would change at every provider of the publications.

    A zone that cannot be read is in `failed`. The pool remembers what apply needs. `noted` is told
    each entry with what the provider said; a later one for the same place counts. `begins` is told
    places before they are read. With `in_parts`, other processes make a part of the plan. Of that,
    `noted` and `begins` are told nothing, and the pool remembers only what was reviewed before.

    Raises:
        ProviderError: a stanza is wrong, its class is missing, or a secret is not set.
    """
    publications = tuple(publications)
    chosen, now = request.chosen(repo, publications), datetime.now(UTC)
    permissions = permissions_of(repo.policies, now.date())
    evidence = EvidenceOfChanges(repo, now.date())
    unreachable = pool.connect(_wanted(chosen, request))
    keeps = sum(1 for _ in _wanted(chosen, request)) <= AT_HAND
    run = Run(repo, pool, request, now, permissions, evidence, unreachable, keeps, begins)
    made = in_batches(run, chosen, request.declared or publications, progress, noted, in_parts)
    entries = zones_alike(())
    failed = []
    for at in _wanted(chosen, request):
        if isinstance(each := made.pop(at, None), First):
            entries.append_like(at[0], each)
        elif each is not None:
            failed.append(each)
    domains = {each for some in chosen for each in some.domains}
    notes = (*request.notes, *plan_notes.retiring(repo.policies, domains))
    plan = replace(begun(repo, request, now), zones=entries, failed=tuple(failed), notes=notes)
    if request.shard is not None:
        places = _wanted(chosen, request)
        return replace(plan, shard=_shard_entry(request.shard, repo, request, places))
    return finished(plan, repo, permissions, chosen, request)


def _wanted(chosen: Iterable[Publication], request: PlanRequest) -> Iterator[Where]:
    """Yield the places that are to be planned: of very many, no list is held."""
    return ((each.origin, at) for each in chosen for at in request.providers_of(each))


def finished(
    plan: Plan,
    repo: Repo,
    permissions: Permissions,
    chosen: Sequence[Publication],
    request: PlanRequest,
) -> Plan:
    """Return a plan of all its zones with what only all of them tell."""
    notes = (*plan.notes, *plan_notes.of_senders(repo.policies, plan.zones))
    return replace(plan, idle=_idle(permissions, chosen, request, plan.zones), notes=notes)


def _shard_entry(
    shard: Shard, repo: Repo, request: PlanRequest, wanted: Iterable[Where]
) -> ShardEntry:
    return ShardEntry(
        shard.number,
        shard.of,
        request.live,
        request.show_kept,
        request.providers,
        repo_state(repo.root),
        places_digest(wanted),
    )


def _idle(
    permissions: Permissions,
    chosen: Sequence[Publication],
    request: PlanRequest,
    entries: Sequence[ZoneEntry],
) -> tuple[IdlePermission, ...]:
    """Return the permissions that permit nothing in a plan."""
    if not permissions.by_domain:
        return ()
    whole = _planned_whole(chosen, request, frozenset(places(entries)))
    return idle(permissions, whole, entries)


def _planned_whole(
    chosen: Sequence[Publication], request: PlanRequest, made: Container[Where]
) -> frozenset[DomainName]:
    """Return the domains that were planned at every provider of their zones."""
    asked = [each for each in chosen if request.providers_of(each)]
    broken = {
        domain
        for each in asked
        if not all((each.origin, at) in made for at in each.providers)
        for domain in each.domains
    }
    return frozenset(domain for each in asked for domain in each.domains) - broken


def begun(repo: Repo, request: PlanRequest, now: datetime) -> Plan:
    """Return the plan of a request before anything is planned."""
    return Plan(
        tool=__version__,
        made_at=now.isoformat(timespec="seconds"),
        commit=git_commit(repo.root),
        domains=tuple(request.domains) or None,
        normalize=request.normalize,
        zones=(),
        failed=(),
        notes=request.notes,
    )


def unresolved(plan: Plan) -> bool:
    """Tell whether a zone could not be read or a change is refused."""
    return bool(plan.failed) or any(zone.refused for zone, _ in distinct(plan.zones))
