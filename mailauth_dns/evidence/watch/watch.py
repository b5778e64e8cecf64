"""What to tell of a domain's evidence, and what was told before.

Each day is judged as if it were the last, so that nothing depends on how often this runs. A report
may come days late: the last days are judged again, and what was told is not told again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from mailauth_dns.evidence.evidence import Evidence
from mailauth_dns.evidence.sources.source_kind import AttributedRow
from mailauth_dns.evidence.tls.sessions import Sessions, sessions_of
from mailauth_dns.evidence.watch.change import WEEK, Change
from mailauth_dns.evidence.watch.changes import changes_of, no_reports
from mailauth_dns.evidence.watch.mark import Key, Told
from mailauth_dns.evidence.watch.series import Series, series
from mailauth_dns.evidence.watch.session_changes import session_changes

# What was so less long ago is not new again: a number that goes up and down around its bound is
# told once.
QUIET = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Observed:
    """A domain's mail and TLS sessions by day, and the keys of the senders that send now."""

    mail: Series
    sessions: tuple[Sessions, ...]
    senders: frozenset[str]

    @staticmethod
    def of(
        evidence: Evidence, rows: Iterable[AttributedRow], senders: frozenset[str], today: date
    ) -> Observed:
        """Return what a domain's evidence says of each day until today."""
        return Observed(
            series(evidence, rows, today), tuple(sessions_of(evidence, (), today)), senders
        )

    @property
    def first(self) -> date | None:
        """The first day of which a report tells."""
        return min(self._days, default=None)

    @property
    def last(self) -> date | None:
        """The last day of which a report tells."""
        return max(self._days, default=None)

    @property
    def _days(self) -> set[date]:
        return {*self.mail.every, *(each.day for each in self.sessions)}


@dataclass(frozen=True, slots=True)
class Watched:
    """What is new in a domain, in the order of days, and what has been told with it."""

    new: tuple[Change, ...]
    told: Told | None


def watched(found: Observed, before: Told | None, today: date) -> Watched:
    """Return what is new since `before`; without it, what became new in the last days."""
    last = found.last
    if last is None:
        return Watched((), before)
    first = min(last, before.until if before else last) - timedelta(days=WEEK - 1)
    told = _Told(dict(before.changes) if before else {})
    _judge(found, _days(first, last), told)
    told.take(no_reports(found.mail, today))
    kept = {key: day for key, day in told.days.items() if last - day <= QUIET}
    return Watched(tuple(told.new), Told(last, kept))


def since(found: Observed, day: date, today: date) -> tuple[Change, ...]:
    """Return what became new on a day or later."""
    first, last = found.first, found.last
    if first is None or last is None:
        return ()
    day = max(day, first)
    earlier = day - timedelta(days=1)
    before = _Told({})
    _judge(found, _days(earlier - QUIET, min(earlier, last)), before)
    before.take(no_reports(found.mail, earlier))
    told = _Told(before.days)
    _judge(found, _days(day, last), told)
    told.take(no_reports(found.mail, today))
    return tuple(told.new)


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _judge(found: Observed, days: Iterable[date], told: _Told) -> None:
    for day in days:
        told.take(changes_of(found.mail, found.senders, day))
        told.take(session_changes(found.sessions, day))


class _Told:
    """The last day on which each thing was so, and of these what is new.

    What is new has the day on which it became so, and the numbers of the last one.
    """

    def __init__(self, days: dict[Key, date]) -> None:
        self.days = days
        self.new: list[Change] = []
        self._place: dict[Key, int] = {}

    def take(self, changes: Iterable[Change]) -> None:
        """Take in what is so on one day."""
        for change in changes:
            key = (change.kind, change.subject)
            last = self.days.get(key)
            if last is None or change.day - last > QUIET:
                self._place[key] = len(self.new)
                self.new.append(change)
            elif (at := self._place.get(key)) is not None:
                self.new[at] = replace(change, day=self.new[at].day)
            self.days[key] = max(change.day, last or change.day)
