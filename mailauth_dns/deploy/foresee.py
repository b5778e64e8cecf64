"""DNS as a plan would make it, for `serve --plan`: a real receiver can be pointed at what is not applied yet."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mailauth_dns.deploy.planfile import ChangeEntry, PlanFile
from mailauth_dns.deploy.serve import whole_zone
from mailauth_dns.deploy.world import as_planned
from mailauth_dns.diff.compare import ours
from mailauth_dns.errors import ObservationError, ProviderError
from mailauth_dns.evaluate.authority import Answer, Rcode
from mailauth_dns.evaluate.resolver import ZoneResolver
from mailauth_dns.live.recursion import system_resolvers
from mailauth_dns.live.resolver import LiveResolver
from mailauth_dns.policy.load import Policy
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName, domain_name
from mailauth_dns.records.server import Server
from mailauth_dns.records.zone import RRset, Zone, zone_of

TTL = 0  # seconds: nobody may keep what is not so yet


class Foreseen:
    """Answers as a recursive resolver would after the plan.

    Zones with a file in the directory are that file with the plan's changes, read once. Elsewhere the plan lies over live DNS, which
    is asked each question once.
    """

    recursive = True

    def __init__(self, directory: Path, plan: PlanFile, policies: Iterable[Policy], own: Server) -> None:
        """Read the zones; `own` is the address that will answer, which is not asked for the rest.

        Raises:
            ProviderError: a zone's file cannot be read, or says only a part of the zone.
        """
        changes = {zone.zone: zone.changes for zone in plan.zones}
        zones = {name: _changed(whole_zone(name, path), changes.get(name, ())) for name, path in _files(directory)}
        nameservers = {
            policy.zone: tuple(text for text in policy.body.nameservers if text != str(own))
            for policy in policies
            if policy.zone not in zones
        }
        self._live = LiveResolver(nameservers, resolvers=[server for server in system_resolvers() if server != own])
        self._resolver = ZoneResolver(zones.values(), elsewhere=as_planned(plan, self._live))

    def answer(self, name: DomainName, type: str) -> Answer | None:
        """Return the answer; the set at the end of an alias stands at the name that was asked for.

        Raises:
            ProviderError: nobody could tell.
        """
        self._live.next_message()
        try:
            values = self._resolver.lookup(name, type)
        except ObservationError as error:
            raise ProviderError(str(error)) from None
        if values is None:
            return Answer(Rcode.NXDOMAIN, authoritative=False)
        return Answer(Rcode.NOERROR, (RRset(name, type, TTL, frozenset(values)),) if values else (), authoritative=False)


def _files(directory: Path) -> Iterable[tuple[DomainName, Path]]:
    for path in sorted(directory.glob("*.zone")):
        yield domain_name(path.name.removesuffix(".zone")), path


def _changed(zone: Zone, changes: Iterable[ChangeEntry]) -> Zone:
    """Return a zone with changes, foreign values left as they are."""
    sets = {rrset.key: rrset for rrset in zone.rrsets}
    for change in changes:
        key = (DomainName(change.name), change.type)
        there = sets.pop(key, None)
        kept = there.values - ours(there, Family(change.family)) if there is not None else frozenset[str]()
        if values := kept | frozenset(change.after):
            sets[key] = RRset(*key, change.ttl_after, values)
    return zone_of(zone.origin, sets.values())
