"""Where the parts of a piece of work are done: here, or by somebody else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

Part = TypeVar("Part")
Done = TypeVar("Done")

FEWEST = 500  # files or zones: for fewer, starting processes would cost more than it saves


def pays(number: int) -> bool:
    """Tell whether so many files or zones are worth starting processes."""
    return number >= FEWEST


class Spread(Protocol):
    """Does work part by part, with few parts under way at a time."""

    def each(self, work: Callable[[Part], Done], parts: Iterable[Part]) -> Iterator[Done]:
        """Yield what `work` makes of each part, in the order of the parts.

        `work`, the parts and the results can be pickled. What `work` raises is raised here, at
        the place of its part.
        """
        ...


class InThisProcess:
    """Does one part after another, where it was called."""

    def each(self, work: Callable[[Part], Done], parts: Iterable[Part]) -> Iterator[Done]:
        """Yield what `work` makes of each part."""
        return map(work, parts)
