"""How long a server may take, step by step and in all."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Deadline:
    """The seconds that all steps have together, and that one has; they run from now on."""

    whole: float
    step: float
    _began: float = field(default_factory=time.monotonic)

    def next_step(self) -> float:
        """Return the seconds that the next step has.

        A socket's own timeout begins anew with every octet that drips in, so ask before each read.

        Raises:
            TimeoutError: all the time is used.
        """
        left = self._left
        if left <= 0:
            raise TimeoutError
        return min(self.step, left)

    def exceeded(self) -> float:
        """Return which of the two numbers of seconds a step that timed out has exceeded."""
        return self.whole if self._left <= 0 else self.step

    @property
    def _left(self) -> float:
        return self._began + self.whole - time.monotonic()
