"""Some zones of a plan, from the questions to the entries of the plan.

What octoDNS made for them, and what the zones hold, is gone once their entries are there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from mailauth_dns.compile.publication import Publication
from mailauth_dns.deploy import observed, zone_entries
from mailauth_dns.deploy.evidence_of_changes import EvidenceOfChanges
from mailauth_dns.deploy.other_providers import Answers
from mailauth_dns.deploy.plan_request import Holds, PlanRequest
from mailauth_dns.deploy.proposals import Progress, Question, proposals, settled
from mailauth_dns.deploy.provider_pool import Planned, ProviderPool
from mailauth_dns.deploy.zone_order import Known
from mailauth_dns.diff.change import Hold
from mailauth_dns.errors import ProviderError
from mailauth_dns.octo.target import Proposal
from mailauth_dns.plan import spf_part_timing
from mailauth_dns.plan.plan import FailedEntry, Where, ZoneEntry
from mailauth_dns.plan.policy_permissions import Permissions, with_permissions
from mailauth_dns.policy.repo import Repo
from mailauth_dns.records.zone import RRKey

# Is told the places of a batch before anything is read there.
Begins = Callable[[Iterable[Where]], None]
# Is told each entry with the proposal that it was made of, before that is dropped.
Noted = Callable[[ZoneEntry, Proposal], None]
Entries = dict[Where, ZoneEntry | FailedEntry]


@dataclass(frozen=True, slots=True)
class Run:
    """What all batches of a plan share."""

    repo: Repo
    pool: ProviderPool
    request: PlanRequest
    now: datetime
    permissions: Permissions
    evidence: EvidenceOfChanges
    unreachable: Mapping[str, ProviderError]
    keeps: bool  # the proposals, for apply
    begins: Begins = lambda _wanted: None


@dataclass(frozen=True, slots=True)
class Batch:
    """Zones that are planned together: `chosen` is what is wanted of them.

    `declared` is all that the repo declares in these zones and in those that they have to do with.
    `elsewhere` is what is known of others of these, None where they could not be read.
    """

    chosen: tuple[Publication, ...]
    declared: tuple[Publication, ...]
    elsewhere: Mapping[Where, Known | None] = field(default_factory=dict)


def planned(run: Run, batch: Batch, progress: Progress, noted: Noted) -> tuple[Entries, Answers]:
    """Return the entries of a batch, and the answers that they were made of."""
    request = run.request
    wanted: dict[Where, Publication] = {
        (publication.origin, provider): publication
        for publication in batch.chosen
        for provider in request.providers_of(publication)
    }
    run.begins(wanted)
    known = observed.ready_parts(batch.chosen, run.now) if request.live else {}
    held = _held(wanted, known, run.now, request)
    question = Question(wanted, held, batch.declared, batch.elsewhere, request, run.now, run.keeps)
    answers, observations = _compared(run, question, known, progress)
    proposed = {where: each for where, each in answers.items() if isinstance(each, Proposal)}
    untried = zone_entries.entries(run.repo, wanted, proposed, observations, request, run.evidence)
    made: Entries = {}
    for zone in zone_entries.with_tests(
        run.repo, batch.chosen, untried, proposed, live=request.live
    ):
        where = zone.where
        proposal = proposed[where] if run.keeps else None
        run.pool.remember(where, Planned(wanted[where], proposed[where].held, proposal))
        made[where] = with_permissions(zone, run.permissions)
        noted(zone, proposed[where])
    return made | _failed(answers, wanted), answers


def _compared(
    run: Run, question: Question, known: observed.Observations, progress: Progress
) -> tuple[Answers, observed.Observations]:
    """Ask the providers and, if that is wanted, DNS about what they hold; return both answers.

    Where a provider told only a part of its zone, all of it is blocked, and what needs it waits.
    """
    answers = proposals(run.pool, question, run.unreachable, progress)
    if not run.request.live:
        return answers, {}
    read = (
        (question.wanted[where], each.reading.zone)
        for where, each in answers.items()
        if isinstance(each, Proposal)
    )
    observations = observed.beside_providers(read, known)
    while refused := dict(_told_in_part(answers, question.wanted, observations)):
        answers = settled(run.pool, question, {**answers, **refused})
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
                yield where, replace(each, difference=each.difference.refused(reason))


def _failed(answers: Answers, wanted: Mapping[Where, Publication]) -> dict[Where, FailedEntry]:
    return {
        where: FailedEntry(*where, str(error), next(iter(wanted[where].places.values()), None))
        for where, error in answers.items()
        if isinstance(error, ProviderError)
    }


def _held(
    wanted: Mapping[Where, Publication],
    observations: observed.Observations,
    now: datetime,
    request: PlanRequest,
) -> Holds:
    """Return what must not be written yet: parts of SPF records first, the records later."""
    parts: dict[str, Mapping[RRKey, Hold]] = {
        publication.origin: spf_part_timing.held(
            publication, observations.get(publication.origin), now
        )
        for publication in wanted.values()
    }
    return {
        where: {**parts[publication.origin], **request.held.get(where, {})}
        for where, publication in wanted.items()
    }
