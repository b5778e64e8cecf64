"""Rules about the addresses in an SPF record (RFC 7208 §5.6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network

from mailauth_dns.errors import NotFlattened
from mailauth_dns.evaluate.spf_addresses import drift, passing
from mailauth_dns.lint.live_rules import Asked, asked
from mailauth_dns.lint.rule import Problem, Severity, Undecided, rule
from mailauth_dns.lint.spf_reach import networks
from mailauth_dns.lint.subject import Flattened, Subject
from mailauth_dns.policy.repo import Route
from mailauth_dns.records import spf_term
from mailauth_dns.records.addresses import Addresses, addresses_of
from mailauth_dns.records.name import DomainName

_CHECK = "look at what it publishes with `spf lock --check`; waive this if it is true and meant"


def _said(found: Flattened, networks: Iterable[IPv4Network | IPv6Network]) -> str:
    first, *more = networks
    return f"{found.name}, as zones/locks/spf.json has it, holds {first}" + (
        f" and {len(more)} more like it" if more else ""
    )


@lru_cache(maxsize=256)  # the policies of a fleet flatten the same few names
def _networks_of(addresses: Addresses) -> tuple[IPv4Network | IPv6Network, ...]:
    return addresses.networks


# Networks that no message on the Internet comes from (RFC 6890). Documentation ranges are left
# out, because examples use them.
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


@lru_cache(maxsize=1024)  # the policies of a fleet list the same networks
def _never(network: IPv4Network | IPv6Network) -> IPv4Network | IPv6Network | None:
    return next((each for each in _NEVER if _within(network, each)), None)


def _within(inner: IPv4Network | IPv6Network, outer: IPv4Network | IPv6Network) -> bool:
    if isinstance(inner, IPv4Network):
        return isinstance(outer, IPv4Network) and inner.subnet_of(outer)
    return isinstance(outer, IPv6Network) and inner.subnet_of(outer)


@rule("SPF027", "spf-ip-private", Severity.WARNING, "RFC 6890 §2.2")
def spf_ip_private(subject: Subject) -> Iterator[Problem]:
    """No mail reaches receivers from private or reserved addresses: the term lets nobody send.

    Bad:
        spf: {terms: ["ip4:10.1.2.3"], all: fail}
    Good:
        spf: {terms: ["ip4:192.0.2.10"], all: fail}
    """
    for route, term in networks(subject):
        around = _never(term.network.network)
        if around is not None:
            yield Problem(
                route,
                f"{term} lies in {around}, from which no mail reaches receivers",
                "list the public address that mail leaves from instead",
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
    """A wide network lets the hosts of many others send as the domain and pass SPF.

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
                "list all the networks that send instead",
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
    """Receivers look at the network alone: the other bits of the address have no effect.

    Either those bits say something that is not meant, or the prefix length is wrong.

    Bad:
        spf: {terms: ["ip4:192.0.2.10/24"], all: fail}
    Good:
        spf: {terms: ["ip4:192.0.2.0/24"], all: fail}
    """
    for route, term in networks(subject):
        if term.network.ip != term.network.network.network_address:
            yield Problem(
                route,
                f"receivers read {term} as all of {term.network.network}",
                f"write {term.network.network}; or the address alone, if no other host there sends",
            )


@rule("SPF030", "spf-covered-cidr", Severity.INFO, "practice")
def spf_covered_cidr(subject: Subject) -> Iterator[Problem]:
    """Receivers never decide by a term that an earlier one covers: it only takes up room.

    Bad:
        spf: {terms: ["ip4:192.0.2.0/24", "ip4:192.0.2.10"], all: fail}
    Good:
        spf: {terms: ["ip4:192.0.2.0/24"], all: fail}
    """
    flattened = {found.name: found for found in subject.flattened}
    if not flattened and len(list(networks(subject))) < 2:
        return
    earlier: list[tuple[str, Addresses]] = []
    for route, term in subject.spf_terms:
        if isinstance(term, spf_term.Ip4 | spf_term.Ip6):
            own = addresses_of([term.network.network])
            covering = next((said for said, addresses in earlier if not own - addresses), None)
            if covering is not None:
                yield Problem(
                    route,
                    f"{term} is covered by {covering} before it and changes nothing",
                    "take it out",
                )
            earlier.append((str(term), own))
        elif (
            isinstance(term, spf_term.Include)
            and (found := flattened.get(DomainName(term.domain.folded))) is not None
        ):
            earlier.append((f"{term}, which is flattened,", found.addresses))


def _flattened(subject: Subject) -> Iterator[tuple[Route, tuple[DomainName, Addresses]]]:
    reviewed = {
        name: addresses for entry in subject.declared for name, addresses in entry.spf_names
    }
    for index, name in enumerate(
        map(DomainName, subject.spf_section.flatten if subject.spf_section is not None else ())
    ):
        yield ("spf", "flatten", index), (name, reviewed[name])


@asked("SPF042", "spf-stale-flatten", Severity.WARNING, "practice", things=_flattened)
def spf_stale_flatten(found: Asked[tuple[DomainName, Addresses]]) -> Iterator[Problem | Undecided]:
    """Mail fails SPF if it comes from hosts that the sender has added since the last `spf lock`.

    Bad:
        spf: {terms: ["include:a.example"], flatten: [a.example], all: fail}  # lock of last year
    Good:
        spf lock --check, every day
    """
    name, reviewed = found.thing
    try:
        change = drift(reviewed, passing(name, found.resolver).addresses)
    except NotFlattened as error:
        yield Problem(
            found.route,
            f"{name} can no longer be flattened: {error}",
            "take it out of flatten if its lookups fit, or ask its owner",
        )
        return
    if change:
        told = [
            f"{word} {len(part.networks)}"
            for word, part in (("gained", change.added), ("lost", change.removed))
            if part
        ]
        message = f"{name} has {' and '.join(told)} networks since it was reviewed"
        yield Problem(
            found.route, message, "run `mailauth-dns spf lock`, review the lock, then plan, apply"
        )
