"""Rules about the addresses in an SPF record (RFC 7208 §5.6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network

from mailauth_dns.lint.rule import Problem, Severity, rule
from mailauth_dns.lint.subject import Flattened, Subject
from mailauth_dns.policy.repo import Route
from mailauth_dns.records import spf_term
from mailauth_dns.records.addresses import EVERYBODY, NOBODY, Addresses, Range, addresses_of
from mailauth_dns.records.name import DomainName

# What is never the source of a message that crosses the Internet (RFC 6890). Documentation ranges are not among them: examples use them.
_NEVER = tuple(
    map(
        ip_network,
        (
            *(
                "0.0.0.0/8",
                "10.0.0.0/8",
                "100.64.0.0/10",
                "127.0.0.0/8",
                "169.254.0.0/16",
                "172.16.0.0/12",
                "192.168.0.0/16",
            ),
            *(
                "224.0.0.0/4",
                "240.0.0.0/4",
                "::/128",
                "::1/128",
                "fc00::/7",
                "fe80::/10",
                "ff00::/8",
            ),
        ),
    )
)


_GLOBAL = addresses_of(
    [ip_network("2000::/3")]
)  # where IPv6 addresses of the Internet are (RFC 4291 §2.4)
_MOST = 50  # per cent of all addresses


def _networks(subject: Subject) -> Iterator[tuple[Route, spf_term.Ip4 | spf_term.Ip6]]:
    for route, term in subject.spf_terms:
        if isinstance(term, spf_term.Ip4 | spf_term.Ip6):
            yield route, term


_CHECK = "see what it publishes with `spf lock --check`; what is true and meant can be waived"


def _said(found: Flattened, networks: Iterable[IPv4Network | IPv6Network]) -> str:
    first, *more = networks
    return f"{found.name}, as zones/locks/spf.json has it, holds {first}" + (
        f" and {len(more)} more like it" if more else ""
    )


@lru_cache(maxsize=256)  # the policies of a fleet flatten the same few names
def _networks_of(addresses: Addresses) -> tuple[IPv4Network | IPv6Network, ...]:
    return addresses.networks


@lru_cache(maxsize=1024)  # the policies of a fleet list the same networks
def _never(network: IPv4Network | IPv6Network) -> IPv4Network | IPv6Network | None:
    return next((each for each in _NEVER if _within(network, each)), None)


def _within(inner: IPv4Network | IPv6Network, outer: IPv4Network | IPv6Network) -> bool:
    if isinstance(inner, IPv4Network):
        return isinstance(outer, IPv4Network) and inner.subnet_of(outer)
    return isinstance(outer, IPv6Network) and inner.subnet_of(outer)


@rule("SPF027", "spf-ip-private", Severity.WARNING, "RFC 6890 §2.2")
def spf_ip_private(subject: Subject) -> Iterator[Problem]:
    """Private and reserved addresses never reach a receiver over the Internet: the term lets nobody send.

    Bad:
        spf: {terms: ["ip4:10.1.2.3"], all: fail}
    Good:
        spf: {terms: ["ip4:192.0.2.10"], all: fail}
    """
    for route, term in _networks(subject):
        around = _never(term.network.network)
        if around is not None:
            yield Problem(
                route,
                f"{term} lies in {around}, which no receiver sees as a source",
                "list the public address that mail leaves from in its place",
            )
    for found in subject.flattened:
        if private := [
            network for network in _networks_of(found.addresses) if _never(network) is not None
        ]:
            yield Problem(
                found.route, f"{_said(found, private)}: private or reserved addresses", _CHECK
            )


@rule("SPF028", "spf-ip-too-broad", Severity.WARNING, "practice")
def spf_ip_too_broad(subject: Subject) -> Iterator[Problem]:
    """Every host of the network can send as the domain; one so wide holds the hosts of many others.

    Bad:
        spf: {terms: ["ip4:198.0.0.0/8"], all: fail}
    Good:
        spf: {terms: ["ip4:198.51.100.0/24"], all: fail}
    """
    for route, term in subject.spf_terms:
        length = spf_term.too_wide(term) if not isinstance(term, spf_term.Modifier) else None
        if length is not None:
            yield Problem(
                route,
                f"{term} lets every host of a /{length} send as this domain",
                "list the networks that send, all of them, in its place",
            )
    for found in subject.flattened:
        wide = [
            network
            for network in _networks_of(found.addresses)
            if spf_term.too_wide_network(network)
        ]
        if wide and found.qualifier is spf_term.Qualifier.PASS:
            yield Problem(
                found.route,
                f"{_said(found, wide)}, and every host of it can send as this domain",
                _CHECK,
            )


@rule("SPF029", "spf-host-bits", Severity.INFO, "practice")
def spf_host_bits(subject: Subject) -> Iterator[Problem]:
    """Receivers look at the network alone: the rest of the address says something that is not meant, or the length is wrong.

    Bad:
        spf: {terms: ["ip4:192.0.2.10/24"], all: fail}
    Good:
        spf: {terms: ["ip4:192.0.2.0/24"], all: fail}
    """
    for route, term in _networks(subject):
        if term.network.ip != term.network.network.network_address:
            yield Problem(
                route,
                f"{term} stands for all of {term.network.network}",
                f"write {term.network.network}; or the address alone, if no other host there sends",
            )


@rule("SPF030", "spf-covered-cidr", Severity.INFO, "practice")
def spf_covered_cidr(subject: Subject) -> Iterator[Problem]:
    """A term that an earlier one covers is never what decides: it only makes the record longer.

    Bad:
        spf: {terms: ["ip4:192.0.2.0/24", "ip4:192.0.2.10"], all: fail}
    Good:
        spf: {terms: ["ip4:192.0.2.0/24"], all: fail}
    """
    flattened = {found.name: found for found in subject.flattened}
    earlier: list[tuple[str, Addresses]] = []
    for route, term in subject.spf_terms:
        if isinstance(term, spf_term.Ip4 | spf_term.Ip6):
            own = addresses_of([term.network.network])
            covering = next((said for said, addresses in earlier if not own - addresses), None)
            if covering is not None:
                yield Problem(route, f"{term} is covered by {covering} before it", "take it out")
            earlier.append((str(term), own))
        elif (
            isinstance(term, spf_term.Include)
            and (found := flattened.get(DomainName(term.domain.folded))) is not None
        ):
            earlier.append((f"{term}, which is flattened,", found.addresses))


def wide_open(subject: Subject) -> tuple[Route, int, int] | None:
    """Return what lets most of the addresses pass, the percentage, and the IP version: all but the same as `+all`."""
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


def _passing(subject: Subject) -> Iterator[tuple[Route, Addresses]]:
    for route, term in _networks(subject):
        yield route, addresses_of([term.network.network])
    for found in subject.flattened:
        yield found.route, found.addresses


def _count(ranges: tuple[Range, ...]) -> int:
    return sum(high - low + 1 for low, high in ranges)
