"""The terms of SPF records as values: mechanisms and modifiers (RFC 7208 §4.6.1)."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Interface, IPv4Network, IPv6Interface, IPv6Network

from mailauth_dns.records.spf_macro import DomainSpec


class Qualifier(StrEnum):
    """What a match means (RFC 7208 §4.6.2)."""

    PASS = "+"  # noqa: S105 - the qualifier, no password
    FAIL = "-"
    SOFTFAIL = "~"
    NEUTRAL = "?"


@dataclass(frozen=True, slots=True)
class All:
    """`all`: every host (RFC 7208 §5.1)."""

    qualifier: Qualifier

    def __str__(self) -> str:
        return f"{_sign(self.qualifier)}all"


@dataclass(frozen=True, slots=True)
class Include:
    """`include:`: hosts that pass for another domain (RFC 7208 §5.2)."""

    qualifier: Qualifier
    domain: DomainSpec

    def __str__(self) -> str:
        return f"{_sign(self.qualifier)}include:{self.domain}"


@dataclass(frozen=True, slots=True)
class A:
    """`a`: the addresses of a name, by default the current domain (RFC 7208 §5.3).

    Prefix lengths are in bits.
    """

    qualifier: Qualifier
    domain: DomainSpec | None = None
    prefix4: int = 32
    prefix6: int = 128

    def __str__(self) -> str:
        return _sign(self.qualifier) + "a" + _target(self.domain, self.prefix4, self.prefix6)


@dataclass(frozen=True, slots=True)
class Mx:
    """`mx`: the addresses of a name's mail exchangers (RFC 7208 §5.4). Prefix lengths in bits."""

    qualifier: Qualifier
    domain: DomainSpec | None = None
    prefix4: int = 32
    prefix6: int = 128

    def __str__(self) -> str:
        return _sign(self.qualifier) + "mx" + _target(self.domain, self.prefix4, self.prefix6)


@dataclass(frozen=True, slots=True)
class Ptr:
    """`ptr`: hosts whose reverse name lies in a domain; not to be used (RFC 7208 §5.5)."""

    qualifier: Qualifier
    domain: DomainSpec | None = None

    def __str__(self) -> str:
        return (
            _sign(self.qualifier) + "ptr" + (f":{self.domain}" if self.domain is not None else "")
        )


@dataclass(frozen=True, slots=True)
class Ip4:
    """`ip4:`: an address or network (RFC 7208 §5.6), kept as written, host bits included."""

    qualifier: Qualifier
    network: IPv4Interface

    def __str__(self) -> str:
        return f"{_sign(self.qualifier)}ip4:{_address(self.network)}"


@dataclass(frozen=True, slots=True)
class Ip6:
    """`ip6:`: an address or network (RFC 7208 §5.6), kept as written, host bits included."""

    qualifier: Qualifier
    network: IPv6Interface

    def __str__(self) -> str:
        return f"{_sign(self.qualifier)}ip6:{_address(self.network)}"


@dataclass(frozen=True, slots=True)
class Exists:
    """`exists:`: any host, if a name, often with macros, has an A record (RFC 7208 §5.7)."""

    qualifier: Qualifier
    domain: DomainSpec

    def __str__(self) -> str:
        return f"{_sign(self.qualifier)}exists:{self.domain}"


Term = All | Include | A | Mx | Ptr | Ip4 | Ip6 | Exists


@dataclass(frozen=True, slots=True)
class Modifier:
    """`name=value` (RFC 7208 §6); receivers ignore modifiers that they do not know."""

    name: str
    value: DomainSpec

    def __str__(self) -> str:
        return f"{self.name}={self.value}"


def _sign(qualifier: Qualifier) -> str:
    return "" if qualifier is Qualifier.PASS else qualifier.value


def _target(domain: DomainSpec | None, prefix4: int, prefix6: int) -> str:
    host = f":{domain}" if domain is not None else ""
    return (
        host + (f"/{prefix4}" if prefix4 != 32 else "") + (f"//{prefix6}" if prefix6 != 128 else "")
    )


def _address(network: IPv4Interface | IPv6Interface) -> str:
    return str(network.ip) if network.network.prefixlen == network.max_prefixlen else str(network)


def folded(term: Term) -> Hashable:
    """Return a value that is equal for terms that name the same hosts in the same way."""
    if isinstance(term, Ip4 | Ip6):
        return (type(term).__name__, term.qualifier, term.network.network)
    domain = None if isinstance(term, All) or term.domain is None else term.domain.folded
    prefixes = (term.prefix4, term.prefix6) if isinstance(term, A | Mx) else ()
    return (type(term).__name__, term.qualifier, domain, *prefixes)


_WIDEST = {4: 16, 6: 32}  # prefix lengths in bits: wider networks hold the hosts of many others


def too_wide_network(network: IPv4Network | IPv6Network) -> bool:
    """Tell whether a network has more hosts than a domain can have."""
    return network.prefixlen < _WIDEST[network.version]


def too_wide(term: Term) -> int | None:
    """Return the prefix length with which a term passes too many hosts; None where it does not.

    Too many means more than one domain can have.
    """
    match term:
        case Ip4(network=interface) | Ip6(network=interface):
            lengths = [(interface.version, interface.network.prefixlen)]
        case A(prefix4=four, prefix6=six) | Mx(prefix4=four, prefix6=six):
            lengths = [(4, four), (6, six)]
        case _:
            return None
    wide = next((length for version, length in lengths if length < _WIDEST[version]), None)
    return wide if term.qualifier is Qualifier.PASS else None
