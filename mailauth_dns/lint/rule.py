"""What a rule is: a function whose docstring is its page."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, IntEnum

from mailauth_dns.evaluate.web_page import Request
from mailauth_dns.lint.subject import Subject
from mailauth_dns.policy.repo import Route
from mailauth_dns.records.zone import RRKey


class Severity(IntEnum):
    """How bad a finding is: advice, risky but working, or broken or ignored by receivers."""

    INFO = 0
    WARNING = 1
    ERROR = 2

    def __str__(self) -> str:
        """Return the name as users read it."""
        return self.name.lower()


class Needs(Enum):
    """What a rule cannot run without.

    `WEB` is pages over HTTPS. `PLAN` marks a rule that lint does not run: plan judges changes by
    it, or it is about waivers.
    """

    POLICY = "policy"
    DNS = "dns"
    SERVERS = "servers"
    WEB = "web"
    PLAN = "plan"


@dataclass(frozen=True, slots=True)
class At:
    """A live record: its owner name and type, and the server that holds it."""

    key: RRKey
    server: str

    def __str__(self) -> str:
        return f"{self.key[0]} {self.key[1]} at {self.server}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that a rule found: where, what happens to mail, and what to write instead.

    `at` is the live record at fault, where there is one.
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
    """A rule. Its id is never renamed and never used again.

    `keys` are the sets to ask the zone's servers for, `requests` is what to fetch over HTTPS.
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


def page_of(function: Callable[..., object]) -> str:
    """Return the page of a rule: the docstring of its function."""
    return inspect.getdoc(function) or ""


def rule(
    id: str,
    slug: str,
    severity: Severity,
    source: str,
    needs: Needs = Needs.POLICY,
    keys: Keys | None = None,
    requests: Requests | None = None,
) -> Callable[[Check], Rule]:
    """Make a rule of a function that checks a subject."""

    def made(check: Check) -> Rule:
        return Rule(id, slug, severity, source, check, page_of(check), needs, keys, requests)

    return made


def page(
    id: str, slug: str, severity: Severity, source: str
) -> Callable[[Callable[[], None]], Rule]:
    """Make a rule of a function that has only its page: something else than lint judges it."""

    def made(described: Callable[[], None]) -> Rule:
        return Rule(id, slug, severity, source, _judged_elsewhere, page_of(described), Needs.PLAN)

    return made


def _judged_elsewhere(subject: Subject) -> Iterator[Problem | Undecided]:
    yield Undecided((), f"{subject.domain}: plan judges this, because it knows what changes")
