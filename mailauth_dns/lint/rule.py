"""What a rule is, and running them. A rule is a function whose docstring is its page."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum, IntEnum
from typing import Generic, TypeVar

from mailauth_dns.errors import ObservationError
from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.evaluate.resolver import Resolver
from mailauth_dns.evaluate.web_page import Fetcher, Nothing, Page, Pages, Request, Untrusted
from mailauth_dns.lint.subject import Subject
from mailauth_dns.policy.document import Place
from mailauth_dns.policy.load import Policy, Route
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey

_T = TypeVar("_T")
_NAMES = re.compile(r"[\w*-]+(?:\.[\w-]+)*")


class Severity(IntEnum):
    """How bad a finding is. Receivers break or ignore the record; it works but is risky; advice."""

    INFO = 0
    WARNING = 1
    ERROR = 2

    def __str__(self) -> str:
        """Return the name as users read it."""
        return self.name.lower()


class Needs(Enum):
    """What a rule cannot do without. `WEB`: pages over HTTPS. `PLAN`: it is judged where changes are planned, not by lint."""

    POLICY = "policy"
    DNS = "dns"
    SERVERS = "servers"
    WEB = "web"
    PLAN = "plan"


@dataclass(frozen=True, slots=True)
class At:
    """A record that is live: its owner name and type, and the server that holds it."""

    key: RRKey
    server: str

    def __str__(self) -> str:
        return f"{self.key[0]} {self.key[1]} at {self.server}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that a rule found: where in the policy, what happens to mail, and what to write instead.

    `at` is the live record at fault, where it is one.
    """

    route: Route
    message: str
    fix: str
    at: At | None = None


@dataclass(frozen=True, slots=True)
class Undecided:
    """A rule could not be decided, for this reason; it has neither passed nor failed."""

    route: Route
    reason: str
    at: At | None = None


Check = Callable[[Subject], Iterator[Problem | Undecided]]
Keys = Callable[[Subject], Iterable[tuple[Route, RRKey]]]
Requests = Callable[[Subject], Iterable[tuple[Route, Request]]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its id is never renamed or used again.

    `keys` are the sets that the zone's servers are asked for, `requests` what is fetched over HTTPS.
    """

    id: str
    slug: str
    severity: Severity
    source: str
    check: Check
    page: str
    needs: Needs = Needs.POLICY
    keys: Keys | None = None
    requests: Requests | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem with its rule and its place; where `unknown`, the rule could not be decided and `message` says why.

    `fix` is empty then. `shared` tells that the place alone does not say which domain it is about: the file holds several, or what several
    inherit.
    """

    rule: Rule
    domains: tuple[DomainName, ...]
    shared: bool
    place: Place
    message: str
    fix: str
    at: At | None = None
    unknown: bool = False

    @property
    def domain(self) -> DomainName:
        """The first domain that it is about."""
        return self.domains[0]

    @property
    def word(self) -> str:
        """How bad it is, in one word."""
        return "unknown" if self.unknown else str(self.rule.severity)

    @property
    def text(self) -> str:
        """What happens to mail; of a live record with its name, type and server, in a file of several domains with their names."""
        if self.at is not None:
            return f"{self.at}: {self.message}"
        if not self.shared or (
            len(self.domains) == 1 and self.domain in _NAMES.findall(self.message)
        ):
            return self.message
        return f"{self.domains_told}: {self.message}"

    @property
    def domains_told(self) -> str:
        """The domains that it is about, in a few words."""
        first, *more = self.domains
        return (
            first
            if not more
            else f"{first} and {more[0] if len(more) == 1 else f'{len(more)} more domains'}"
        )

    @property
    def advice(self) -> str:
        """What happens to mail, and what to do where that can be said."""
        return f"{self.text}; {self.fix}" if self.fix else self.text


def tally(found: Iterable[Finding], waived: int) -> str:
    """Return how many findings there are of each kind, the worst first, and how many are `waived`."""
    number = Counter(finding.word for finding in found)
    words = ("unknown", *map(str, sorted(Severity, reverse=True)))
    told = [
        f"{number[word]} {word}{'s' if number[word] > 1 and word not in ('unknown', 'info') else ''}"
        for word in words
        if number[word]
    ]
    return ", ".join([*(told or ["nothing found"]), *([f"{waived} waived"] if waived else [])])


def rule(
    id: str,
    slug: str,
    severity: Severity,
    source: str,
    needs: Needs = Needs.POLICY,
    keys: Keys | None = None,
    requests: Requests | None = None,
) -> Callable[[Check], Rule]:
    """Make a rule of a checking function."""

    def made(check: Check) -> Rule:
        return Rule(
            id, slug, severity, source, check, inspect.getdoc(check) or "", needs, keys, requests
        )

    return made


@dataclass(frozen=True, slots=True)
class Served:
    """What one server holds under one name and type; empty where it holds nothing."""

    subject: Subject
    route: Route
    key: RRKey
    values: frozenset[str]


ServedCheck = Callable[[Served], Iterator[Problem]]


def served(
    id: str, slug: str, severity: Severity, source: str, keys: Keys
) -> Callable[[ServedCheck], Rule]:
    """Make a rule of a function that checks one set as one server holds it; servers that hold the same are looked at once."""

    def made(check: ServedCheck) -> Rule:
        def each(subject: Subject) -> Iterator[Problem | Undecided]:
            for route, key in keys(subject):
                yield from _each_server(subject, route, key, check)

        return Rule(
            id, slug, severity, source, each, inspect.getdoc(check) or "", Needs.SERVERS, keys
        )

    return made


def _each_server(
    subject: Subject, route: Route, key: RRKey, check: ServedCheck
) -> Iterator[Problem | Undecided]:
    observation = subject.observation
    if observation is None or not observation.servers:
        reason = observation.problem if observation is not None else None
        yield Undecided(route, reason or f"no server of {subject.policy.zone} was asked")
        return
    seen: set[frozenset[str]] = set()
    for view in observation.servers:
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
    """One thing that DNS is asked about, such as a host or a term, with its place."""

    subject: Subject
    resolver: Resolver
    route: Route
    thing: _T


AskedCheck = Callable[[Asked[_T]], Iterator[Problem | Undecided]]
Things = Callable[[Subject], Iterable[tuple[Route, _T]]]


def asked(
    id: str, slug: str, severity: Severity, source: str, things: Things[_T]
) -> Callable[[AskedCheck[_T]], Rule]:
    """Make a rule of a function that asks DNS about one of several things: what is unknown of one hides nothing of the others."""

    def made(check: AskedCheck[_T]) -> Rule:
        def each(subject: Subject) -> Iterator[Problem | Undecided]:
            if subject.resolver is None:
                return
            for route, thing in things(subject):
                try:
                    yield from check(Asked(subject, subject.resolver, route, thing))
                except ObservationError as error:
                    yield Undecided(route, str(error))

        return Rule(id, slug, severity, source, each, inspect.getdoc(check) or "", Needs.DNS)

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
    """Make a rule of a function that checks what is served over HTTPS."""

    def made(check: FetchedCheck) -> Rule:
        def each(subject: Subject) -> Iterator[Problem | Undecided]:
            for route, request in requests(subject):
                outcome = subject.fetched(request)
                if isinstance(outcome, Unknown):
                    yield Undecided(route, f"{request.url}: {outcome.reason}")
                else:
                    yield from check(Fetched(subject, route, request, outcome))

        return Rule(
            id,
            slug,
            severity,
            source,
            each,
            inspect.getdoc(check) or "",
            Needs.WEB,
            requests=requests,
        )

    return made


def page(id: str, slug: str, severity: Severity, source: str, text: str) -> Rule:
    """Return a rule that plan and apply judge, for its page."""
    return Rule(id, slug, severity, source, _judged_elsewhere, text, Needs.PLAN)


def _judged_elsewhere(subject: Subject) -> Iterator[Problem | Undecided]:
    yield Undecided((), f"{subject.domain}: plan judges this, where it knows what changes")


def pages_of(subjects: Iterable[Subject], rules: Iterable[Rule], web: Fetcher) -> Pages:
    """Return what the web says to all that the rules ask of it, fetched at once."""
    asking = [each.requests for each in rules if each.requests is not None]
    return web.fetch(
        request for subject in subjects for each in asking for _, request in each(subject)
    )


def run(rules: Iterable[Rule], subjects: Iterable[Subject]) -> list[Finding]:
    """Return what the rules find, in the files' order. Policies of one file that say the same give one finding.

    Rules that need what a subject does not have are left out.
    """
    found: dict[tuple[object, ...], Finding] = {}
    domains: dict[tuple[object, ...], list[DomainName]] = {}

    def add(each: Rule, subject: Subject, problem: Problem | Undecided) -> None:
        finding = _finding(each, subject, problem)
        place = finding.place
        key = (place.source.path, each.id, place.line, place.column, finding.message, finding.at)
        found.setdefault(key, finding)
        about = domains.setdefault(key, [])
        if subject.domain not in about[-1:]:
            about.append(subject.domain)

    rules = tuple(rules)
    of_policies = tuple(each for each in rules if each.needs is Needs.POLICY)
    for subject in subjects:
        alone = subject.resolver is None and subject.observation is None
        for each in of_policies if alone else (each for each in rules if _can_run(each, subject)):
            try:
                for problem in each.check(subject):
                    add(each, subject, problem)
            except ObservationError as error:
                add(each, subject, Undecided((), str(error)))
    several = {key: tuple(about) for key, about in domains.items() if len(about) > 1}
    return in_order(
        replace(finding, domains=several[key]) if key in several else finding
        for key, finding in found.items()
    )


def _order(finding: Finding) -> tuple[str, int, int, str]:
    return (finding.place.source.path, finding.place.line, finding.place.column, finding.rule.id)


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings in the files' order."""
    return sorted(findings, key=_order)


def _can_run(each: Rule, subject: Subject) -> bool:
    if each.needs is Needs.POLICY:
        return True
    if each.needs is Needs.DNS:
        return subject.resolver is not None
    if each.needs is Needs.WEB:
        return subject.pages is not None
    return each.needs is Needs.SERVERS and subject.observation is not None


def _finding(each: Rule, subject: Subject, problem: Problem | Undecided) -> Finding:
    policy = subject.policy
    place = policy.place(problem.route) if problem.route else policy.declared_at
    whose = ((subject.domain,), is_shared(policy, place))
    if isinstance(problem, Undecided):
        return Finding(each, *whose, place, problem.reason, "", problem.at, unknown=True)
    return Finding(each, *whose, place, problem.message, problem.fix, problem.at)


def is_shared(policy: Policy, place: Place) -> bool:
    """Tell whether other domains can have the same place: it does not say which one is meant."""
    return policy.body.domain is None or place.source.path != policy.path
