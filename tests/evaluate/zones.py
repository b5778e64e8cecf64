"""Zones for tests, in short."""

from __future__ import annotations

from collections.abc import Mapping

from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRset, Zone, zone_of


def zone(origin: str, sets: Mapping[str, str | list[str]]) -> Zone:
    """Return a zone of `{"name TYPE": value or values}`; the names are absolute."""
    rrsets = []
    for key, values in sets.items():
        name, type = key.split(" ")
        rrsets.append(RRset(DomainName(name), type, 3600, frozenset([values] if isinstance(values, str) else values)))
    return zone_of(DomainName(origin), rrsets)
