"""Rules about what is live: each asks servers, DNS or the web about one thing at a time.

So what is unknown of one thing hides nothing of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from mailauth_dns.errors import ObservationError
from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.evaluate.resolver import Resolver
from mailauth_dns.evaluate.web_page import Fetcher, Nothing, Page, Pages, Request, Untrusted
from mailauth_dns.lint.rule import (
    At,
    Keys,
    Needs,
    Problem,
    Requests,
    Rule,
    Severity,
    Undecided,
    page_of,
)
from mailauth_dns.lint.subject import Subject
from mailauth_dns.policy.repo import Route
from mailauth_dns.records.family import Family, family
from mailauth_dns.records.zone import RRKey

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Served:
    """What one server holds under one name and type; empty where it holds nothing."""

    subject: Subject
    route: Route
    key: RRKey
    values: frozenset[str]

    def of(self, kind: Family) -> list[str]:
        """Return the TXT values of a family, sorted."""
        return sorted(text for text in self.values if family(self.key[0], "TXT", text) is kind)


ServedCheck = Callable[[Served], Iterator[Problem]]


def served(
    id: str, slug: str, severity: Severity, source: str, keys: Keys
) -> Callable[[ServedCheck], Rule]:
    """Make a rule of a function that checks one set as one server holds it.

    Servers that hold the same are checked once.
    """

    def made(check: ServedCheck) -> Rule:
        def each(subject: Subject) -> Iterator[Problem | Undecided]:
            for route, key in keys(subject):
                yield from _each_server(subject, route, key, check)

        return Rule(id, slug, severity, source, each, page_of(check), Needs.SERVERS, keys)

    return made


def unasked(subject: Subject, route: Route) -> Undecided | None:
    """Return why no server of the zone could be asked; None where one was."""
    observation = subject.observation
    if observation is not None and observation.servers:
        return None
    reason = observation.problem if observation is not None else None
    return Undecided(route, reason or f"no server of {subject.policy.zone} was asked")


def _each_server(
    subject: Subject, route: Route, key: RRKey, check: ServedCheck
) -> Iterator[Problem | Undecided]:
    if (nobody := unasked(subject, route)) is not None:
        yield nobody
        return
    seen: set[frozenset[str]] = set()
    for view in subject.servers:
        answer = view.sets.get(key, Unknown("was not asked"))
        if isinstance(answer, Unknown):
            yield Undecided(route, answer.reason, At(key, view.server))
            continue
        values = answer.values if answer is not None else frozenset()
        if values in seen:
            continue
        seen.add(values)
        try:
            for problem in check(Served(subject, route, key, values)):
                yield replace(problem, at=At(key, view.server))
        except ObservationError as error:
            yield Undecided(route, str(error), At(key, view.server))


@dataclass(frozen=True, slots=True)
class Asked(Generic[_T]):
    """One thing to ask DNS about, such as a host or a term, with its place."""

    subject: Subject
    resolver: Resolver
    route: Route
    thing: _T


AskedCheck = Callable[[Asked[_T]], Iterator[Problem | Undecided]]
Things = Callable[[Subject], Iterable[tuple[Route, _T]]]


def asked(
    id: str, slug: str, severity: Severity, source: str, things: Things[_T]
) -> Callable[[AskedCheck[_T]], Rule]:
    """Make a rule of a function that asks DNS about one of several things."""

    def made(check: AskedCheck[_T]) -> Rule:
        def each(subject: Subject) -> Iterator[Problem | Undecided]:
            if subject.resolver is None:
                return
            for route, thing in things(subject):
                try:
                    yield from check(Asked(subject, subject.resolver, route, thing))
                except ObservationError as error:
                    yield Undecided(route, str(error))

        return Rule(id, slug, severity, source, each, page_of(check), Needs.DNS)

    return made


@dataclass(frozen=True, slots=True)
class Fetched:
    """What the web said to one request: a page, or why there is none."""

    subject: Subject
    route: Route
    request: Request
    outcome: Page | Untrusted | Nothing


FetchedCheck = Callable[[Fetched], Iterator[Problem | Undecided]]


def fetched(
    id: str, slug: str, severity: Severity, source: str, requests: Requests
) -> Callable[[FetchedCheck], Rule]:
    """Make a rule of a function that checks one page as it is served over HTTPS."""

    def made(check: FetchedCheck) -> Rule:
        def each(subject: Subject) -> Iterator[Problem | Undecided]:
            for route, request in requests(subject):
                outcome = subject.fetched(request)
                if isinstance(outcome, Unknown):
                    yield Undecided(route, f"{request.url}: {outcome.reason}")
                else:
                    yield from check(Fetched(subject, route, request, outcome))

        return Rule(id, slug, severity, source, each, page_of(check), Needs.WEB, requests=requests)

    return made


def pages_of(subjects: Iterable[Subject], rules: Iterable[Rule], web: Fetcher) -> Pages:
    """Return what the web says to all that the rules ask of it, fetched at once."""
    asking = [rule.requests for rule in rules if rule.requests is not None]
    return web.fetch(
        request for subject in subjects for each in asking for _, request in each(subject)
    )
