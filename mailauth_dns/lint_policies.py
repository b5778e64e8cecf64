"""Lint in one call: rules about policies and, on request, about live DNS and the web."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from mailauth_dns.compile.publication import Publication
from mailauth_dns.lint.catalog import ALL_RULES, RULES
from mailauth_dns.lint.finding import Finding
from mailauth_dns.lint.rule import Needs, Rule
from mailauth_dns.lint.run_rules import run
from mailauth_dns.lint.subject import Subject, subjects
from mailauth_dns.lint.waiver import Waived, waived
from mailauth_dns.policy.repo import Repo
from mailauth_dns.records.name import DomainName


@dataclass(frozen=True, slots=True)
class LintResult:
    """The findings in the order of the files, and those that waivers silence."""

    findings: tuple[Finding, ...]
    waived: tuple[Waived, ...]


def lint_repo(
    repo: Repo,
    publications: Sequence[Publication],
    *,
    domains: Collection[DomainName] = (),
    rules: Iterable[Rule] = RULES,
    live: bool = False,
    private_web: bool = False,
) -> LintResult:
    """Check the policies of these domains, or all, with `rules`. Waivers expire by the date in UTC.

    `live` asks DNS and, for MTA-STS and BIMI, the web. Without it, rules about what is live do not
    run. `private_web` allows web servers whose address is not public. A finding is `unknown` if its
    rule could not decide.

    Raises:
        MailAuthError: a named domain has no policy.
    """
    chosen = tuple(rule for rule in rules if live or rule.needs is Needs.POLICY)
    today = datetime.now(UTC).date()
    looked_at = subjects(repo, publications, today, domains)
    beside: Iterable[Subject] = looked_at
    if live:
        from mailauth_dns.live_subjects import beside_dns  # loads live/, only for live

        beside = beside_dns(looked_at, chosen, publications, private_web=private_web)
    found, silenced = waived(
        run(chosen, beside), looked_at, repo.policies, chosen, ALL_RULES, today
    )
    return LintResult(tuple(found), tuple(silenced))
