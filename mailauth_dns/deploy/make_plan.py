"""Policy against provider and live DNS: a plan, which is a value and changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from mailauth_dns import __version__
from mailauth_dns.compile.publication import Publication
from mailauth_dns.deploy import observed, plan_notes, zone_entries
from mailauth_dns.deploy.evidence_of_changes import EvidenceOfChanges
from mailauth_dns.deploy.git_commit import git_commit
from mailauth_dns.deploy.other_providers import Answers
from mailauth_dns.deploy.plan_request import PlanRequest
from mailauth_dns.deploy.proposals import Progress, Question, proposals, settled
from mailauth_dns.deploy.provider_pool import Proposed, ProviderPool
from mailauth_dns.diff.change import Hold
from mailauth_dns.errors import ProviderError
from mailauth_dns.octo.target import Proposal
from mailauth_dns.plan import spf_part_timing
from mailauth_dns.plan.plan import FailedEntry, Plan, Where
from mailauth_dns.plan.policy_permissions import idle, permissions_of, with_permissions
from mailauth_dns.policy.repo import Repo
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey

_EVERYTHING = PlanRequest()


def make_plan(
    repo: Repo,
    pool: ProviderPool,
    publications: Iterable[Publication],
    request: PlanRequest = _EVERYTHING,
    progress: Progress = lambda _zone: None,
) -> Plan:
    """Work out what would change at every provider of the publications.

    A zone that cannot be read is in `failed`. The pool remembers what apply needs.

    Raises:
        ProviderError: a stanza is wrong, its class is missing, or a secret is not set.
    """
    publications = tuple(publications)
    chosen, now = request.chosen(repo, publications), datetime.now(UTC)
    wanted: dict[Where, Publication] = {
        (publication.origin, provider): publication
        for publication in chosen
        for provider in request.providers_of(publication)
    }
    known = observed.ready_parts(chosen, now) if request.live else {}
    held, declared = _held(wanted, known, now, request), request.declared or publications
    question = Question(wanted, held, declared, request.providers, now, request.normalize)
    answers, observations = _compared(pool, question, known, progress, live=request.live)
    proposed = {where: each for where, each in answers.items() if isinstance(each, Proposal)}
    for where, proposal in proposed.items():
        pool.remember(where, Proposed(wanted[where], proposal))
    evidence = EvidenceOfChanges(repo, now.date())
    untried = zone_entries.entries(repo, wanted, proposed, observations, request, evidence)
    permissions = permissions_of(repo.policies, now.date())
    entries = tuple(
        with_permissions(zone, permissions)
        for zone in zone_entries.with_tests(repo, chosen, untried, proposed, live=request.live)
    )
    failed = _failed(answers, wanted)
    unneeded = idle(permissions, _planned_whole(wanted, failed), entries)
    planned = {domain for publication in chosen for domain in publication.domains}
    notes = (
        *request.notes,
        *plan_notes.retiring(repo.policies, planned),
        *plan_notes.of_senders(repo.policies, entries),
    )
    return replace(
        begun(repo, request, now), zones=entries, failed=failed, idle=unneeded, notes=notes
    )


def _compared(
    pool: ProviderPool,
    question: Question,
    known: observed.Observations,
    progress: Progress,
    *,
    live: bool,
) -> tuple[Answers, observed.Observations]:
    """Ask the providers and, if `live`, DNS about what they hold; return the answers of both.

    Where a provider told only a part of its zone, all of it is blocked, and what needs it waits.
    """
    answers = proposals(pool, question, progress)
    if not live:
        return answers, {}
    read = (
        (question.wanted[where], each.reading.zone)
        for where, each in answers.items()
        if isinstance(each, Proposal)
    )
    observations = observed.beside_providers(read, known)
    while refused := dict(_told_in_part(answers, question.wanted, observations)):
        answers = settled(pool, question, {**answers, **refused})
    return answers, observations


def _told_in_part(
    answers: Answers, wanted: Mapping[Where, Publication], observations: observed.Observations
) -> Iterator[tuple[Where, Proposal]]:
    """Yield the proposals of which nothing may be written, as they are then."""
    for where, each in answers.items():
        observation = observations.get(wanted[where].origin)
        if observation is not None and isinstance(each, Proposal) and each.difference.changes:
            reason = zone_entries.told_in_part(each, wanted[where], observation)
            if reason is not None:
                blocked = each.difference.refused(reason)
                yield where, replace(each, difference=blocked, octodns_plan=None)


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


def _planned_whole(
    wanted: Mapping[Where, Publication], failed: Iterable[FailedEntry]
) -> frozenset[DomainName]:
    """Return the domains that were planned at every provider of their zones."""
    dark = {each.where for each in failed}
    broken = {
        domain
        for publication in wanted.values()
        if any(
            (where := (publication.origin, each)) in dark or where not in wanted
            for each in publication.providers
        )
        for domain in publication.domains
    }
    planned = {domain for publication in wanted.values() for domain in publication.domains}
    return frozenset(planned - broken)


def _failed(answers: Answers, wanted: Mapping[Where, Publication]) -> tuple[FailedEntry, ...]:
    return tuple(
        FailedEntry(*where, str(error), next(iter(wanted[where].places.values()), None))
        for where, error in answers.items()
        if isinstance(error, ProviderError)
    )


def _held(
    wanted: Mapping[Where, Publication],
    observations: observed.Observations,
    now: datetime,
    request: PlanRequest,
) -> dict[Where, Mapping[RRKey, Hold]]:
    """Return what must not be written yet: parts of SPF records first, the records later."""
    parts = {
        publication.origin: spf_part_timing.held(
            publication, observations.get(publication.origin), now
        )
        for publication in wanted.values()
    }
    return {
        where: {**parts[publication.origin], **request.held.get(where, {})}
        for where, publication in wanted.items()
    }


def unresolved(plan: Plan) -> bool:
    """Tell whether a zone could not be read or a change is refused."""
    return bool(plan.failed) or any(zone.refused for zone in plan.zones)
