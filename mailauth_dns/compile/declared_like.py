"""What one policy declares for very many zones: held for the first of them, and others by name.

What a zone declares takes a kilobyte, and a hundred thousand parked names declare the same.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, wraps
from typing import overload

from mailauth_dns.compile.publication import Declared, Publication, domains_of
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.renamed import First, has_name

_AT_HAND = 1024  # zones: a plan comes back to those of a batch again and again
_MAX_TRIED = 4  # firsts of one policy that a zone is compared with


@dataclass(frozen=True, slots=True)
class OfZone:
    """What is declared for one zone."""

    zone: DomainName
    declared: tuple[Declared, ...]


class DeclaredLike(Sequence[Declared]):
    """What is declared for a zone: what is declared for the first one, with another name."""

    __slots__ = ("_zone", "alike")

    def __init__(self, first: First[OfZone], zone: DomainName) -> None:
        self._zone = zone
        self.alike = first  # all zones of which the same is said have this one

    @property
    def said(self) -> tuple[Declared, ...]:
        """The entries, perhaps with another zone's name in `domain` and `key`, and nowhere else."""
        if _has_name_in_values(self.alike):
            return _made(self.alike, self._zone)
        return self.alike.value.declared

    @property
    def domains(self) -> tuple[DomainName, ...]:
        """The policies' domains, in order."""
        if all(entry.domain == self.alike.value.zone for entry in self.alike.value.declared):
            return (self._zone,)
        return domains_of(_made(self.alike, self._zone))

    def __len__(self) -> int:
        return len(self.alike.value.declared)

    def __iter__(self) -> Iterator[Declared]:
        return iter(_made(self.alike, self._zone))

    @overload
    def __getitem__(self, index: int) -> Declared: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Declared]: ...

    def __getitem__(self, index: int | slice) -> Declared | Sequence[Declared]:
        return _made(self.alike, self._zone)[index]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, DeclaredLike | tuple):
            return NotImplemented
        return _made(self.alike, self._zone) == tuple(other)

    def __hash__(self) -> int:
        return hash(_made(self.alike, self._zone))

    def __reduce__(self) -> tuple[type, tuple[First[OfZone], DomainName]]:
        return DeclaredLike, (self.alike, self._zone)


@lru_cache(maxsize=_AT_HAND)
def _made(first: First[OfZone], zone: DomainName) -> tuple[Declared, ...]:
    return first.named(zone).declared


@lru_cache(maxsize=_AT_HAND)
def _has_name_in_values(first: First[OfZone]) -> bool:
    """Tell whether the name of the zone is in more of the entries than their own names."""
    zone, nowhere = first.value.zone, DomainName("nowhere.invalid")
    bare = (
        replace(each, domain=nowhere, key=(nowhere, each.key[1])) for each in first.value.declared
    )
    return has_name(tuple(bare), zone)


def of_what_is_declared(make: Callable[[Publication], str]) -> Callable[[Publication], str]:
    """Make a text, which says what is declared alone, once for zones that declare the same.

    That is so where the zone's name is not in it.
    """

    @lru_cache(maxsize=_AT_HAND)
    def of_first(first: First[OfZone]) -> str:
        return make(Publication(first.value.zone, first.value.declared, (), ()))

    @wraps(make)
    def of(publication: Publication) -> str:
        declared = publication.declared
        if isinstance(declared, DeclaredLike):
            text = of_first(declared.alike)
            if declared.alike.value.zone not in text:
                return text
        return make(publication)

    return of


class Once:
    """Holds once what is the same for zones of one policy but for their names."""

    def __init__(self) -> None:
        self._firsts: dict[Hashable, list[First[OfZone]]] = {}

    def of(
        self, policy: Hashable, zone: DomainName, declared: tuple[Declared, ...]
    ) -> tuple[Declared, ...] | DeclaredLike:
        """Return what a policy declares for a zone, as something that is equal to it."""
        if "." not in zone:  # it could be anything, such as the name of a family
            return declared
        own = OfZone(zone, declared)
        firsts = self._firsts.setdefault(policy, [])
        for first in firsts:
            if first.named(zone) == own:
                return DeclaredLike(first, zone)
        if len(firsts) < _MAX_TRIED:
            firsts.append(First(own))
        return declared
