"""How often something comes, and from which silence on it has stopped.

What comes every day has stopped after five days. What comes on workdays, or once a week, has
stopped after more than twice its longest pause: holidays and a week left out are no end.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

MEMORY = timedelta(days=42)  # six weeks: what comes once a week has been seen five times
SHORTEST = 5  # days of silence
_TIMES = 4  # days on which it came: fewer are no habit
_SPAN = timedelta(days=14)  # from the first of these to the last


@dataclass(frozen=True, slots=True)
class Silence:
    """It came last on `last`, was missed on `days` days, and paused `pause` days at most before.

    From `bound` days on it has stopped. `span` is the number of days from the first to `last`.
    """

    last: date
    span: int
    days: int
    pause: int
    bound: int

    @property
    def stopped(self) -> bool:
        """Whether it has stopped."""
        return self.days >= self.bound


def silence(came: Iterable[date], looked: Collection[date], today: date) -> Silence | None:
    """Return how long something has been silent; None where it has no habit yet, or no more.

    `looked` are the days on which it could have been seen.
    """
    days = sorted(day for day in set(came) if today - MEMORY < day <= today)
    if len(days) < _TIMES or days[-1] - days[0] < _SPAN:
        return None
    pause = max((later - day).days for day, later in pairwise(days)) - 1
    missed = sum(days[-1] < day <= today for day in set(looked))
    span = (days[-1] - days[0]).days + 1
    return Silence(days[-1], span, missed, pause, max(SHORTEST, 2 * pause + 3))
