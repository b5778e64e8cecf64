"""What only all policies of a repo show, from what each part says of its own."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from mailauth_dns.lint_parts.lint_files import DIGEST, PolicyFacts
from mailauth_dns.policy.repo_checks import deeper_zone
from mailauth_dns.records.name import DomainName


def are_sound(policies: Sequence[PolicyFacts], stanzas: Collection[str]) -> bool:
    """Tell whether policies that are sound one by one are so together.

    Where this says no, loading and compiling them in one process says why; or finds nothing, where
    two policies of a zone write at one name and may.
    """
    domains = {policy.domain for policy in policies}
    by_zone: dict[DomainName, list[PolicyFacts]] = {}
    for policy in policies:
        by_zone.setdefault(policy.zone, []).append(policy)
    return (
        len(domains) == len(policies)
        and all(id in stanzas for ids in {each.providers for each in policies} for id in ids)
        and not any(
            deeper_zone(name, policy.zone, by_zone) is not None
            for policy in policies
            for name in (policy.domain, *policy.return_paths)
        )
        and domains.isdisjoint(name for policy in policies for name in policy.return_paths)
        and all(map(_share_a_zone, by_zone.values()))
    )


def _share_a_zone(policies: Sequence[PolicyFacts]) -> bool:
    """Tell whether policies agree about their zone, and no two of them have one name."""
    if len(policies) == 1:
        return True
    servers = {(frozenset(each.providers), frozenset(each.nameservers)) for each in policies}
    names = [name for policy in policies for name in _split(policy.names)]
    return len(servers) == 1 and len(set(names)) == len(names)


def _split(names: bytes) -> Iterable[bytes]:
    return (names[at : at + DIGEST] for at in range(0, len(names), DIGEST))
