"""Each part of a gate: what was measured, what is asked, and in words what blocks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from math import ceil

from mailauth_dns.evidence.figures import count, share, share_up
from mailauth_dns.evidence.gate import window
from mailauth_dns.evidence.gate.counted import Counted, Stream
from mailauth_dns.evidence.gate.gate import Gate, Measured, Part


@dataclass(frozen=True, slots=True)
class Look:
    """The reports that count, as a gate sees them on a day.

    `run` are the latest ones without a gap, and `shown` those of the window. `own`: the step
    touches mail of the domain itself.
    """

    gate: Gate
    own: bool
    today: date
    reports: Sequence[Counted]
    run: Sequence[Counted]
    shown: Sequence[Counted]


def look(reports: Sequence[Counted], gate: Gate, today: date, *, own: bool) -> Look:
    """Look at the reports that count."""
    run = window.latest_run(reports, gate.newest.total_seconds())
    shown = window.window(run, gate, lambda each: _volume(each, own=own))
    return Look(gate, own, today, reports, run, shown)


def measures(at: Look) -> Iterator[Measured]:
    """Yield the parts of the gate; those that are quick to tell come first."""
    yield _newest(at)
    yield _days(at)
    yield _volume_part(at)
    yield _reporters(at)
    yield _aligned(at)
    yield _each(at)
    yield _unknown(at)


def _volume(report: Counted, *, own: bool) -> int:
    """Return what a report adds to the volume.

    That nothing comes from names below the domain is known where receivers report the rest.
    """
    numbers = report.numbers
    if not own:
        return numbers.declared
    return sum(numbers.aligned.values()) + sum(numbers.failed.values())


def _newest(at: Look) -> Measured:
    days = sorted((each.window.last_day for each in at.run), reverse=True)
    if not days:
        return Measured(Part.NEWEST, met=False, words="no report")
    # The second, so that one false report cannot stand for all that have stopped.
    last = days[1] if len(days) > 1 else date.min
    met = at.today - last <= at.gate.newest
    words = f"last report {days[0]}, not more than {_span(at.gate.newest)} old needed"
    if not met and at.today - days[0] <= at.gate.newest:
        words += ": it is the only one so new"
    return Measured(Part.NEWEST, met, words)


def _days(at: Look) -> Measured:
    days = window.whole_days(at.run, at.gate.newest.total_seconds())
    words = f"{count(days, 'day')} of reports without a gap, {at.gate.days} needed"
    return Measured(Part.DAYS, days >= at.gate.days, words)


def _volume_part(at: Look) -> Measured:
    seen, needed = window.Volume(at.gate), at.gate.volume
    for each in at.shown:
        seen.add(each.window.reporter, _volume(each, own=at.own))
    words = f"{count(seen.total, 'message')} of declared senders, {needed} needed"
    if seen.without_report < needed <= seen.total:
        words += f": {seen.without_report} without the largest report, which alone cannot decide"
    elif seen.counts < needed <= seen.total:
        words += f": {seen.of_others} without the reporter that saw most, which alone cannot decide"
    return Measured(Part.VOLUME, seen.counts >= needed, words)


def _reporters(at: Look) -> Measured:
    saw = [each for each in at.shown if each.numbers.real]
    number, names = window.reporters(saw), {each.window.reporter for each in saw}
    words = f"{count(len(names), 'reporter')}, {at.gate.reporters} needed"
    others = {each.window.reporter for each in at.shown} - names
    if number < at.gate.reporters <= len(names):
        words += ": one has sent a single report, which alone cannot decide"
    elif number < at.gate.reporters and others:
        words += f": {len(others)} saw no mail that may be yours"
    return Measured(Part.REPORTERS, number >= at.gate.reporters, words)


def _aligned(at: Look) -> Measured:
    bound = at.gate.aligned
    good = window.summed(each.numbers.aligned for each in at.shown)
    bad = window.summed(each.numbers.failed for each in at.shown)
    least = window.worst_share(map(_aligned_pair, at.shown))
    if least is None:
        none = "no mail of declared senders" if at.own else "no mail of declared senders below it"
        return Measured(Part.ALIGNED, not at.own, none)
    whole = Fraction(sum(good.values()), sum(good.values()) + sum(bad.values()))
    words = f"{_low(whole)} percent aligned, {bound:g} needed"
    if not _reaches(least, bound):
        if _reaches(whole, bound):
            words += f": {_low(least)} without the report that says most for it"
        elif bad:
            words += f": {_worst(good, bad)}"
        return Measured(Part.ALIGNED, met=False, words=words)
    if (rest := _without_one(at, at.shown, _aligned_pair, bound)) is not None:
        words += f": {_low(rest[0])} without {rest[1]}"
        return Measured(Part.ALIGNED, met=False, words=words)
    for reporter, theirs in _below(at):
        words += f": {reporter} says {_low(theirs)}"
        return Measured(Part.ALIGNED, met=False, words=words)
    return Measured(Part.ALIGNED, met=True, words=words)


def _without_one(
    at: Look, reports: Sequence[Counted], pair: Callable[[Counted], tuple[int, int]], bound: float
) -> tuple[Fraction, str] | None:
    """Return a share that is too low without one reporter, and which; None where there is none.

    A gate that asks for one reporter takes its word.
    """
    if at.gate.reporters < 2:
        return None
    rest = window.least_without_one((each.window.reporter, pair(each)) for each in reports)
    return rest if rest is not None and not _reaches(rest[0], bound) else None


def _below(at: Look) -> Iterator[tuple[str, Fraction]]:
    """Yield the reporters that saw enough for a verdict, and say that it is not met."""
    bound = at.gate.aligned
    enough = _enough(at.gate, bound)
    found: dict[str, list[int]] = {}
    for each in at.shown:
        mine = found.setdefault(each.window.reporter, [0, 0])
        good, bad = _aligned_pair(each)
        mine[0] += good
        mine[1] += bad
    for reporter, (good, bad) in sorted(found.items()):
        if good + bad >= enough and not _reaches(Fraction(good, good + bad), bound):
            yield reporter, Fraction(good, good + bad)


def _each(at: Look) -> Measured:
    bound, lowest, silent = at.gate.each, list[tuple[Fraction, str]](), list[str]()
    compared = list[_Share]()
    streams = sorted({stream for each in at.reports for stream in each.numbers.streams}, key=str)
    for sender in sorted({stream.sender for stream in streams}):
        theirs = frozenset(stream for stream in streams if stream.sender == sender)
        shares = [_share_of(at, theirs, sender)]
        parts = [_share_of(at, {stream}, str(stream)) for stream in theirs]
        # A part of which all fails does not show in the whole; where it is low, it says more.
        parts = [each for each in parts if each.messages >= _enough(at.gate, bound)]
        low = [each for each in parts if not _reaches(each.least, bound)]
        lowest += [(each.least, each.name) for each in low or shares]
        silent += [each.silent for each in (*shares, *low) if each.silent]
        compared += low or shares
    if not lowest:
        return Measured(Part.EACH, met=True, words="no declared sender was seen")
    low_ones = [each for each in sorted(lowest) if not _reaches(each[0], bound)]
    told = ", ".join(f"{name} has {_low(least)}" for least, name in low_ones or [min(lowest)])
    words = f"lowest of the declared senders: {told} percent, {bound:g} needed"
    if without := sorted({each.without for each in compared if each.without}):
        words += f": without {', '.join(without)}"
    return Measured(Part.EACH, not low_ones, "; ".join((words, *dict.fromkeys(silent))))


@dataclass(frozen=True, slots=True)
class _Share:
    """What passes of some mail, and in words that there is none of late.

    `without` is the reporter without which it is too little.
    """

    name: str
    least: Fraction
    messages: int
    silent: str
    without: str | None


def _share_of(at: Look, streams: Collection[Stream], name: str) -> _Share:
    """Return what passes of these streams; where all are silent, what passed of them before."""

    def of(reports: Sequence[Counted]) -> list[Counted]:
        return [each for each in reports if not each.numbers.streams.isdisjoint(streams)]

    recent, silent = of(at.shown), ""
    if not recent:
        recent = of(at.reports)
        silent = f"{name} is silent since {max(map(_last, recent))}"

    def pair(each: Counted) -> tuple[int, int]:
        of = (each.numbers.aligned, each.numbers.failed)
        good, bad = (sum(part.get(stream, 0) for stream in streams) for part in of)
        return good, bad

    pairs = list(map(pair, recent))
    worst, without = window.worst_share(pairs), None
    least = worst if worst is not None else Fraction(1)
    if _reaches(least, at.gate.each):
        least, without = _without_one(at, recent, pair, at.gate.each) or (least, None)
    return _Share(name, least, sum(map(sum, pairs)), silent, without)


def _unknown(at: Look) -> Measured:
    bound, sources = at.gate.unknown, window.summed(each.numbers.unknown for each in at.shown)
    unknown = [_sum(each, "unknown") for each in at.shown]
    real = [each.numbers.real for each in at.shown]

    def pair(each: Counted) -> tuple[int, int]:
        part = _sum(each, "unknown")
        return each.numbers.real - part, part

    known = window.worst_share(map(pair, at.shown))
    if known is None:
        return Measured(Part.UNKNOWN, met=True, words="no mail of unknown sources")
    part, whole = 1 - known, Fraction(sum(unknown), sum(real))
    most = Fraction(str(bound))
    words = f"{_high(whole)} percent from unknown sources, at most {bound:g}"
    if met := part * 100 <= most:
        if (rest := _without_one(at, at.shown, pair, 100 - bound)) is None:
            return Measured(Part.UNKNOWN, met, words)
        words += f": {_high(1 - rest[0])} without {rest[1]}"
    elif whole * 100 <= most:
        words += f": {_high(part)} without the report that says most for it"
    name = max(sources, key=lambda each: (sources[each], each))
    words += f": {name} has {count(sources[name], 'message')}"
    return Measured(Part.UNKNOWN, met=False, words=words)


def _last(report: Counted) -> date:
    return report.window.last_day


def _sum(report: Counted, of: str) -> int:
    return sum(getattr(report.numbers, of).values())


def _aligned_pair(report: Counted) -> tuple[int, int]:
    return _sum(report, "aligned"), _sum(report, "failed")


def _worst(good: Mapping[Stream, int], bad: Mapping[Stream, int]) -> str:
    """Name the sender, and for which domain, of which most messages are not aligned."""
    most = max(bad, key=lambda each: (bad[each], str(each)))
    passed = Fraction(good.get(most, 0), good.get(most, 0) + bad[most])
    return f"{most} has {_low(passed)}"


def _enough(gate: Gate, bound: float) -> int:
    """Return how many messages are enough for a verdict of their own: one alone does not decide."""
    return min(gate.volume, ceil(100 / (100 - bound)) if bound < 100 else gate.volume)


def _reaches(part: Fraction, bound: float) -> bool:
    return part * 100 >= Fraction(str(bound))


def _low(part: Fraction) -> str:
    return share(part.numerator, part.denominator)


def _high(part: Fraction) -> str:
    return share_up(part.numerator, part.denominator)


def _span(time: timedelta) -> str:
    hours = int(time.total_seconds()) // 3600
    return count(hours // 24, "day") if hours % 24 == 0 else count(hours, "hour")
