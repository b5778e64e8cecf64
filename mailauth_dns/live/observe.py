"""What each authoritative server publishes now, for the names a policy declares.

The servers come from the policy or, if it names none, from the delegation, which a recursive
resolver tells. Each server is asked directly and without recursion, because a cache shows the past,
and the answer of one server does not show that another differs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial

from mailauth_dns.evaluate.observation import Observation, ServerView, Unknown
from mailauth_dns.live.delegation import ZoneServers, zone_servers
from mailauth_dns.live.lookup import Question, ServerAddress, ask
from mailauth_dns.live.recursive_resolvers import ANSWERED, Recursion, Reply, system_resolvers
from mailauth_dns.records import server_address
from mailauth_dns.records.name import DomainName, is_at_or_below
from mailauth_dns.records.zone import RRKey, RRset


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
    parsed = cache(server_address.parse)  # many zones have the same servers
    found = {
        entry.zone: ZoneServers(tuple(map(parsed, entry.nameservers)))
        for entry in wanted
        if entry.nameservers
    }
    if delegated := [entry.zone for entry in wanted if not entry.nameservers]:
        found |= zone_servers(
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


def _observation(
    entry: Wanted, found: ZoneServers, replies: Mapping[Question, Reply]
) -> Observation:
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
        said = _said(entry.zone, key, replies[Question(server, *key)])
        if isinstance(said, RRset) and said.key != key:
            aliases[said.key] = said
            sets[key] = None  # the alias leads to a set at another name
        else:
            sets[key] = said
    return sets | aliases


def _said(zone: DomainName, key: RRKey, reply: Reply) -> RRset | Unknown | None:
    """Return what the server holds at this name: the set, a CNAME, or None.

    It has authority, save for the NS set of a delegation, which is what the parent zone holds.
    """
    if isinstance(reply, Unknown):
        return reply
    if reply.rcode not in ANSWERED:
        return Unknown(f"answers {reply.rcode}")
    cut = reply.referral
    if cut is not None and cut.key == key:
        return cut
    if cut is not None and cut.name != zone and is_at_or_below(cut.name, zone):
        targets = ", ".join(sorted(value.removesuffix(".") for value in cut.values))
        return Unknown(f"{cut.name} is delegated to {targets}: this server does not answer for it")
    if not reply.authoritative:
        return Unknown("lame: answers without authority")
    return reply.rrset or reply.cname
