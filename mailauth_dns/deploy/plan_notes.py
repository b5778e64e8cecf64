"""What a plan does not show, in words for its reader: the notes that begin it."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

from mailauth_dns.compile.publication import Publication
from mailauth_dns.plan.plan import ChangeEntry, ZoneEntry
from mailauth_dns.plan.who_sends import is_of
from mailauth_dns.policy.repo import Policy
from mailauth_dns.records.name import DomainName
from mailauth_dns.senders.use import Use

_MAX_NAMED = 5


def left_out(asked: Sequence[str], chosen: Iterable[Publication]) -> Iterator[str]:
    """Yield what is left out where only the providers `asked` are planned."""
    others: dict[str, list[str]] = {}
    chosen = tuple(chosen)
    for publication in chosen:
        for provider in publication.providers:
            if provider not in asked:
                others.setdefault(provider, []).append(publication.origin)
    if not chosen:
        yield f"nothing is planned: none of these zones is at {' or '.join(asked)}"
    for provider, zones in others.items():
        yield (
            f"planned is what changes at {' and '.join(asked)} alone: {_named(zones)} "
            f"{_verb(zones)} also at {provider}"
        )


def gone(was: Iterable[Publication], now: Iterable[Publication]) -> Iterator[str]:
    """Yield what no plan shows any more, because no policy speaks of it."""
    was, now = tuple(was), tuple(now)
    declared = {domain for publication in now for domain in publication.domains}
    domains = [each for publication in was for each in publication.domains if each not in declared]
    if domains:
        yield (
            f"no policy speaks of {_named(domains)} any more: what is published stays, and no "
            "plan shows it; to take it away, declare it absent first"
        )
    for provider, zones in _left(was, {each.origin: each.providers for each in now}).items():
        yield (
            f"{_named(zones)} {_verb(zones)} no longer planned at {provider}: what is published "
            "there stays, and no plan shows it"
        )


def _left(
    was: Iterable[Publication], now: Mapping[DomainName, Sequence[str]]
) -> Mapping[str, Sequence[str]]:
    """Return the zones that left a provider; those without any policy are told by domain."""
    left: dict[str, list[str]] = {}
    for publication in was:
        for provider in publication.providers:
            if provider not in now.get(publication.origin, (provider,)):
                left.setdefault(provider, []).append(publication.origin)
    return left


def broken(files: Sequence[str], commit: str, *, all_zones: bool) -> Iterator[str]:
    """Yield that files were broken in a commit, and what follows from that."""
    if files:
        counted = "every zone counts" if all_zones else "its zones count"
        were = _verb(files, "was", "were")
        yield f"{_named(files)} {were} broken at {commit}: {counted} as changed"


def of_senders(policies: Iterable[Policy], zones: Iterable[ZoneEntry]) -> Iterator[str]:
    """Yield what was left out of the records of senders that change, or why these go.

    What is the same for many domains is told once.
    """
    policies = [policy for policy in policies if policy.senders]
    changes: dict[str, list[ChangeEntry]] = {}
    for zone in zones if policies else ():
        for change in zone.changes:
            changes.setdefault(change.domain, []).append(change)
    said: dict[str, list[str]] = {}
    for policy in policies:
        mine = changes.get(policy.domain, ())
        for use in policy.senders if mine else ():
            if any(
                is_of(use, policy.domain, (each.name, each.type), {*each.before}, {*each.after})
                for each in mine
            ):
                for note in _notes(use):
                    said.setdefault(note, []).append(policy.domain)
    for note, domains in said.items():
        yield f"{_named(domains)}: {note}"


def retiring(policies: Iterable[Policy], planned: Container[DomainName]) -> Iterator[str]:
    """Yield which senders of the planned domains are retired, while their records still stay."""
    said: dict[str, list[str]] = {}
    for policy in policies:
        for use in policy.senders if policy.domain in planned else ():
            if use.life.retired is not None and not use.life.gone:
                note = (
                    f"{use.name} is retired from {use.life.retired}; a plan takes its records "
                    f"away from {use.life.gone_from}: check that nobody sends through it"
                )
                said.setdefault(note, []).append(policy.domain)
    for note, domains in said.items():
        yield f"{_named(domains)}: {note}"


def _notes(use: Use) -> Iterator[str]:
    if use.life.gone:
        yield f"{use.name} is retired since {use.life.retired}, so its records go"
        return
    for note in use.notes:
        yield note.partition(". ")[0]  # where to find what is missing, `compile --explain` says


def _verb(names: Sequence[str], one: str = "is", several: str = "are") -> str:
    return one if len(names) == 1 else several


def _named(names: Sequence[str]) -> str:
    more = len(names) - _MAX_NAMED
    return ", ".join(names[:_MAX_NAMED]) + (f" and {more} more" if more > 0 else "")
