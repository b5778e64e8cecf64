"""A zone as an HTTP API lists it, and what a plan changes in it: values, nothing is asked here.

octoDNS's classes make records of such a listing. They lose the exact text of a TXT value, comments
and ids, and types that octoDNS does not know. So the listing itself is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mailauth_dns.diff.change import WRITABLE, Unwritable
from mailauth_dns.octo.provider_zone import Reading, headless, owner
from mailauth_dns.octo.txt_round_trip import octets
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey, RRset, Zone


@dataclass(frozen=True, slots=True)
class Item:
    """One value of a set: the octets of a TXT value, or the presentation form of another.

    `entry` is what the API wrote for it.
    """

    value: str
    entry: Any


@dataclass(frozen=True, slots=True)
class ListedSet:
    """One set; `entry` is what the API wrote for the whole of it, where it has sets."""

    key: RRKey
    ttl: int
    items: tuple[Item, ...]
    entry: Any = None

    @property
    def values(self) -> frozenset[str]:
        """The values of the set."""
        return frozenset(item.value for item in self.items)


@dataclass(frozen=True, slots=True)
class Listing:
    """All sets of a zone, and what must not be written there."""

    origin: DomainName
    sets: Mapping[RRKey, ListedSet]
    unwritable: Unwritable = WRITABLE
    entry: Any = field(default=None, compare=False)  # what the API wrote for the zone itself

    def checked(self, *always: str) -> Listing:
        """Return this; nothing may be written where it can only be a part of the zone.

        `always` are the types of the sets that the API always lists at the apex. An empty listing
        is none either: a provider that fails may answer with nothing at all, and then each record
        of ours looks new, and would be written over the values of others.
        """
        if not self.sets and not always:
            closed: str | None = (
                f"the provider lists no record at all in {self.origin}, so this may not be all of "
                "it; nothing is written. If the zone is new, put any record into it there first"
            )
        else:
            closed = headless(self.reading().zone, *always)
        if closed is None:
            return self
        return replace(self, unwritable=replace(self.unwritable, zone=closed))

    def reading(self) -> Reading:
        """Return the zone as values."""
        rrsets = frozenset(
            RRset(*each.key, each.ttl, each.values) for each in self.sets.values() if each.items
        )
        closed = self.unwritable.zone is not None and (self.origin, "NS") not in self.sets
        return Reading(Zone(self.origin, rrsets), True, self.unwritable, partial=closed)


@dataclass(frozen=True, slots=True)
class Edit:
    """One set as it is listed, and as it shall be; None where there is none."""

    key: RRKey
    there: ListedSet | None
    wanted: RRset | None

    @property
    def kept(self) -> tuple[Item, ...]:
        """The listed values that stay."""
        return tuple(item for item in self._items if item.value in self._values)

    @property
    def gone(self) -> tuple[Item, ...]:
        """The listed values that go."""
        return tuple(item for item in self._items if item.value not in self._values)

    @property
    def new(self) -> tuple[str, ...]:
        """The values that are not listed yet."""
        return tuple(sorted(self._values - {item.value for item in self._items}))

    @property
    def ttl(self) -> int | None:
        """The TTL to send, in seconds; None where the one that is there stays."""
        if self.wanted is None or (self.there is not None and self.there.ttl == self.wanted.ttl):
            return None
        return self.wanted.ttl

    @property
    def _items(self) -> tuple[Item, ...]:
        return self.there.items if self.there is not None else ()

    @property
    def _values(self) -> frozenset[str]:
        return self.wanted.values if self.wanted is not None else frozenset()


def edit_of(change: Any, listing: Listing) -> Edit:
    """Return a change of an octoDNS plan as an edit of the listing."""
    key = (owner(change.record.fqdn), change.record._type)
    wanted = None
    if change.new is not None:
        values = (
            (octets(str(value)) for value in change.new.values)
            if key[1] == "TXT"
            else change.new.to_rrset().rdatas
        )
        wanted = RRset(*key, change.new.ttl, frozenset(values))
    return Edit(key, listing.sets.get(key), wanted)


def moved(before: Listing, now: Listing, names: Iterable[DomainName]) -> Iterator[RRKey]:
    """Yield the sets at these names that are not as they were: a new alias there counts too."""
    wanted = frozenset(names)
    for key in sorted(before.sets.keys() | now.sets.keys()):
        if key[0] in wanted and key[1] != "SOA" and before.sets.get(key) != now.sets.get(key):
            yield key
