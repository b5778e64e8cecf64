"""Counts of many kinds as counts of few: the small ones give up what tells them apart.

A report can have two million records, and each can differ from all others. The large kinds stay
what they are. The small ones lose their source first, and then more, until they are few.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

K = TypeVar("K")

SPARE = 10  # kinds beyond a bound: the lesser ones, or as many that are left as they are


@dataclass(frozen=True, slots=True)
class Counted:
    """How many messages or sessions are of a kind, and from how many sources."""

    count: int
    sources: int = 1

    def plus(self, other: Counted) -> Counted:
        """Return both together; a source in both counts twice, for it is no longer known."""
        return Counted(self.count + other.count, self.sources + other.sources)


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
        ranked = sorted(
            found.items(), key=lambda item: (-item[1].count, order(item[0]) if order else "")
        )
        found = dict(ranked[:keep])
        groups: dict[K, list[tuple[K, Counted]]] = {}
        for kind, counted in ranked[keep:]:
            groups.setdefault(less(kind), []).append((kind, counted))
        for lesser_kind, members in groups.items():
            # A group of one would lose its source for nothing.
            kind = lesser_kind if len(members) > 1 else members[0][0]
            for _, counted in members:
                add(found, kind, counted)
    return found


def add(found: dict[K, Counted], kind: K, counted: Counted) -> None:
    """Count in what is of a kind."""
    before = found.get(kind)
    found[kind] = counted if before is None else before.plus(counted)
