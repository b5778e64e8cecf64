"""How much of the Internet an SPF record lets send."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network

from mailauth_dns.lint.subject import Subject
from mailauth_dns.policy.repo import Route
from mailauth_dns.records import spf_term
from mailauth_dns.records.addresses import EVERYBODY, NOBODY, Addresses, Range, addresses_of

# RFC 4291 §2.4: where the IPv6 addresses of the Internet are.
_GLOBAL = addresses_of([ip_network("2000::/3")])
_MOST = 50  # per cent of all addresses


def networks(subject: Subject) -> Iterator[tuple[Route, spf_term.Ip4 | spf_term.Ip6]]:
    """Yield the networks that the policy's record lists, each with its place."""
    for route, term in subject.spf_terms:
        if isinstance(term, spf_term.Ip4 | spf_term.Ip6):
            yield route, term


def wide_open(subject: Subject) -> tuple[Route, int, int] | None:
    """Return the place that lets most addresses pass, the percentage, and the IP version.

    None unless most of all addresses pass, which is nearly `+all`.
    """
    if not subject.flattened and not _may_be_wide(subject):
        return None
    record = subject.published_spf
    passed, left, items = NOBODY, EVERYBODY, [*_passing(subject)]
    for term in record.terms if record is not None else ():
        if isinstance(term, spf_term.All):
            break
        if isinstance(term, spf_term.Ip4 | spf_term.Ip6):
            network = addresses_of([term.network.network])
            if term.qualifier is spf_term.Qualifier.PASS:
                passed |= network & left
            left -= network
    for found in subject.flattened:
        passed |= found.addresses if found.qualifier is spf_term.Qualifier.PASS else NOBODY
    for version, ranges, whole in ((4, passed.v4, 2**32), (6, (passed & _GLOBAL).v6, 2**125)):
        if (share := 100 * _count(ranges) // whole) > _MOST:
            return (
                max(items, key=lambda item: _count(item[1].v4 if version == 4 else item[1].v6))[0],
                share,
                version,
            )
    return None


def _may_be_wide(subject: Subject) -> bool:
    """Tell whether the networks of a record would be wide if none lay in another: few are."""
    listed = {4: 0, 6: 0}
    for _, term in networks(subject):
        network = term.network.network
        listed[network.version] += 1 << (network.max_prefixlen - network.prefixlen)
    return any(
        100 * listed[version] // whole > _MOST for version, whole in ((4, 2**32), (6, 2**125))
    )


def _passing(subject: Subject) -> Iterator[tuple[Route, Addresses]]:
    for route, term in networks(subject):
        yield route, addresses_of([term.network.network])
    for found in subject.flattened:
        yield found.route, found.addresses


def _count(ranges: tuple[Range, ...]) -> int:
    return sum(high - low + 1 for low, high in ranges)
