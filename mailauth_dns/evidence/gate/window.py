"""The window: the latest days of reports without a gap.

Every number is also taken without the one report that speaks most for a step, and without the one
reporter that does. Who sends false reports can then block a step, and never bring it about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import TypeVar

from mailauth_dns.evidence.gate.counted import DAY, Counted
from mailauth_dns.evidence.gate.gate import Gate

_K = TypeVar("_K")
_SLACK = 60  # seconds: most reporters end a day with its last second
_OTHERS = 5  # of so many parts of the volume, one is of others than the reporter that saw most
_SOME = 3  # messages of a few: fewer are an accident


def latest_run(reports: Iterable[Counted], gap: float) -> tuple[Counted, ...]:
    """Return the latest reports between which no time of more than `gap` seconds has none.

    They are in the order of time.
    """
    run, end = list[Counted](), 0
    for each in sorted(reports, key=lambda each: (each.window.begin, each.window.id)):
        if each.window.begin - end > gap + _SLACK:
            run.clear()
        run.append(each)
        end = max(end, each.window.end)
    return tuple(run)


def whole_days(run: Sequence[Counted], gap: float) -> int:
    """Return for how many whole days a run lasts, whichever report is left out.

    A report may be all that closes a gap, or begin or end the run.
    """
    ends = sorted((each.window.end for each in run), reverse=True)
    if len(ends) < 2:
        return 0
    left_out = {0, max(range(len(run)), key=lambda index: run[index].window.end)}
    starts = dict(_starts_without(run, gap))
    left_out |= starts.keys()
    return min(
        _days(
            run[max(starts.get(index, 0), 1 if index == 0 else 0)].window.begin,
            ends[1] if run[index].window.end == ends[0] else ends[0],
        )
        for index in left_out
    )


def _starts_without(run: Sequence[Counted], gap: float) -> Iterator[tuple[int, int]]:
    """Yield a report whose place nobody else takes, and where the run begins without it."""
    first, second = (0, -1), (0, -1)  # the two latest ends so far, and whose they are
    for index, each in enumerate(run):
        if index > 1 and each.window.begin - second[0] > gap + _SLACK:
            yield first[1], index
        mine = (each.window.end, index)
        if mine > first:
            first, second = mine, first
        elif mine > second:
            second = mine


def _days(begin: int, end: int) -> int:
    return max(end - begin + _SLACK, 0) // DAY


def window(run: Sequence[Counted], gate: Gate, volume: Callable[[Counted], int]) -> list[Counted]:
    """Return the latest reports of a run: of `days` days, and of more where the volume needs them.

    A sender that has been mended is so no longer held against the domain.
    """
    left = sorted(run, key=lambda each: each.window.end)
    # The second from the end: no report alone moves the window away from what failed.
    end = left[-2].window.end if len(left) > 1 else 0
    found = list[Counted]()
    cut, so_far = end - gate.days * DAY + _SLACK, Volume(gate)
    while left and (left[-1].window.end > cut or so_far.counts < gate.volume):
        each = left.pop()
        found.append(each)
        so_far.add(each.window.reporter, volume(each))
    return found


class Volume:
    """Messages of reports, one after the other, and how many of them a gate counts."""

    def __init__(self, gate: Gate) -> None:
        self._alone = gate.reporters < 2
        self._by_reporter: dict[str, int] = {}
        self.total = self._largest = self._most = 0

    def add(self, reporter: str, messages: int) -> None:
        """Count a report in."""
        self.total += messages
        self._largest = max(self._largest, messages)
        if not messages:
            return
        theirs = self._by_reporter.get(reporter, 0) + messages
        self._by_reporter[reporter] = theirs
        self._most = max(self._most, theirs)

    @property
    def counts(self) -> int:
        """How many count; that there is but one reporter is not held against the volume."""
        alone = self._alone or len(self._by_reporter) < 2
        return min(self.without_report, self.total if alone else _OTHERS * self.of_others)

    @property
    def without_report(self) -> int:
        """Those that are not in the largest report."""
        return self.total - self._largest

    @property
    def of_others(self) -> int:
        """Those that the reporter that saw most did not see."""
        return self.total - self._most


def without_largest(numbers: Iterable[int]) -> int:
    """Return a sum without its largest part."""
    parts = list(numbers)
    return sum(parts) - max(parts, default=0)


def reporters(reports: Iterable[Counted]) -> int:
    """Return how many reporters there are, whichever report is left out."""
    count = dict[str, int]()
    for each in reports:
        count[each.window.reporter] = count.get(each.window.reporter, 0) + 1
    return len(count) - (1 in count.values())


def summed(parts: Iterable[Mapping[_K, int]]) -> Mapping[_K, int]:
    """Return the messages of several reports by what they are counted by."""
    found: dict[_K, int] = {}
    for part in parts:
        for key, count in part.items():
            found[key] = found.get(key, 0) + count
    return found


def worst_share(parts: Iterable[tuple[int, int]]) -> Fraction | None:
    """Return the share of the first number in both, without the part that raises it most.

    A single message that is left does not count: it may be anybody's. None where there is nothing.
    """
    pairs = list(parts)
    good, bad = (sum(pair[index] for pair in pairs) for index in (0, 1))
    if not good + bad:
        return None
    whole = Fraction(good, good + bad)
    rests = [(good - one, bad - other) for one, other in pairs if bad - other > 1]
    if not rests:
        return whole
    one, other = min(rests, key=lambda rest: rest[0] / (rest[0] + rest[1]))
    return min(whole, Fraction(one, one + other))


def least_without_one(
    parts: Iterable[tuple[str, tuple[int, int]]],
) -> tuple[Fraction, str] | None:
    """Return the least share of the first number in both without one reporter, and without which.

    `parts` have the reporter of each pair. A few messages, which may be an accident, are not enough
    for a share. None where nobody's is.
    """
    found: dict[str, list[int]] = {}
    for reporter, (good, bad) in parts:
        theirs = found.setdefault(reporter, [0, 0])
        theirs[0] += good
        theirs[1] += bad
    good, bad = (sum(each[index] for each in found.values()) for index in (0, 1))
    rests = (
        (good - one, bad - other, reporter)
        for reporter, (one, other) in sorted(found.items())
        if bad - other >= _SOME
    )
    shares = ((Fraction(one, one + other), reporter) for one, other, reporter in rests)
    return min(shares, default=None)
