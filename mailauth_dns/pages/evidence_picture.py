"""The time line of evidence: messages of each day or more, by what their sources are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from mailauth_dns.evidence.sources.overview import Overview
from mailauth_dns.evidence.sources.source_kind import SourceKind
from mailauth_dns.pages.drawing import Box, Drawing, Label, Path, Shape, breadth
from mailauth_dns.render.terminal_text import count

# From the bottom up: what is known to be good first, so that the rest stands on a line.
FILLS = {
    SourceKind.ALIGNED: "fill-good",
    SourceKind.FORWARDER: "mark",
    SourceKind.MAILING_LIST: "bar-retiring",
    SourceKind.NOT_ALIGNED: "fill-bad",
    SourceKind.UNKNOWN: "fill-open",
    SourceKind.SPOOF: "fill-care",
}
_EDGE, _TOP, _TALL = 12, 40, 160  # pixels
_SLIMMEST = 6  # pixels of a bar with the gap beside it
_SPANS = (1, 7, 14, 28)  # days of a bar


@dataclass(frozen=True, slots=True)
class _Bar:
    """What came on some days; `reported` tells whether anybody said so."""

    first: date
    kinds: Mapping[SourceKind, int]
    reported: bool

    @property
    def messages(self) -> int:
        return sum(self.kinds.values())


def evidence_timeline(overview: Overview, width: int) -> Drawing:
    """Return the picture of an overview that has reports."""
    days, bars = _bars(overview, width - 2 * _EDGE)
    most = max((bar.messages for bar in bars), default=0) or 1
    step = (width - 2 * _EDGE) / len(bars)
    bottom = _TOP + _TALL
    each = "day" if days == 1 else f"{days} days"
    shapes: list[Shape] = [
        Label(
            _EDGE, 20, f"{count(most, 'message')} at most, a bar for each {each}", "small", "soft"
        ),
        Path(f"M{_EDGE} {_TOP}H{width - _EDGE}", "grid"),
    ]
    for number, bar in enumerate(bars):
        left, right = (_EDGE + round(step * at) for at in (number, number + 1))
        shapes += _bar(bar, left, max(right - left - 1, 2), bottom, most)
    shapes.append(Path(f"M{_EDGE} {bottom}H{width - _EDGE}", "edge"))
    shapes += _labels(bars, step, bottom + 20, width)
    return Drawing(
        width,
        bottom + 32,
        f"Messages of {overview.domain} in time",
        f"From {bars[0].first} on, a bar for each {each}; a day that nobody reported is marked. "
        "The lists on the page say the same in numbers.",
        tuple(shapes),
    )


def _bars(overview: Overview, room: int) -> tuple[int, Sequence[_Bar]]:
    """Return how many days a bar is, and the bars: so many as have room."""
    assert overview.first is not None
    assert overview.last is not None
    whole = (overview.last - overview.first).days + 1
    most = room // _SLIMMEST
    days = next((each for each in _SPANS if whole <= each * most), -(-whole // most))
    bars = []
    for at in range(0, whole, days):
        first = overview.first + timedelta(days=at)
        kinds: Counter[SourceKind] = Counter()
        reported = False
        for day in (first + timedelta(days=more) for more in range(days)):
            reported |= day in overview.days
            kinds.update(overview.days.get(day, {}))
        bars.append(_Bar(first, kinds, reported))
    return days, bars


def _bar(bar: _Bar, x: int, width: int, bottom: int, most: int) -> Iterator[Shape]:
    if not bar.reported:
        yield Path(f"M{x} {bottom - 4}H{x + width}", "bar-planned")
        return
    y, sum_ = bottom, 0
    for kind, fill in FILLS.items():
        sum_ += bar.kinds.get(kind, 0)
        # Each edge is rounded by itself, so that the sum is never taller than it is; what is there
        # is seen.
        top = min(bottom - round(_TALL * sum_ / most), y - 1) if bar.kinds.get(kind) else y
        if top < y:
            yield Box(x, top, width, y - top, fill)
        y = top


def _labels(bars: Sequence[_Bar], step: float, y: int, width: int) -> Iterator[Shape]:
    """Yield days below the bars, with room between them."""
    room = breadth("2026-12-31", "small") + 16
    wanted = max(1, min(len(bars), int((width - 2 * _EDGE) // room)))
    for number in range(wanted):
        at = number * len(bars) // wanted
        yield Label(_EDGE + round(step * at), y, str(bars[at].first), "small", "soft")
