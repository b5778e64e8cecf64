"""Policy against provider and live DNS: a plan, which is a value and changes nothing.

Zones are planned some at a time. What stays of a zone is what the plan says of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from mailauth_dns import __version__
from mailauth_dns.compile.publication import Publication
from mailauth_dns.deploy import plan_notes
from mailauth_dns.deploy.git_commit import git_commit
from mailauth_dns.deploy.plan_batch import Entries, Noted, Run
from mailauth_dns.deploy.plan_batches import in_batches
from mailauth_dns.deploy.plan_request import PlanRequest
from mailauth_dns.deploy.proposals import Progress
from mailauth_dns.deploy.provider_pool import ProviderPool
from mailauth_dns.plan.permission import IdlePermission
from mailauth_dns.plan.plan import FailedEntry, Plan, ZoneEntry
from mailauth_dns.plan.policy_permissions import Permissions, idle, permissions_of
from mailauth_dns.policy.repo import Repo
from mailauth_dns.records.name import DomainName

_EVERYTHING = PlanRequest()


def make_plan(
    repo: Repo,
    pool: ProviderPool,
    publications: Iterable[Publication],
    request: PlanRequest = _EVERYTHING,
    progress: Progress = lambda _zone: None,
    noted: Noted = lambda _zone, _proposal: None,
) -> Plan:
    """Work out what would change at every provider of the publications.

    A zone that cannot be read is in `failed`. The pool remembers what apply needs. `noted` is told
    each entry with what the provider said; a later one for the same place counts.

    Raises:
        ProviderError: a stanza is wrong, its class is missing, or a secret is not set.
    """
    publications = tuple(publications)
    chosen, now = request.chosen(repo, publications), datetime.now(UTC)
    wanted = [(each.origin, at) for each in chosen for at in request.providers_of(each)]
    permissions = permissions_of(repo.policies, now.date())
    run = Run(repo, pool, request, now, permissions, pool.connect(wanted))
    made = in_batches(run, chosen, request.declared or publications, progress, noted)
    entries = tuple(each for at in wanted if isinstance(each := made[at], ZoneEntry))
    failed = tuple(each for at in wanted if isinstance(each := made[at], FailedEntry))
    unneeded = _idle(permissions, chosen, request, made)
    notes = (
        *request.notes,
        *plan_notes.retiring(repo.policies, {each for some in chosen for each in some.domains}),
        *plan_notes.of_senders(repo.policies, entries),
    )
    return replace(
        begun(repo, request, now), zones=entries, failed=failed, idle=unneeded, notes=notes
    )


def _idle(
    permissions: Permissions,
    chosen: Sequence[Publication],
    request: PlanRequest,
    made: Entries,
) -> tuple[IdlePermission, ...]:
    """Return the permissions that permit nothing in a plan."""
    if not permissions.by_domain:
        return ()
    entries = [each for each in made.values() if isinstance(each, ZoneEntry)]
    return idle(permissions, _planned_whole(chosen, request, made), entries)


def _planned_whole(
    chosen: Sequence[Publication], request: PlanRequest, made: Entries
) -> frozenset[DomainName]:
    """Return the domains that were planned at every provider of their zones."""
    asked = [each for each in chosen if request.providers_of(each)]
    broken = {
        domain
        for each in asked
        if not all(isinstance(made.get((each.origin, at)), ZoneEntry) for at in each.providers)
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
    return bool(plan.failed) or any(zone.refused for zone in plan.zones)
