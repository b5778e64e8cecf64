"""All domains of a repo that have evidence: what is new in each, and what was told before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from mailauth_dns.errors import MailAuthError
from mailauth_dns.evidence.kept.evidence_files import path_of, read_evidence
from mailauth_dns.evidence.sources.attribution import attributed
from mailauth_dns.evidence.sources.declared_sources import declared_of
from mailauth_dns.evidence.watch.change import Change
from mailauth_dns.evidence.watch.mark import Mark, Told
from mailauth_dns.evidence.watch.watch import Observed, since, watched
from mailauth_dns.policy.repo import Policy, Repo
from mailauth_dns.records.name import DomainName


@dataclass(frozen=True, slots=True)
class WatchedDomain:
    """What is new in one domain, and the days of its evidence; `problem`: it cannot be told."""

    domain: DomainName
    first: date | None = None
    last: date | None = None
    new: tuple[Change, ...] = ()
    told: Told | None = None
    problem: str | None = None


def watch_since(
    repo: Repo, policies: Iterable[Policy], day: date, today: date
) -> Iterator[WatchedDomain]:
    """Yield what became new on a day or later, domain by domain."""

    def judged(domain: DomainName, found: Observed) -> WatchedDomain:
        return WatchedDomain(domain, found.first, found.last, since(found, day, today))

    return _each(repo, policies, judged, today)


def watch_after(
    repo: Repo, policies: Iterable[Policy], mark: Mark, path: str, today: date
) -> Iterator[WatchedDomain]:
    """Yield what is new after a mark, domain by domain; `path` is the mark's, for messages."""

    def judged(domain: DomainName, found: Observed) -> WatchedDomain:
        before = mark.get(domain)
        if before is not None and found.last is not None and before.until > found.last:
            raise MailAuthError(
                f"{path}: {domain} was judged until {before.until}, and its evidence ends on "
                f"{found.last}: this checkout is older than the mark. Get the newest evidence; "
                f"where {before.until} is wrong, take {domain} out of the file"
            )
        result = watched(found, before, today)
        return WatchedDomain(domain, found.first, found.last, result.new, result.told)

    return _each(repo, policies, judged, today)


def _each(
    repo: Repo,
    policies: Iterable[Policy],
    judged: Callable[[DomainName, Observed], WatchedDomain],
    today: date,
) -> Iterator[WatchedDomain]:
    """Yield each domain that has evidence. What is wrong with one does not hide the others."""
    for policy in policies:
        domain = policy.domain
        path = repo.root / path_of(domain)
        if not path.exists() and not path.is_symlink():
            continue
        try:
            yield judged(domain, _observed(repo, policy, today))
        except MailAuthError as error:
            yield WatchedDomain(domain, problem=str(error))


def _observed(repo: Repo, policy: Policy, today: date) -> Observed:
    evidence = read_evidence(repo.root, policy.domain)
    declared = declared_of(repo, policy)
    sending = frozenset(source.key for source in declared.sources if source.life.retired is None)
    return Observed.of(evidence, attributed(evidence, declared), sending, today)
