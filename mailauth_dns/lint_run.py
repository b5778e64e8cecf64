"""Lint as one call: rules over policies and, where asked, over live DNS and the web."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from mailauth_dns.compile.publication import Publication
from mailauth_dns.lint.catalog import ALL_RULES, RULES
from mailauth_dns.lint.finding import Finding
from mailauth_dns.lint.rule import Needs, Rule
from mailauth_dns.lint.run import run
from mailauth_dns.lint.subject import Subject, subjects
from mailauth_dns.lint.waiver import Waived, waived
from mailauth_dns.policy.repo import Repo
from mailauth_dns.records.name import DomainName


@dataclass(frozen=True, slots=True)
class LintResult:
    """What lint found, in the files' order, and the findings that waivers silence."""

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
    """Check the policies of these domains, or all policies, with `rules`; waivers hold by today, UTC.

    With `live` it asks DNS and, for MTA-STS and BIMI, the web; `private_web` allows web servers
    whose address is not public. Rules about what is live do not run without `live`. A finding whose
    `unknown` is true could not be decided.

    Raises:
        MailAuthError: a named domain has no policy.
    """
    chosen = tuple(rule for rule in rules if live or rule.needs is Needs.POLICY)
    today = datetime.now(UTC).date()
    looked_at = subjects(repo, publications, today, domains)
    beside: Iterable[Subject] = looked_at
    if live:
        from mailauth_dns.lint_live import beside_dns  # loads dnspython, which files alone need not

        beside = beside_dns(looked_at, chosen, publications, private_web=private_web)
    found, silenced = waived(
        run(chosen, beside), looked_at, repo.policies, chosen, ALL_RULES, today
    )
    return LintResult(tuple(found), tuple(silenced))
