"""How long a server may take: for each step, and in all."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Deadline:
    """Two limits in seconds: for all steps together, and for one step. Both run from now on."""

    whole: float
    step: float
    _began: float = field(default_factory=time.monotonic)

    def next_step(self) -> float:
        """Return how many seconds the next step may take.

        Ask before each read: a socket's own timeout starts again with every octet that drips in.

        Raises:
            TimeoutError: the time for all steps is over.
        """
        left = self._left
        if left <= 0:
            raise TimeoutError
        return min(self.step, left)

    def exceeded(self) -> float:
        """Return the limit, in seconds, that a step exceeded when it timed out."""
        return self.whole if self._left <= 0 else self.step

    @property
    def _left(self) -> float:
        return self._began + self.whole - time.monotonic()
