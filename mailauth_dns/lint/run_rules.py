"""Running rules over policies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from mailauth_dns.errors import ObservationError
from mailauth_dns.lint.finding import Finding, in_order, is_shared
from mailauth_dns.lint.rule import Needs, Problem, Rule, Undecided
from mailauth_dns.lint.subject import Subject
from mailauth_dns.records.name import DomainName


def run(rules: Iterable[Rule], subjects: Iterable[Subject]) -> list[Finding]:
    """Return what the rules find, in the files' order.

    Policies of one file that say the same give one finding. Rules that need what a subject does
    not have are left out.
    """
    found: dict[tuple[object, ...], Finding] = {}
    domains: dict[tuple[object, ...], list[DomainName]] = {}
    for subject, finding in _each(tuple(rules), subjects):
        key = said(finding)
        found.setdefault(key, finding)
        about = domains.setdefault(key, [])
        if subject.domain not in about[-1:]:
            about.append(subject.domain)
    several = {key: tuple(about) for key, about in domains.items() if len(about) > 1}
    return in_order(
        replace(finding, domains=several[key]) if key in several else finding
        for key, finding in found.items()
    )


def said(finding: Finding) -> tuple[object, ...]:
    """Return what a finding says, and where; whoever it is about, that is one finding."""
    place = finding.place
    return (
        *(place.source.path, finding.rule.id, place.line, place.column),
        *(finding.message, finding.at),
    )


def _each(
    rules: tuple[Rule, ...], subjects: Iterable[Subject]
) -> Iterator[tuple[Subject, Finding]]:
    of_policies = [rule for rule in rules if rule.needs is Needs.POLICY]
    for subject in subjects:
        alone = subject.resolver is None and subject.observation is None
        for rule in of_policies if alone else (rule for rule in rules if _can_run(rule, subject)):
            try:
                for problem in rule.check(subject):
                    yield subject, _finding(rule, subject, problem)
            except ObservationError as error:
                yield subject, _finding(rule, subject, Undecided((), str(error)))


def _can_run(rule: Rule, subject: Subject) -> bool:
    match rule.needs:
        case Needs.POLICY:
            return True
        case Needs.DNS:
            return subject.resolver is not None
        case Needs.SERVERS:
            return subject.observation is not None
        case Needs.WEB:
            return subject.pages is not None
        case Needs.PLAN:
            return False


def _finding(rule: Rule, subject: Subject, problem: Problem | Undecided) -> Finding:
    policy = subject.policy
    place = policy.place(problem.route) if problem.route else policy.declared_at
    whose = ((subject.domain,), is_shared(policy, place))
    if isinstance(problem, Undecided):
        return Finding(rule, *whose, place, problem.reason, "", problem.at, unknown=True)
    return Finding(rule, *whose, place, problem.message, problem.fix, problem.at)
