"""Zones for tests, in short."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mailauth_dns.errors import ObservationError
from mailauth_dns.evaluate.resolver import Values, ZoneResolver
from mailauth_dns.records.name import ROOT, DomainName
from mailauth_dns.records.zone import RRset, Zone, zone_of


def zone(origin: str, sets: Mapping[str, str | list[str]]) -> Zone:
    """Return a zone of `{"name TYPE": value or values}`; the names are absolute."""
    rrsets = []
    for key, values in sets.items():
        name, type = key.split(" ")
        rrsets.append(
            RRset(
                DomainName(name),
                type,
                3600,
                frozenset([values] if isinstance(values, str) else values),
            )
        )
    return zone_of(DomainName(origin), rrsets)


class Recorded:
    """A resolver for these records; it notes its questions and does not answer for `dark` names."""

    def __init__(self, sets: Mapping[str, str | list[str]], dark: Iterable[str] = ()) -> None:
        self._resolver = ZoneResolver([zone(ROOT, sets)])
        self._dark = frozenset(dark)
        self.asked: list[str] = []

    def lookup(self, name: DomainName, rrtype: str) -> Values:
        self.asked.append(f"{name} {rrtype}")
        if name in self._dark:
            raise ObservationError(f"{name} {rrtype}: SERVFAIL")
        return self._resolver.lookup(name, rrtype)
