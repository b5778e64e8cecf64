"""Counts of many kinds as counts of few: the small ones give up what tells them apart.

A report can have two million records, and each can differ from all others. The large kinds stay
what they are. The small ones lose their source first, and then more, until they are few.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeVar

K = TypeVar("K")

MAX_NUMBER = 10**20 - 1  # two million records of twelve digits add up to less
SPARE = 10  # kinds beyond a bound: the lesser ones, or as many that are left as they are


class Counted(NamedTuple):
    """How many messages or sessions are of a kind, and from how many sources."""

    number: int
    sources: int = 1

    def plus(self, other: Counted) -> Counted:
        """Return both together; a source in both counts twice, for it is no longer known."""
        return Counted(
            min(self.number + other.number, MAX_NUMBER),
            min(self.sources + other.sources, MAX_NUMBER),
        )


def fewer(
    kinds: Mapping[K, Counted],
    keep: int,
    lesser: Sequence[Callable[[K], K]],
    order: Callable[[K], str] | None = None,
) -> dict[K, Counted]:
    """Return the `keep` largest kinds as they are, and the others by a lesser kind.

    Each of `lesser` leaves more of a kind out, the last one so much that few kinds are left.
    `order` says which of two kinds with the same count is first; without it, the one that was
    found first is.
    """
    found = dict(kinds)
    for less in lesser:
        if len(found) <= keep + SPARE:
            break
        kept, others = _parted(found, keep, order)
        found = dict(kept)
        groups: dict[K, list[tuple[K, Counted]]] = {}
        for kind, counted in others:
            groups.setdefault(less(kind), []).append((kind, counted))
        for lesser_kind, members in groups.items():
            # A group of one would lose its source for nothing.
            kind = lesser_kind if len(members) > 1 else members[0][0]
            for _, counted in members:
                add(found, kind, counted)
    return found


def _parted(
    found: Mapping[K, Counted], keep: int, order: Callable[[K], str] | None
) -> tuple[list[tuple[K, Counted]], list[tuple[K, Counted]]]:
    """Return the `keep` largest kinds, and the others."""
    ranked = sorted(found.items(), key=lambda item: -item[1].number)
    if order is not None:  # it takes a while, and only matters between those that are as large
        least = ranked[keep - 1][1].number
        first = sum(counted.number > least for _, counted in ranked)
        last = sum(counted.number >= least for _, counted in ranked)
        ranked[first:last] = sorted(ranked[first:last], key=lambda item: order(item[0]))
    return ranked[:keep], ranked[keep:]


def add(found: dict[K, Counted], kind: K, counted: Counted) -> None:
    """Count in what is of a kind."""
    before = found.get(kind)
    found[kind] = counted if before is None else before.plus(counted)
