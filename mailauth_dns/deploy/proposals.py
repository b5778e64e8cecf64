"""What every provider of a plan would change, once it is clear what has to wait for what."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from mailauth_dns.compile.publication import Publication
from mailauth_dns.deploy import include_order
from mailauth_dns.deploy.other_providers import Answers, behind_others
from mailauth_dns.deploy.provider_pool import Crew, Lane, ProviderPool
from mailauth_dns.diff.change import Hold
from mailauth_dns.errors import ProviderError
from mailauth_dns.octo.target import Proposal
from mailauth_dns.plan.plan import Where
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey, Zone

Progress = Callable[[str], None]  # is told each zone that is done, for a progress bar


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask the providers: `wanted` is to be planned, `held` must not be written yet.

    `declared` is all that the repo declares. Of zones in it that are not planned only `asked`
    providers may be read, any if there are none.
    """

    wanted: Mapping[Where, Publication]
    held: Mapping[Where, Mapping[RRKey, Hold]]
    declared: tuple[Publication, ...]
    asked: tuple[str, ...]
    now: datetime
    normalize: bool


def proposals(pool: ProviderPool, question: Question, progress: Progress) -> Answers:
    """Ask every provider what would change; the answers are in the order of `wanted`.

    Where a change has to wait for another zone, the provider is asked again without it.
    """
    wanted = question.wanted
    unreachable = pool.connect(wanted)
    there = [where for where in wanted if where[1] not in unreachable]
    found = _proposed(pool, there, question, question.held, progress)
    answers: Answers = {
        where: found[where] if where in found else unreachable[where[1]] for where in wanted
    }
    homes = include_order.homes(answers, question.declared)
    unplanned = {
        where
        for places in homes.values()
        for where in places
        if where not in answers and (not question.asked or where[1] in question.asked)
    }
    others = _read(pool, sorted(unplanned))
    early = include_order.holds(answers, homes, others)
    held = _joined(question.held, early)
    answers = {**answers, **_proposed(pool, early, question, held)}
    behind = behind_others(answers, wanted)
    return {**answers, **_proposed(pool, behind, question, _joined(held, behind))}


def _joined(
    held: Mapping[Where, Mapping[RRKey, Hold]], more: Mapping[Where, Mapping[RRKey, Hold]]
) -> Mapping[Where, Mapping[RRKey, Hold]]:
    return {**held, **{where: {**held[where], **holds} for where, holds in more.items()}}


def _proposed(
    pool: ProviderPool,
    zones: Iterable[Where],
    question: Question,
    held: Mapping[Where, Mapping[RRKey, Hold]],
    progress: Progress = lambda _zone: None,
) -> Answers:
    def propose(lane: Lane, where: Where) -> Proposal | ProviderError:
        publication, now = question.wanted[where], question.now
        try:
            return lane.ask(
                where[0],
                lambda target: target.propose(
                    publication, now, held[where], normalize=question.normalize
                ),
            )
        except ProviderError as error:
            return error

    answers: dict[Where, Proposal | ProviderError] = {}
    for where, answer in Crew({where: pool.lane(where) for where in zones}, propose).results():
        answers[where] = answer
        progress(where[0])
    return answers


def _read(pool: ProviderPool, zones: Iterable[Where]) -> dict[Where, Zone | ProviderError]:
    """Return what zones hold that are not planned, or why that is unknown."""

    def read(lane: Lane, where: Where) -> Zone | ProviderError:
        try:
            return lane.ask(where[0], lambda target: target.read(DomainName(where[0])))
        except ProviderError as error:
            return error

    dark: dict[Where, ProviderError] = {}
    lanes = {}
    for where in zones:
        try:
            unreachable = pool.connect([where])
        except ProviderError as error:  # a wrong stanza is no reason to plan nothing
            dark[where] = error
            continue
        if where[1] in unreachable:
            dark[where] = unreachable[where[1]]
        else:
            lanes[where] = pool.lane(where)
    return {**dark, **dict(Crew(lanes, read).results())}
