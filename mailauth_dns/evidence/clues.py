"""What one row of a report says of whose mail it is: its address, its names, its signatures."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address

from mailauth_dns.evidence.declared_sources import Declared, DeclaredSource
from mailauth_dns.evidence.evidence import Row
from mailauth_dns.records.name import DomainName, is_at_or_below
from mailauth_dns.reports.aggregate import AuthResult, DkimResult
from mailauth_dns.senders.recognition import Trace

Sources = tuple[DeclaredSource, ...]
_NAMES = (Trace.DKIM, Trace.RETURN_PATH, Trace.REPORT, Trace.INCLUDE)


class Clues:
    """What is declared, found by what reports say; each question is answered once."""

    def __init__(self, declared: Declared, hosts: Mapping[str, str]) -> None:
        self.declared, self._hosts = declared, hosts
        self._ranges = {4: _cut(declared.sources, 4), 6: _cut(declared.sources, 6)}
        self._at: dict[str, Sources] = {}
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
        """Tell whether a name belongs to the owner of the domain."""
        return name is not None and is_at_or_below(name, self.declared.zone)

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

    def by_name(self, name: str | None) -> Sources:
        """Return the sources that a name of a sender tells."""
        ids = self.senders(name)
        return tuple(each for each in self.declared.sources if each.sender in ids)

    def host(self, row: Row) -> str | None:
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
