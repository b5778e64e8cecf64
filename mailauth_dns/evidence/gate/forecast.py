"""On which day a step may come, if mail goes on as it does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from math import ceil

from mailauth_dns.evidence.gate.counted import DAY, Counted, Numbers, Stream
from mailauth_dns.evidence.gate.gate import Part
from mailauth_dns.evidence.gate.measures import Look, look, measures

_WEEK = 7  # days: mail has its week
_SOUND = 3  # days without a failure: what was wrong with a sender is mended
_FARTHEST = 366  # days; what comes later is no plan


def not_before(at: Look) -> date | None:
    """Return the first day from tomorrow on which the gate is met, as if the last week came again.

    None where time alone does not mend what blocks: reports have stopped, or what comes each week
    does not meet the gate.
    """
    if not at.run or not all(each.met for each in measures(at) if each.part is Part.NEWEST):
        return None
    end = max(each.window.end for each in at.run)
    begin = min(each.window.begin for each in at.run)
    period = min(_WEEK, ceil((end - begin - 60) / DAY)) or 1
    mended = _mended(at.run)
    last = [
        replace(each, numbers=_without_failures(each.numbers, mended))
        for each in at.run
        if each.window.end > end - period * DAY + 60
    ]
    # From then on the window holds nothing but repeats, so only the volume can still grow.
    settled = at.gate.days + period + at.gate.newest.days + 1
    for number, reports in enumerate(_goes_on(at, last, end, period), start=1):
        then = look(reports, at.gate, at.today + timedelta(days=number), own=at.own)
        unmet = next((each.part for each in measures(then) if not each.met), None)
        if unmet is None:
            return then.today
        if number > settled and unmet is not Part.VOLUME:
            return None
    return None


def _mended(run: Sequence[Counted]) -> frozenset[Stream]:
    """Return the streams of which all mail has passed on the last days on which there was any."""
    days: dict[Stream, dict[date, bool]] = {}
    for each in run:
        for stream in each.numbers.streams:
            theirs = days.setdefault(stream, {})
            day = each.window.last_day
            theirs[day] = theirs.get(day, True) and stream not in each.numbers.failed
    return frozenset(
        stream
        for stream, passed in days.items()
        if len(passed) >= _SOUND and all(passed[day] for day in sorted(passed)[-_SOUND:])
    )


def _without_failures(numbers: Numbers, mended: frozenset[Stream]) -> Numbers:
    aligned, failed = dict(numbers.aligned), dict(numbers.failed)
    for stream in mended & failed.keys():
        aligned[stream] = aligned.get(stream, 0) + failed.pop(stream)
    return replace(numbers, aligned=aligned, failed=failed)


def _goes_on(at: Look, last: list[Counted], end: int, period: int) -> Iterator[tuple[Counted, ...]]:
    """Yield the reports that there will be, from day to day.

    Of those that are there, the window's are enough, and what tells of mail that is silent.
    """
    recent = {stream for each in at.shown for stream in each.numbers.streams}
    shown = {each.window for each in at.shown}
    others = (each for each in at.reports if each.window not in shown)
    there = [*at.shown, *(each for each in others if not each.numbers.streams <= recent)]
    coming = list[Counted]()
    for number in range(1, _FARTHEST + 1):
        if (number - 1) % period == 0:
            shift = ((number - 1) // period + 1) * period * DAY
            coming += [_shifted(each, shift) for each in last]
        until = end + number * DAY
        yield (*there, *(each for each in coming if each.window.end <= until))


def _shifted(report: Counted, by: int) -> Counted:
    old = report.window
    new = replace(old, begin=old.begin + by, end=old.end + by, id=f"{old.id}+{by}")
    return replace(report, window=new)
