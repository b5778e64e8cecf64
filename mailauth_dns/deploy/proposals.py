"""What every provider of a plan would change, once it is clear what has to wait for what."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from mailauth_dns.compile.publication import Publication
from mailauth_dns.deploy import related_sets, zone_order
from mailauth_dns.deploy.crew import Crew
from mailauth_dns.deploy.other_providers import Answers, behind_others
from mailauth_dns.deploy.plan_request import Holds, PlanRequest
from mailauth_dns.deploy.provider_pool import Lane, ProviderPool
from mailauth_dns.deploy.zone_order import Known
from mailauth_dns.diff.change import Difference, Hold
from mailauth_dns.errors import ProviderError
from mailauth_dns.octo.target import Proposal, Target
from mailauth_dns.plan.plan import Where
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey

Progress = Callable[[str], None]  # is told each zone that is done, for a progress bar
_NOTHING = Difference((), (), ())


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask the providers: `wanted` is to be planned, `held` must not be written yet.

    `declared` is all that the repo declares in these zones and in those that they have to do with.
    Of these, `elsewhere` are known. Others are read, at the providers that the request names, or
    at any if it names none. `keeps`: the answers are to be applied as they are.
    """

    wanted: Mapping[Where, Publication]
    held: Holds
    declared: tuple[Publication, ...]
    elsewhere: Mapping[Where, Known | None]
    request: PlanRequest
    now: datetime
    keeps: bool


def proposals(
    pool: ProviderPool,
    question: Question,
    unreachable: Mapping[str, ProviderError],
    progress: Progress,
) -> Answers:
    """Ask every provider what would change; the answers are in the order of `wanted`.

    Where a change has to wait for another one, the provider is asked again without it.
    """
    wanted = question.wanted
    there = [where for where in wanted if where[1] not in unreachable]
    found = _proposed(pool, there, question, question.held, progress)
    answers: Answers = {
        where: found[where] if where in found else unreachable[where[1]] for where in wanted
    }
    return settled(pool, question, answers)


def settled(pool: ProviderPool, question: Question, answers: Answers) -> Answers:
    """Return answers in which nothing is written without what it needs.

    A provider that is asked again may say something else than before, or nothing. So this ends
    only where nothing more has to wait.
    """
    held = {
        where: {**question.held[where], **(each.held if isinstance(each, Proposal) else {})}
        for where, each in answers.items()
    }
    others = dict(question.elsewhere)
    asked = question.request.providers
    while True:
        states = {**others, **_known(answers)}
        related = related_sets.related(zone_order.changes_of(states), question.declared)
        unseen = [
            where for where in sorted(related.far - states.keys()) if not asked or where[1] in asked
        ]
        if unseen:
            others |= _read(pool, unseen)
            continue
        more = _new(held, zone_order.held_back(states, related))
        for where, holds in _new(held, behind_others(answers, question.wanted)).items():
            more[where] = {**more.get(where, {}), **holds}
        if not more:
            return answers
        for where, holds in more.items():
            held[where] |= holds
        answers = {**answers, **_proposed(pool, more, question, held)}


def _known(answers: Answers) -> dict[Where, Known | None]:
    return {
        where: Known(each.reading.zone, each.difference) if isinstance(each, Proposal) else None
        for where, each in answers.items()
    }


def _new(held: Holds, found: Holds) -> dict[Where, dict[RRKey, Hold]]:
    """Return what was not held before."""
    new = {
        where: {key: hold for key, hold in holds.items() if key not in held[where]}
        for where, holds in found.items()
    }
    return {where: holds for where, holds in new.items() if holds}


def _proposed(
    pool: ProviderPool,
    zones: Iterable[Where],
    question: Question,
    held: Holds,
    progress: Progress = lambda _zone: None,
) -> Answers:
    def propose(lane: Lane, where: Where) -> Proposal | ProviderError:
        publication, now = question.wanted[where], question.now
        normalize = question.request.normalize

        def ask(target: Target) -> Proposal:
            proposal = target.propose(publication, now, held[where], normalize=normalize)
            return proposal if question.keeps else target.release(proposal)

        if question.keeps:
            pool.stay(where, lane)

        try:
            return lane.ask(where[0], ask)
        except ProviderError as error:
            return error

    answers: dict[Where, Proposal | ProviderError] = {}
    for where, answer in Crew(pool.queues(zones), propose).results():
        answers[where] = answer
        progress(where[0])
    return answers


def _read(pool: ProviderPool, zones: Iterable[Where]) -> dict[Where, Known | None]:
    """Return what zones hold that are not planned; None where that is unknown."""

    def read(lane: Lane, where: Where) -> Known | None:
        try:
            zone = lane.ask(where[0], lambda target: target.read(DomainName(where[0])))
        except ProviderError:
            return None
        return Known(zone, _NOTHING)

    dark: dict[Where, Known | None] = {}
    connected = []
    for where in zones:
        try:
            unreachable = pool.connect([where])
        except ProviderError:  # a wrong stanza is no reason to plan nothing
            dark[where] = None
            continue
        if where[1] in unreachable:
            dark[where] = None
        else:
            connected.append(where)
    return {**dark, **dict(Crew(pool.queues(connected), read).results())}
