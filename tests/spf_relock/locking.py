"""Policies that flatten names, and `spf lock` over DNS that tests make up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from mailauth_dns.compile.repo import compile_repo
from mailauth_dns.evaluate.observation import Observation
from mailauth_dns.live.observe import Wanted
from mailauth_dns.policy.load import load_repo
from mailauth_dns.records.name import DomainName
from mailauth_dns.spf_relock.parts import Observe
from mailauth_dns.spf_relock.relock import Relocked, relock, write
from tests.conftest import RepoFolder
from tests.evaluate.spf_world import Sets
from tests.evaluate.zones import Recorded

COM, ORG = DomainName("example.com"), DomainName("example.org")
START = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def sender(first: int, count: int = 50) -> str:
    return "v=spf1 " + " ".join(f"ip4:198.51.100.{first + 2 * n}" for n in range(count)) + " -all"


def policy(domain: str, *names: str, ttl: int = 3600) -> str:
    terms = [f"include:{name}" for name in names]
    spf = f"{{terms: {terms}, all: fail, flatten: {list(names)}}}"
    return f"domain: {domain}\nttl: {ttl}\nspf: {spf}\n"


def nobody_asked(wanted: Sequence[Wanted]) -> Mapping[DomainName, Observation]:
    return {each.zone: Observation(each.zone, (), None, "nobody asked") for each in wanted}


def locked(
    repo: RepoFolder,
    world: Sets,
    now: datetime = START,
    *domains: DomainName,
    dark: Iterable[str] = (),
    observe: Observe = nobody_asked,
) -> Relocked:
    loaded = load_repo(repo.root)
    result = relock(loaded, Recorded(world, dark), observe, domains, now)
    write(loaded, result)
    return result


def published(repo: RepoFolder) -> Sets:
    """Return what DNS has once the repo is applied: nothing goes that is not declared absent."""
    return {
        f"{rrset.name} {rrset.type}": sorted(rrset.values)
        for publication in compile_repo(load_repo(repo.root))
        for rrset in publication.zone.rrsets
    }


def said(result: Relocked) -> list[str]:
    return [row.said for row in result.parts if not row.unknown]
