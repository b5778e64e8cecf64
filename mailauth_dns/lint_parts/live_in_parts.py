"""Lint beside live DNS, some policies at a time, on machines that may be others."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from typing import NamedTuple

from mailauth_dns.compile.publication import Declared, Publication
from mailauth_dns.lint.catalog import BY_ID
from mailauth_dns.lint.rule import Rule
from mailauth_dns.lint.run_rules import run
from mailauth_dns.lint.subject import Neighbours, Subject, subjects
from mailauth_dns.lint_parts.sent import SentFinding, findings, sent_findings
from mailauth_dns.lint_policies import LintResult, put_together
from mailauth_dns.live_subjects import beside_dns
from mailauth_dns.policy.repo import Policy, Repo
from mailauth_dns.records.name import DomainName
from mailauth_dns.senders.recognition import Recognition
from mailauth_dns.spread.spread import Spread

POLICIES = 50  # of a part; their servers are asked together


class LivePolicy(NamedTuple):
    """A policy and what it declares."""

    policy: Policy
    declared: tuple[Declared, ...]


@dataclass
class LintLive:
    """Checks policies beside live DNS with the rules of these ids.

    It holds what all parts need: the zones of the repo, which may lead to one another, as they will
    be, and what policies know of one another. It has nothing of the providers.
    """

    rules: tuple[str, ...]
    publications: tuple[Publication, ...]
    neighbours: Neighbours
    recognition: Recognition
    today: date
    private_web: bool

    def __call__(self, part: Sequence[LivePolicy]) -> tuple[SentFinding, ...]:
        """Return what the rules find."""
        looked_at = [Subject(*each, self.neighbours, self.recognition, self.today) for each in part]
        beside = beside_dns(looked_at, self._rules, self.publications, private_web=self.private_web)
        return tuple(sent_findings(run(self._rules, beside)))

    @cached_property
    def _rules(self) -> tuple[Rule, ...]:
        return tuple(BY_ID[id] for id in self.rules)


def lint_live_in_parts(
    repo: Repo,
    publications: Sequence[Publication],
    rules: Sequence[Rule],
    spread: Spread,
    *,
    domains: Collection[DomainName] = (),
    private_web: bool = False,
) -> LintResult:
    """Check policies as `lint_repo` does with `live`, in parts.

    Raises:
        MailAuthError: a named domain has no policy.
    """
    today = datetime.now(UTC).date()
    looked_at = subjects(repo, publications, today, domains)
    if not looked_at:
        return LintResult((), ())
    work = LintLive(
        tuple(rule.id for rule in rules),
        tuple(publications),
        looked_at[0].neighbours,
        looked_at[0].recognition,
        today,
        private_web,
    )
    found = [each for part in spread.each(work, _parts(looked_at)) for each in part]
    return put_together(repo, findings(found), looked_at, rules, today)


def _parts(looked_at: Sequence[Subject]) -> Iterator[tuple[LivePolicy, ...]]:
    for start in range(0, len(looked_at), POLICIES):
        some = looked_at[start : start + POLICIES]
        yield tuple(LivePolicy(each.policy, each.declared) for each in some)
