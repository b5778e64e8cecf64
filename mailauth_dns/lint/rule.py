"""What a rule is, and running them. A rule is a function whose docstring is its page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from mailauth_dns.compile import Declared
from mailauth_dns.policy.document import Place
from mailauth_dns.policy.load import Policy, Route
from mailauth_dns.records.family import Family


class Severity(IntEnum):
    """How bad a finding is. Receivers break or ignore the record; it works but is risky; advice."""

    INFO = 0
    WARNING = 1
    ERROR = 2

    def __str__(self) -> str:
        """Return the name as users read it."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Subject:
    """What a rule looks at: one policy and what it declares."""

    policy: Policy
    declared: tuple[Declared, ...]

    def texts(self, family: Family) -> Iterator[tuple[Declared, str]]:
        """Yield the TXT values of one family that are to be published."""
        for entry in self.declared:
            if entry.family is family and entry.key[1] == "TXT":
                for text in entry.values:
                    yield entry, text


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that a rule found: where in the policy, what happens to mail, and what to write instead."""

    route: Route
    message: str
    fix: str


Check = Callable[[Subject], Iterator[Problem]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its id is never renamed or used again."""

    id: str
    slug: str
    severity: Severity
    source: str
    check: Check
    page: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem with its rule and its place."""

    rule: Rule
    domain: str
    place: Place
    message: str
    fix: str


def rule(id: str, slug: str, severity: Severity, source: str) -> Callable[[Check], Rule]:
    """Make a rule of a checking function."""

    def made(check: Check) -> Rule:
        return Rule(id, slug, severity, source, check, check.__doc__ or "")

    return made


def run(rules: Iterable[Rule], subjects: Iterable[Subject]) -> list[Finding]:
    """Return what the rules find, in the files' order. Policies of one file that say the same give one finding."""
    found: dict[tuple[str, str, int, int, str], Finding] = {}
    rules = tuple(rules)
    for subject in subjects:
        for each in rules:
            for problem in each.check(subject):
                place = subject.policy.place(problem.route)
                finding = Finding(each, subject.policy.domain, place, problem.message, problem.fix)
                found.setdefault((place.source.path, each.id, place.line, place.column, problem.message), finding)
    return sorted(found.values(), key=lambda each: (each.place.source.path, each.place.line, each.place.column, each.rule.id))
