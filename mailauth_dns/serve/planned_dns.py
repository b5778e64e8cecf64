"""DNS as a plan would make it, for `serve --plan`: point a real receiver at it before you apply."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import takewhile
from pathlib import Path

from mailauth_dns.errors import ObservationError, ProviderError
from mailauth_dns.evaluate.resolver import ZoneResolver
from mailauth_dns.evaluate.zone_answers import MAX_CHAIN, Authority, Rcode, ZoneAnswer, alias_target
from mailauth_dns.live.recursive_resolvers import system_resolvers
from mailauth_dns.live.resolver import LiveResolver
from mailauth_dns.plan.plan import ChangeEntry, Plan
from mailauth_dns.policy.repo import Policy
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import ROOT, DomainName, domain_name, upwards
from mailauth_dns.records.ownership import ours
from mailauth_dns.records.server_address import ServerAddress
from mailauth_dns.records.zone import RRset, Zone, zone_of
from mailauth_dns.serve.zone_directory import whole_zone
from mailauth_dns.simulate.dns_views import as_planned

TTL = 0  # seconds: nobody may cache what is not true yet
# What names hold, the most common first.
_TYPES = (
    *(
        "A",
        "TXT",
        "MX",
        "NS",
        "AAAA",
        "SRV",
        "CAA",
        "TLSA",
        "PTR",
        "SOA",
        "HTTPS",
        "SVCB",
        "DS",
        "DNSKEY",
        "DNAME",
        "SSHFP",
        "NAPTR",
    ),
    *(
        "URI",
        "LOC",
        "HINFO",
        "RP",
        "CERT",
        "OPENPGPKEY",
        "SMIMEA",
        "CDS",
        "CDNSKEY",
        "SPF",
        "AFSDB",
    ),
)
_ANY = '"RFC8482" ""'  # a HINFO that stands for whatever a name holds (RFC 8482 §4.2)


class Foreseen:
    """Answers as a recursive resolver would after the plan.

    For a zone with a file in the directory, answers come from that file and the plan's changes; the
    file is read once. For other zones they come from live DNS and the plan; each question is asked
    once. A zone at two providers becomes the same at both.
    """

    recursive = True

    def __init__(
        self,
        directory: Path | None,
        provider: str,
        plan: Plan,
        policies: Iterable[Policy],
        own: ServerAddress,
    ) -> None:
        """Read the zones in the directory of `provider`.

        `own` is the address that will answer, so it is not asked itself.

        Raises:
            ProviderError: a zone's file cannot be read, or holds only a part of the zone.
        """
        changes = {zone.zone: zone.changes for zone in plan.zones if zone.provider == provider}
        zones = {
            name: _changed(whole_zone(name, path), changes.get(name, ()))
            for name, path in _files(directory)
        }
        self._local = {name: Authority(zone) for name, zone in zones.items()}
        nameservers = {
            policy.zone: tuple(text for text in policy.body.nameservers if text != str(own))
            for policy in policies
            if policy.zone not in zones
        }
        self._live = LiveResolver(
            nameservers, resolvers=[server for server in system_resolvers() if server != own]
        )
        self._resolver = ZoneResolver(zones.values(), elsewhere=as_planned(plan, self._live))

    def answer(self, name: DomainName, type: str) -> ZoneAnswer | None:
        """Return the answer, with aliases followed, or the zone's SOA if there is none.

        Raises:
            ProviderError: nobody could tell.
        """
        self._live.next_message()
        try:
            return self._any(name) if type == "ANY" else self._found(name, type)
        except ObservationError as error:
            raise ProviderError(str(error)) from None

    def _found(self, name: DomainName, type: str) -> ZoneAnswer:
        values = self._resolver.lookup(name, type)
        chain = self._chain(name) if type != "CNAME" else ()
        at = alias_target(next(iter(chain[-1].values))) if chain else name
        if not values:
            return ZoneAnswer(
                Rcode.NXDOMAIN if values is None else Rcode.NOERROR,
                chain,
                self._soa(at),
                authoritative=False,
            )
        return ZoneAnswer(
            Rcode.NOERROR, (*chain, RRset(at, type, TTL, frozenset(values))), authoritative=False
        )

    def _any(self, name: DomainName) -> ZoneAnswer:
        alias = self._resolver.lookup(name, "CNAME")
        if alias is None:
            return ZoneAnswer(Rcode.NXDOMAIN, (), self._soa(name), authoritative=False)
        if not alias and not self._holds_data(name):
            return ZoneAnswer(Rcode.NOERROR, (), self._soa(name), authoritative=False)
        found = (
            RRset(name, "CNAME", TTL, frozenset(alias))
            if alias
            else RRset(name, "HINFO", TTL, frozenset({_ANY}))
        )
        return ZoneAnswer(Rcode.NOERROR, (found,), authoritative=False)

    def _holds_data(self, name: DomainName) -> bool:
        """Tell whether a name has records of its own.

        Live DNS cannot be asked for everything, so the types are tried.
        """
        origin = next((each for each in upwards(name) if each in self._local), None)
        answer = self._local[origin].answer(name, "ANY") if origin is not None else None
        if answer is not None and answer.authoritative:
            return bool(answer.answer)
        return any(self._resolver.lookup(name, type) for type in _TYPES)

    def _chain(self, name: DomainName) -> tuple[RRset, ...]:
        """Return the aliases that lead away from a name."""
        chain: list[RRset] = []
        while len(chain) < MAX_CHAIN and (targets := self._known(name, "CNAME")):
            chain.append(RRset(name, "CNAME", TTL, frozenset(targets)))
            name = alias_target(targets[0])
        return tuple(chain)

    def _soa(self, name: DomainName) -> tuple[RRset, ...]:
        """Return what a denial needs to be believed (RFC 2308 §3), where it is at hand."""
        for apex in takewhile(lambda each: each != ROOT, upwards(name)):
            # An alias on the way up has no SOA of its own, and is no zone.
            if not self._known(apex, "CNAME") and (values := self._known(apex, "SOA")):
                return (RRset(apex, "SOA", TTL, frozenset(values)),)
        return ()

    def _known(self, name: DomainName, type: str) -> tuple[str, ...]:
        try:
            return self._resolver.lookup(name, type) or ()
        except ObservationError:
            return ()  # the answer is complete without it


def _files(directory: Path | None) -> Iterable[tuple[DomainName, Path]]:
    for path in sorted(directory.glob("*.zone")) if directory is not None else ():
        yield domain_name(path.name.removesuffix(".zone")), path


def _changed(zone: Zone, changes: Iterable[ChangeEntry]) -> Zone:
    """Return a zone with changes, foreign values left as they are."""
    sets = {rrset.key: rrset for rrset in zone.rrsets}
    for change in changes:
        key = (DomainName(change.name), change.type)
        there = sets.pop(key, None)
        kept = (
            there.values - ours(there, Family(change.family), change.sender_values)
            if there is not None
            else frozenset[str]()
        )
        if values := kept | frozenset(change.after):
            sets[key] = RRset(*key, change.ttl_after, values)
    return zone_of(zone.origin, sets.values())
