"""Values that are the same but for the name of their zone: the first says it, others their name.

A plan of very many zones mostly says the same of them. So one value of a kind is held, and the rest
are made of it when somebody looks: at each place where the first one has its name, theirs stands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar, overload

from mailauth_dns.records.renamed import First, OfZone

_MAX_TRIED = 4  # firsts of one kind that a value is compared with
_NO_ZONE = "\0"  # no text of a plan has such a character


T = TypeVar("T", bound=OfZone)
P = TypeVar("P")


class Alike(Sequence[T], Generic[T]):
    """A sequence of values about zones, each distinct one held once.

    `kind` tells apart what cannot be alike, so that few values have to be compared. What is added
    to a part of another sequence, or to one that was pickled, is compared with what was added.
    """

    def __init__(self, kind: Callable[[T], Hashable], values: Iterable[T] = ()) -> None:
        """Hold these values; `kind` is a function of a module, so that this can be pickled."""
        self._kind = kind
        self._rows: list[tuple[str, First[T]]] = []
        self._firsts: dict[Hashable, list[First[T]]] = {}
        for value in values:
            self.append(value)

    def append(self, value: T) -> None:
        """Add a value at the end."""
        self._rows.append((value.zone, self.first_like(value)))

    def first_like(self, value: T) -> First[T]:
        """Return what a value is like, which may be itself; this adds nothing."""
        for first in self._firsts.get(self._kind(value), [])[-_MAX_TRIED:]:
            if first.named(value.zone) == value:
                return first
        first = First(value)
        self._firsts.setdefault(self._kind(value), []).append(first)
        return first

    def append_like(self, zone: str, first: First[T]) -> None:
        """Add a value that is known to be like another one."""
        self._rows.append((zone, first))

    def rows(self) -> Iterable[tuple[str, First[T]]]:
        """Return the names in order, each with what its value is like."""
        return self._rows

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[T]:
        return (first.named(zone) for zone, first in self._rows)

    @overload
    def __getitem__(self, index: int) -> T: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...

    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        if isinstance(index, slice):
            return tuple(first.named(zone) for zone, first in self._rows[index])
        zone, first = self._rows[index]
        return first.named(zone)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or len(other) != len(self):
            return NotImplemented if not isinstance(other, Sequence) else False
        return all(mine == theirs for mine, theirs in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment] # like a list, it can be added to

    def first(self, index: int) -> First[T]:
        """Return what the value at a place is like."""
        return self._rows[index][1]

    def at(self, indexes: Iterable[int]) -> Alike[T]:
        """Return the values at these places, as alike as they are here."""
        found = Alike[T](self._kind)
        found._rows = [self._rows[index] for index in indexes]
        return found

    def known(self, other: Alike[T]) -> Iterator[tuple[str, First[T]]]:
        """Yield the names of another sequence, each with what its value is like here."""
        ours: dict[First[T], First[T] | None] = {}
        for name, theirs in other.rows():
            if theirs not in ours:
                like = self.first_like(theirs.value)
                # Values for any zone are the same if those for no zone are.
                same = like.named(_NO_ZONE) == theirs.named(_NO_ZONE)
                ours[theirs] = like if same else None
            yield name, ours[theirs] or self.first_like(theirs.named(name))

    def __reduce__(self) -> tuple[Any, ...]:
        numbers: dict[First[T], int] = {}
        rows = [(name, numbers.setdefault(first, len(numbers))) for name, first in self._rows]
        return _from_rows, (self._kind, [first.value for first in numbers], rows)


def _from_rows(
    kind: Callable[[T], Hashable], values: Iterable[T], rows: Iterable[tuple[str, int]]
) -> Alike[T]:
    """Return what was pickled: each distinct value, and of each row its name and its value."""
    found, firsts = Alike(kind), [First(value) for value in values]
    for name, number in rows:
        found.append_like(name, firsts[number])
    return found


def distinct(values: Iterable[T]) -> Iterable[tuple[T, int]]:
    """Return values, those that are alike only once, each with how many there are of it."""
    if not isinstance(values, Alike):
        return ((value, 1) for value in values)
    firsts = Counter(first for _, first in values.rows())
    return ((first.value, number) for first, number in firsts.items())


def matching(values: Iterable[T], wanted: Callable[[T], object]) -> Iterator[T]:
    """Yield the values that are wanted; whether one is does not depend on the name of its zone."""
    if not isinstance(values, Alike):
        yield from (value for value in values if wanted(value))
        return
    known: dict[First[T], bool] = {}
    for name, first in values.rows():
        if first not in known:
            known[first] = bool(wanted(first.value))
        if known[first]:
            yield first.named(name)


def parts(values: Iterable[T], part: Callable[[T], P]) -> Iterator[P]:
    """Yield a part of each value, as `First.part` takes it out: that is faster than all of it."""
    if not isinstance(values, Alike):
        yield from map(part, values)
        return
    known: dict[First[T], Callable[[str], P]] = {}
    for name, first in values.rows():
        if first not in known:
            known[first] = first.part(part)
        yield known[first](name)
