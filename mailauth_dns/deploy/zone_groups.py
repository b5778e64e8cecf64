"""Zones that must be planned together, because a record of one has to do with a record of another.

A plan of very many zones holds one group at a time. Most zones are in no group: nothing that the
repo declares refers to them, and they are planned alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from mailauth_dns.compile.publication import Publication
from mailauth_dns.deploy.related_sets import Named
from mailauth_dns.diff.led_to import FAMILIES, leads_to
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName, upwards
from mailauth_dns.spread.shard import Shard


class ZoneGroups:
    """Groups of zones; a zone that was joined with no other is alone."""

    def __init__(self) -> None:
        self._by_zone: dict[DomainName, list[DomainName]] = {}

    def join(self, zone: DomainName, other: DomainName) -> None:
        """Put the groups of two zones together."""
        small, large = sorted((self.of(zone), self.of(other)), key=len)
        if small is large or zone == other:
            return
        large.extend(small)
        self._by_zone |= dict.fromkeys(small, large)
        self._by_zone[large[0]] = large  # it may have been alone until now

    def of(self, zone: DomainName) -> list[DomainName]:
        """Return the zones of a group."""
        return self._by_zone.get(zone) or [zone]

    def each(self, zones: Iterable[DomainName]) -> Iterator[list[DomainName]]:
        """Yield the groups of zones, each once."""
        done: set[DomainName] = set()
        for zone in zones:
            if zone not in done:
                group = self.of(zone)
                done.update(group)
                yield group

    def in_shard(self, zones: Iterable[DomainName], shard: Shard) -> frozenset[DomainName]:
        """Return the zones of a shard, with all of their groups; no group is split."""
        return frozenset(each for group in self.each(zones) if shard.has(group) for each in group)


def groups(publications: Sequence[Publication]) -> ZoneGroups:
    """Return the groups of what is declared: SPF includes, DKIM aliases, DMARC of subdomains."""
    found = ZoneGroups()
    homes = _homes(publications)
    for each in publications if homes else ():
        for name in led_to(each):
            for zone in homes.get(name, ()):
                found.join(each.origin, zone)
    for zone, other in _inheriting(publications):
        found.join(zone, other)
    return found


def led_to(publication: Publication) -> Iterator[Named]:
    """Yield the names to which the records of a publication lead."""
    for entry in publication.said:
        if entry.family in FAMILIES and entry.values:
            for name in leads_to(entry.family, entry.key[1], entry.values):
                yield entry.family, name


def _homes(publications: Sequence[Publication]) -> Mapping[Named, Sequence[DomainName]]:
    """Return the zones that declare a name to which a record of the repo leads."""
    led = {name for each in publications for name in led_to(each)}
    found: dict[Named, list[DomainName]] = {}
    for each in publications if led else ():
        for entry in each.declared:
            if (name := (entry.family, entry.key[0])) in led:
                found.setdefault(name, []).append(each.origin)
    return found


def _inheriting(publications: Iterable[Publication]) -> Iterator[tuple[DomainName, DomainName]]:
    """Yield pairs of zones with DMARC records of a domain and of one below it."""
    zones = {domain: each.origin for each in publications for domain in _with_dmarc(each)}
    for domain, zone in zones.items():
        for upper in upwards(domain):
            if upper != domain and upper in zones:
                yield zone, zones[upper]


def _with_dmarc(publication: Publication) -> Iterator[DomainName]:
    """Yield the domains with a DMARC record in a zone."""
    if any(entry.family is Family.DMARC for entry in publication.said):
        domains = publication.domains
        if len(domains) == 1:
            yield from domains
            return
        yield from (each.domain for each in publication.declared if each.family is Family.DMARC)
