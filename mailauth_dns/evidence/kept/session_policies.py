"""What a TLS report says of one domain, each policy and each failure once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from mailauth_dns.evidence.kept.fewer import Counted, add, fewer
from mailauth_dns.records.name import DomainName
from mailauth_dns.reports.tls import Failure, Mode, PolicyType, TlsPolicy

MAX_POLICIES = 8
MAX_FAILURES = 30  # of one policy
MAX_EXCHANGERS = 20


class _PolicyKind(NamedTuple):
    type: PolicyType | None
    mode: Mode | None
    exchangers: tuple[str, ...]


def _without_exchangers(kind: _PolicyKind) -> _PolicyKind:
    return kind._replace(exchangers=())


def kept_exchangers(exchangers: Iterable[str]) -> tuple[str, ...]:
    """Return which exchangers of a policy are kept; what is held against them is cut alike."""
    return tuple(sorted(set(exchangers))[:MAX_EXCHANGERS])


def fewer_policies(domain: DomainName, policies: Iterable[TlsPolicy]) -> tuple[TlsPolicy, ...]:
    """Return the policies of a domain, those that differ in nothing but their sessions as one."""
    found: dict[_PolicyKind, list[TlsPolicy]] = {}
    for policy in policies:
        kind = _PolicyKind(policy.type, policy.mode, kept_exchangers(policy.exchangers))
        found.setdefault(kind, []).append(policy)
    sizes = {kind: Counted(sum(map(_sessions, of))) for kind, of in found.items()}
    kept = fewer(sizes, MAX_POLICIES, (_without_exchangers,), repr)
    merged: dict[_PolicyKind, list[TlsPolicy]] = {}
    for kind, of in found.items():
        merged.setdefault(kind if kind in kept else _without_exchangers(kind), []).extend(of)
    return tuple(
        _together(domain, kind, of)
        for kind, of in sorted(merged.items(), key=lambda item: repr(item[0]))
    )


def _sessions(policy: TlsPolicy) -> int:
    return policy.successful + policy.failed


def _together(domain: DomainName, kind: _PolicyKind, policies: Sequence[TlsPolicy]) -> TlsPolicy:
    return TlsPolicy(
        type=kind.type,
        domain=domain,
        mode=kind.mode,
        exchangers=kind.exchangers,
        successful=sum(each.successful for each in policies),
        failed=sum(each.failed for each in policies),
        failures=_fewer_failures(each for policy in policies for each in policy.failures),
    )


def _without_sending(kind: Failure) -> Failure:
    return replace(kind, sending=None)


def _without_addresses(kind: Failure) -> Failure:
    return replace(kind, sending=None, receiving=None)


def _result(kind: Failure) -> Failure:
    return Failure(kind.result, 0)


def _any(_kind: Failure) -> Failure:
    return Failure("unknown", 0)


_LESSER = (_without_sending, _without_addresses, _result, _any)


def _fewer_failures(failures: Iterable[Failure]) -> tuple[Failure, ...]:
    found: dict[Failure, Counted] = {}
    for each in failures:
        add(found, replace(each, count=0), Counted(each.count))
    ranked = sorted(
        fewer(found, MAX_FAILURES, _LESSER, repr).items(),
        key=lambda item: (-item[1].number, repr(item[0])),
    )
    return tuple(replace(kind, count=counted.number) for kind, counted in ranked)
