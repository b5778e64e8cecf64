"""What several machines found in their shards of the policies, as one run would have found it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from mailauth_dns.lint.finding import Finding, in_order
from mailauth_dns.lint.run_rules import said
from mailauth_dns.records.name import DomainName


def merged(found: Iterable[Finding], order: Mapping[DomainName, int]) -> list[Finding]:
    """Return the findings of all shards; `order` has the domains as one run looks at them.

    Policies of one file that say the same give one finding, also where they are in two shards.
    """
    first: dict[tuple[object, ...], Finding] = {}
    domains: dict[tuple[object, ...], set[DomainName]] = {}
    for finding in sorted(found, key=lambda each: order[each.domain]):
        key = said(finding)
        first.setdefault(key, finding)
        domains.setdefault(key, set()).update(finding.domains)
    return in_order(
        replace(finding, domains=tuple(sorted(domains[key], key=order.__getitem__)))
        for key, finding in first.items()
    )
