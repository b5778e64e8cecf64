"""Lint in one call: rules about policies and, on request, about live DNS and the web."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from mailauth_dns.compile.publication import Publication
from mailauth_dns.lint.catalog import ALL_RULES, RULES
from mailauth_dns.lint.finding import Finding
from mailauth_dns.lint.merge_findings import merged
from mailauth_dns.lint.rule import Needs, Rule
from mailauth_dns.lint.run_rules import run
from mailauth_dns.lint.subject import Subject, subjects
from mailauth_dns.lint.waiver import Waived, waived
from mailauth_dns.policy.repo import Repo
from mailauth_dns.records.name import DomainName
from mailauth_dns.spread.shard import Shard


@dataclass(frozen=True, slots=True)
class LintResult:
    """The findings in the order of the files, and those that waivers silence."""

    findings: tuple[Finding, ...]
    waived: tuple[Waived, ...]


@dataclass(frozen=True, slots=True)
class Linted:
    """What lint found, the domains that it looked at, and whether one has a provider."""

    result: LintResult
    domains: tuple[DomainName, ...]
    at_providers: bool


@dataclass(frozen=True, slots=True)
class Looked:
    """What `rules` found in the policies that were looked at, before waivers."""

    found: tuple[Finding, ...]
    subjects: tuple[Subject, ...]
    rules: tuple[Rule, ...]
    today: date


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
    looked = look(
        repo, publications, domains=domains, rules=rules, live=live, private_web=private_web
    )
    return without_waived(looked, repo)


def linted(
    result: LintResult, publications: Iterable[Publication], only: Collection[DomainName]
) -> Linted:
    """Return what lint found in the policies of these domains, or all."""
    # A policy that declares no record has none, and is checked all the same.
    looked_at = [each for each in publications if not only or set(only) & set(each.domains)]
    told = sorted({domain for each in looked_at for domain in each.domains})
    return Linted(result, tuple(told), any(each.providers for each in looked_at))


def look(
    repo: Repo,
    publications: Sequence[Publication],
    *,
    domains: Collection[DomainName] = (),
    rules: Iterable[Rule] = RULES,
    live: bool = False,
    private_web: bool = False,
    shard: Shard | None = None,
) -> Looked:
    """Run the rules as `lint_repo` does; with a `shard`, over the policies of its zones alone.

    Raises:
        MailAuthError: a named domain has no policy.
    """
    chosen = tuple(rule for rule in rules if live or rule.needs is Needs.POLICY)
    today = datetime.now(UTC).date()
    looked_at = subjects(repo, publications, today, domains)
    if shard is not None:  # each knows all policies of the repo, whatever shard they are in
        looked_at = [each for each in looked_at if shard.has((each.policy.zone,))]
    beside: Iterable[Subject] = looked_at
    if live:
        from mailauth_dns.live_subjects import beside_dns  # loads live/, only for live

        beside = beside_dns(looked_at, chosen, publications, private_web=private_web)
    return Looked(tuple(run(chosen, beside)), tuple(looked_at), chosen, today)


def without_waived(looked: Looked, repo: Repo) -> LintResult:
    """Return what is left of findings once waivers have silenced theirs."""
    found, silenced = waived(
        looked.found, looked.subjects, repo.policies, looked.rules, ALL_RULES, looked.today
    )
    return LintResult(tuple(found), tuple(silenced))


def merge_shards(
    repo: Repo,
    publications: Sequence[Publication],
    found: Iterable[Finding],
    *,
    domains: Collection[DomainName],
    rules: Iterable[Rule],
    today: date,
) -> LintResult:
    """Return the result of one run, of what its shards `found` on the day `today`.

    Raises:
        MailAuthError: a named domain has no policy.
    """
    looked_at = subjects(repo, publications, today, domains)
    return put_together(repo, found, looked_at, rules, today)


def put_together(
    repo: Repo,
    found: Iterable[Finding],
    looked_at: Sequence[Subject],
    rules: Iterable[Rule],
    today: date,
) -> LintResult:
    """Return the result of one run over the subjects, of what was `found` in parts of them."""
    order = {each.domain: at for at, each in enumerate(looked_at)}
    together = tuple(merged(found, order))
    return without_waived(Looked(together, tuple(looked_at), tuple(rules), today), repo)
