"""The servers that a zone is delegated to, with their addresses (RFC 1034 §4.2.2).

Recursive resolvers tell them. They are asked for NS sets and the servers' addresses alone: what is
published is asked at the servers themselves, so no cache keeps an answer that is about to change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.live.lookup import ServerAddress, ServerAnswer
from mailauth_dns.live.recursive_resolvers import Recursion, Reply
from mailauth_dns.live.transport import has_route
from mailauth_dns.records.name import DomainName, domain_name

_ADDRESS_TYPES = ("A", "AAAA")


@dataclass(frozen=True, slots=True)
class ZoneServers:
    """The servers to ask about a zone; `missing` are those without an address, and why."""

    servers: tuple[ServerAddress, ...] = ()
    missing: Mapping[DomainName, Unknown] = field(default_factory=dict)
    delegated: frozenset[DomainName] | None = None
    problem: str | None = None


def zone_servers(
    zones: Sequence[DomainName], recursion: Recursion
) -> dict[DomainName, ZoneServers]:
    """Return the servers that each zone's NS set leads to."""
    replies = recursion.lookup((zone, "NS") for zone in zones)
    hosts: dict[DomainName, frozenset[DomainName]] = {}
    found: dict[DomainName, ZoneServers] = {}
    for zone in zones:
        reply = replies[(zone, "NS")]
        if isinstance(reply, Unknown):
            found[zone] = ZoneServers(
                problem=f"cannot find the name servers of {zone}: {reply.reason}"
            )
        elif reply.rrset is None:
            why = (
                "does not exist in DNS (NXDOMAIN)"
                if reply.nxdomain
                else "has no NS set, so it is not a zone of its own in DNS"
            )
            found[zone] = ZoneServers(delegated=frozenset(), problem=f"{zone} {why}")
        else:
            hosts[zone] = frozenset(
                DomainName(value.removesuffix(".")) for value in reply.rrset.values
            )
    addresses = _addresses(frozenset[DomainName]().union(*hosts.values()), recursion)
    for zone, names in hosts.items():
        servers = [
            server
            for name in sorted(names)
            if not isinstance(where := addresses[name], Unknown)
            for server in where
        ]
        missing = {
            name: where for name in sorted(names) if isinstance(where := addresses[name], Unknown)
        }
        found[zone] = ZoneServers(tuple(servers), missing, names)
    return found


def _addresses(
    hosts: Iterable[DomainName], recursion: Recursion
) -> dict[DomainName, tuple[ServerAddress, ...] | Unknown]:
    """Return each name server's addresses, or why it has none."""
    found: dict[DomainName, tuple[ServerAddress, ...] | Unknown] = {}
    names: list[DomainName] = []
    for host in hosts:
        try:
            names.append(domain_name(host))
        except RecordSyntaxError as error:
            found[host] = Unknown(f"is not a host name: {error}")
    replies = recursion.lookup((name, type) for name in names for type in _ADDRESS_TYPES)
    routed = cache(has_route)
    for name in names:
        both = [replies[(name, type)] for type in _ADDRESS_TYPES]
        servers = [ServerAddress(value, name=name) for reply in both for value in _followed(reply)]
        if any("." in server.address for server in servers):
            servers = [
                server
                for server in servers
                if "." in server.address or routed(server.address, server.port)
            ]
        found[name] = tuple(servers) or _no_address(both)
    return found


def _followed(reply: Reply) -> list[str]:
    return (
        sorted(reply.followed.values)
        if isinstance(reply, ServerAnswer) and reply.followed is not None
        else []
    )


def _no_address(replies: Sequence[Reply]) -> Unknown:
    for reply in replies:
        if isinstance(reply, Unknown):
            return Unknown(f"its address is unknown: {reply.reason}")
        if reply.nxdomain:
            return Unknown("its name does not exist (NXDOMAIN)")
    return Unknown("its name has no address")
