"""What each authoritative server publishes now, for the names a policy declares.

The servers come from the policy or, if it names none, from the delegation, which a recursive
resolver tells. Each server is asked directly and without recursion, because a cache shows the past,
and the answer of one server does not show that another differs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.evaluate.observation import Observation, ServerView, Unknown
from mailauth_dns.live.dns_message import ServerAnswer
from mailauth_dns.live.lookup import Question, ServerAddress, ask
from mailauth_dns.live.recursive_resolvers import ANSWERED, Recursion, Reply, system_resolvers
from mailauth_dns.live.transport import has_route
from mailauth_dns.records import server_address
from mailauth_dns.records.name import DomainName, domain_name, is_at_or_below
from mailauth_dns.records.zone import RRKey, RRset

_ADDRESS_TYPES = ("A", "AAAA")


@dataclass(frozen=True, slots=True)
class Wanted:
    """The sets to ask for in one zone; `nameservers` replace the delegated servers."""

    zone: DomainName
    keys: frozenset[RRKey]
    nameservers: tuple[str, ...] = ()

    @property
    def all_keys(self) -> frozenset[RRKey]:
        """The keys, and the zone's own NS set, which shows whose servers answer."""
        return self.keys | {(self.zone, "NS")}


@dataclass(frozen=True, slots=True)
class _Servers:
    """The servers to ask about a zone; `missing` are those without an address, and why."""

    servers: tuple[ServerAddress, ...] = ()
    missing: Mapping[DomainName, Unknown] = field(default_factory=dict)
    delegated: frozenset[DomainName] | None = None
    problem: str | None = None


def observe(
    wanted: Sequence[Wanted],
    *,
    resolvers: Sequence[ServerAddress] | None = None,
    timeout: float = 2.0,
    tries: int = 2,
) -> dict[DomainName, Observation]:
    """Return what the authoritative servers of each zone say. All zones are asked together.

    `resolvers` find the delegated servers: they are asked in order until one answers. None means
    the system's. `timeout` is in seconds for each of the `tries`. Network trouble is part of the
    observation.

    Raises:
        RecordSyntaxError: an entry of `nameservers` is not an address.
    """
    asking = partial(ask, timeout=timeout, tries=tries)
    found = {
        entry.zone: _Servers(tuple(map(server_address.parse, entry.nameservers)))
        for entry in wanted
        if entry.nameservers
    }
    if delegated := [entry.zone for entry in wanted if not entry.nameservers]:
        found |= _delegations(
            delegated, Recursion(system_resolvers() if resolvers is None else resolvers, asking)
        )
    replies = asking(
        Question(server, *key)
        for entry in wanted
        for server in found[entry.zone].servers
        for key in entry.all_keys
    )
    return {entry.zone: _observation(entry, found[entry.zone], replies) for entry in wanted}


def resolve(
    keys: Iterable[RRKey],
    *,
    resolvers: Sequence[ServerAddress] | None = None,
    timeout: float = 2.0,
    tries: int = 2,
) -> dict[RRKey, RRset | Unknown | None]:
    """Return the set that each name and type leads to, as recursive resolvers see it.

    They follow aliases. None means that there is no set.
    """
    asking = partial(ask, timeout=timeout, tries=tries)
    replies = Recursion(system_resolvers() if resolvers is None else resolvers, asking).lookup(keys)
    return {
        key: reply if isinstance(reply, Unknown) else reply.followed
        for key, reply in replies.items()
    }


def _delegations(zones: Sequence[DomainName], recursion: Recursion) -> dict[DomainName, _Servers]:
    """Return the servers that each zone's NS set leads to."""
    replies = recursion.lookup((zone, "NS") for zone in zones)
    hosts: dict[DomainName, frozenset[DomainName]] = {}
    found: dict[DomainName, _Servers] = {}
    for zone in zones:
        reply = replies[(zone, "NS")]
        if isinstance(reply, Unknown):
            found[zone] = _Servers(
                problem=f"cannot find the name servers of {zone}: {reply.reason}"
            )
        elif reply.rrset is None:
            why = (
                "does not exist in DNS (NXDOMAIN)"
                if reply.nxdomain
                else "has no NS set, so it is not a zone of its own in DNS"
            )
            found[zone] = _Servers(delegated=frozenset(), problem=f"{zone} {why}")
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
        found[zone] = _Servers(tuple(servers), missing, names)
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


def _observation(entry: Wanted, found: _Servers, replies: Mapping[Question, Reply]) -> Observation:
    views = [ServerView(str(server), _sets(entry, server, replies)) for server in found.servers]
    views += [
        ServerView(name, dict.fromkeys(entry.all_keys, unknown))
        for name, unknown in found.missing.items()
    ]
    return Observation(entry.zone, tuple(views), found.delegated, found.problem)


def _sets(
    entry: Wanted, server: ServerAddress, replies: Mapping[Question, Reply]
) -> dict[RRKey, RRset | Unknown | None]:
    sets: dict[RRKey, RRset | Unknown | None] = {}
    aliases: dict[RRKey, RRset] = {}
    for key in entry.all_keys:
        said = _said(entry.zone, replies[Question(server, *key)])
        if isinstance(said, RRset) and said.key != key:
            aliases[said.key] = said
            sets[key] = None  # the alias leads to a set at another name
        else:
            sets[key] = said
    return sets | aliases


def _said(zone: DomainName, reply: Reply) -> RRset | Unknown | None:
    """Return what the server holds, with authority, at this name: the set, a CNAME, or None."""
    if isinstance(reply, Unknown):
        return reply
    if reply.rcode not in ANSWERED:
        return Unknown(f"answers {reply.rcode}")
    cut = reply.referral
    if cut is not None and cut.name != zone and is_at_or_below(cut.name, zone):
        targets = ", ".join(sorted(value.removesuffix(".") for value in cut.values))
        return Unknown(f"{cut.name} is delegated to {targets}: this server does not answer for it")
    if not reply.authoritative:
        return Unknown("lame: answers without authority")
    return reply.rrset or reply.cname
