"""Something new in a domain's evidence, and the days that are compared to find it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

WEEK = 7  # days that are judged
BASE = 35  # days before them: what comes once a month has come once


class ChangeKind(StrEnum):
    """What can be new."""

    NEW_SOURCE = "new-source"
    NOT_ALIGNED = "not-aligned"
    SILENT = "silent"
    REPORTER_STOPPED = "reporter-stopped"
    NO_REPORTS = "no-reports"
    SPIKE = "spike"
    SESSIONS_FAIL = "sessions-fail"


@dataclass(frozen=True, slots=True)
class Change:
    """Something new: about whom, the day on which it became so, and the numbers.

    `now` is beside `before`, and `bound` is what it had to reach; words say the units.
    """

    kind: ChangeKind
    subject: str
    day: date
    now: float
    before: float
    bound: float
    words: str


@dataclass(frozen=True, slots=True)
class Days:
    """The days that are judged, and those that they are compared with."""

    week: tuple[date, ...]
    base: tuple[date, ...]

    @staticmethod
    def until(day: date) -> Days:
        """Return the days of a judgement of `day`."""
        back = [day - timedelta(days=number) for number in range(WEEK + BASE)]
        return Days(tuple(back[:WEEK]), tuple(back[WEEK:]))
