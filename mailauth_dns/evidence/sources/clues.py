"""What one row of a report says of whose mail it is: its address, its names, its signatures."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address

from mailauth_dns.evidence.evidence import Row
from mailauth_dns.evidence.sources.declared_sources import Declared, DeclaredSource
from mailauth_dns.records.name import DomainName, is_at_or_below
from mailauth_dns.reports.aggregate import AuthResult, DkimResult
from mailauth_dns.senders.entry import Entry
from mailauth_dns.senders.recognition import Trace

Sources = tuple[DeclaredSource, ...]
_NAMES = (Trace.DKIM, Trace.RETURN_PATH, Trace.REPORT, Trace.INCLUDE)


class Clues:
    """What is declared, found by what reports say; each question is answered once."""

    def __init__(self, declared: Declared, hosts: Mapping[str, DomainName]) -> None:
        self.declared, self._hosts = declared, hosts
        self._ranges = {4: _cut(declared.sources, 4), 6: _cut(declared.sources, 6)}
        self._at: dict[str, Sources] = {}
        self._named: dict[DomainName, Sources] = {}
        self._senders: dict[str, tuple[str, ...]] = {}
        self._keys: dict[tuple[str, str | None], list[DeclaredSource]] = {}
        self._paths: dict[str, list[DeclaredSource]] = {}
        for source in declared.sources:
            for selector in source.selectors:
                self._keys.setdefault((source.domain, selector), []).append(source)
            if source.selectors:
                self._keys.setdefault((source.domain, None), []).append(source)
            for name in source.mail_from:
                self._paths.setdefault(name, []).append(source)

    def is_ours(self, name: DomainName | None) -> bool:
        """Tell whether a name belongs to the owner of the domain.

        It lies in the owner's zone, or above it, but not at a name that has many owners.
        """
        if name is None:
            return False
        zone = self.declared.zone
        return is_at_or_below(name, zone) or ("." in name and is_at_or_below(zone, name))

    def by_address(self, row: Row) -> Sources:
        """Return the sources whose known networks hold a row's address."""
        if row.source is None:
            return ()
        if row.source not in self._at:
            address = ip_address(row.source)
            self._at[row.source] = _at(self._ranges[address.version], address)
        return self._at[row.source]

    def by_path(self, name: DomainName) -> Sources:
        """Return the sources that have a domain in MAIL FROM."""
        return tuple(self._paths.get(name, ()))

    def by_key(self, signature: DkimResult) -> Sources:
        """Return the sources that sign for a domain with a selector, which may not be said."""
        selector = signature.selector.lower() if signature.selector is not None else None
        return tuple(self._keys.get((signature.domain or "", selector), ()))

    def senders(self, name: str | None) -> tuple[str, ...]:
        """Return the ids in the catalogue that a name tells, surest first."""
        if name is None:
            return ()
        if name not in self._senders:
            found = (self.declared.known.senders(trace, name) for trace in _NAMES)
            self._senders[name] = tuple(dict.fromkeys(each for ids in found for each in ids))
        return self._senders[name]

    def entry(self, name: DomainName | None) -> Entry | None:
        """Return the sender of the catalogue that a name tells, if it is not the owner's."""
        ids = self.senders(name) if not self.is_ours(name) else ()
        return self.declared.known.catalogue.get(ids[0]) if ids else None

    def by_name(self, name: DomainName | None) -> Sources:
        """Return the sources that a name tells, if it is a sender's."""
        if name is None or self.is_ours(name):
            return ()
        if name not in self._named:
            self._named[name] = tuple(
                each for each in self.declared.sources if self.is_of(name, each)
            )
        return self._named[name]

    def is_of(self, name: DomainName, source: DeclaredSource) -> bool:
        """Tell whether a name is a sender's own, or was made for it below a domain of ours."""
        if self.is_ours(name):
            return name in source.mail_from and name != source.domain
        if source.sender is not None and source.sender in self.senders(name):
            return True
        return source.is_led_to(name)

    def host(self, row: Row) -> DomainName | None:
        """Return the name of a row's host, where it was asked for and is known."""
        return self._hosts.get(row.source) if row.source is not None else None


def our_signatures(clues: Clues, row: Row) -> tuple[DkimResult, ...]:
    """Return the signatures for a domain of the owner's, whatever became of them."""
    return tuple(each for each in row.dkim if clues.is_ours(each.domain))


def our_passing(clues: Clues, row: Row) -> tuple[DkimResult, ...]:
    """Return the valid signatures for a domain of the owner's."""
    return tuple(each for each in our_signatures(clues, row) if each.result is AuthResult.PASS)


def spf_names(row: Row) -> Iterator[DomainName]:
    """Yield the domains for which SPF passes, MAIL FROM first."""
    for each in sorted(row.spf, key=lambda each: each.helo):
        if each.result is AuthResult.PASS and each.domain is not None:
            yield each.domain


def proven_names(row: Row) -> tuple[DomainName, ...]:
    """Return the domains that a row's mail is of, as far as SPF or DKIM prove it."""
    signed = (each.domain for each in row.dkim if each.result is AuthResult.PASS)
    return tuple(dict.fromkeys([*spf_names(row), *(each for each in signed if each is not None)]))


# Addresses


_Ranges = tuple[list[int], list[Sources]]


def _cut(sources: Iterable[DeclaredSource], version: int) -> _Ranges:
    """Return the places at which the sources that hold an address change."""
    ends: dict[int, list[tuple[bool, DeclaredSource]]] = {}
    for source in sources:
        for low, high in source.addresses.v4 if version == 4 else source.addresses.v6:
            ends.setdefault(low, []).append((True, source))
            ends.setdefault(high + 1, []).append((False, source))
    places, holders, there = sorted(ends), [], list[DeclaredSource]()
    for place in places:
        for opens, source in ends[place]:
            if opens:
                there.append(source)
            else:
                there.remove(source)
        holders.append(tuple(there))
    return places, holders


def _at(ranges: _Ranges, address: IPv4Address | IPv6Address) -> Sources:
    places, holders = ranges
    found = bisect_right(places, int(address)) - 1
    return holders[found] if found >= 0 else ()
