"""The lives of a domain's keys on one time axis: what they were, are, and may become."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from mailauth_dns.errors import printable
from mailauth_dns.keys.life import Stretch, life
from mailauth_dns.keys.status import KeyStatus
from mailauth_dns.keys.times import moment
from mailauth_dns.pages.drawing import (
    NARROW,
    Box,
    Drawing,
    Label,
    Path,
    Shape,
    breadth,
    circle,
    fitted,
    lines,
)
from mailauth_dns.policy.sections.dkim import KeyState
from mailauth_dns.render.keys import kind, next_said

_STEPS = [
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(days=1),
    timedelta(days=7),
    timedelta(days=14),
    timedelta(days=30),
    timedelta(days=90),
    timedelta(days=365),
]
_HEIGHTS = {KeyState.ACTIVE: 14, KeyState.PENDING: 14, KeyState.RETIRING: 8, KeyState.REVOKED: 4}
_EDGE, _TOP = 12, 84  # pixels
_LEAST = timedelta(minutes=5)  # on either side of now


@dataclass(frozen=True, slots=True)
class _Axis:
    """Times from `start` to `end`, on `width` pixels."""

    start: datetime
    end: datetime
    width: int

    def x(self, time: datetime) -> int:
        share = (time - self.start) / (self.end - self.start)
        return _EDGE + round(min(1.0, max(0.0, share)) * (self.width - 2 * _EDGE))

    def ticks(self) -> Iterator[tuple[datetime, str]]:
        """Yield round times with room for their words."""
        most = 3 if self.width <= NARROW else 6
        step = next((each for each in _STEPS if (self.end - self.start) / each <= most), _STEPS[-1])
        words = "%H:%M" if step < timedelta(days=1) else "%Y-%m-%d"
        # Counted from a fixed day, so that the ticks do not move with the time of the run.
        origin = datetime(2024, 1, 1, tzinfo=UTC)
        tick = origin + -((origin - self.start) // step) * step
        while tick <= self.end:
            if tick >= self.start:
                yield tick, tick.strftime(words)
            tick += step


def key_timeline(domain: str, states: Sequence[KeyStatus], now: datetime, width: int) -> Drawing:
    """Return the picture of a domain's keys."""
    lives = [(state, tuple(life(state, now))) for state in states]
    axis = _axis([stretch for _, stretches in lives for stretch in stretches], now, width)
    rows: list[Shape] = []
    bottom = _TOP
    for state, stretches in lives:
        shapes, bottom = _row(state, stretches, axis, bottom, now)
        rows += shapes
    return Drawing(
        width,
        bottom + 2,
        f"The life of the DKIM keys of {domain}",
        "Each selector is a line in time, up to now and on to its next step: "
        + "; ".join(f"{state.key.selector} is {state.key.section.state}" for state in states)
        + ". The list on the page says the same in words.",
        (
            Label(_EDGE, 24, fitted(domain, width - 2 * _EDGE, "head"), "head"),
            *_head(axis, now),
            *rows,
        ),
    )


def _head(axis: _Axis, now: datetime) -> Iterator[Shape]:
    for tick, words in axis.ticks():
        at = axis.x(tick)
        yield Path(f"M{at} {_TOP - 16}V{_TOP - 8}", "grid")
        yield Label(_inside(at, words, axis.width), _TOP - 21, words, "small", "soft", "middle")
    said = f"now {moment(now)}"
    yield Label(
        _inside(axis.x(now), said, axis.width), _TOP - 40, said, "small", "strong", "middle"
    )
    yield Path(f"M{axis.x(now)} {_TOP - 16}V{_TOP - 8}", "now")


def _axis(stretches: Sequence[Stretch], now: datetime, width: int) -> _Axis:
    """Return an axis that shows what comes next, and as much of the past as leaves room for it."""
    ends = [
        time
        for each in stretches
        for time in (each.start, each.end)
        if each.planned and time is not None
    ]
    starts = [time for each in stretches for time in (each.start, each.end) if time is not None]
    ahead = max(ends, default=now) - now
    past = now - min(starts, default=now)
    if ahead:
        past = min(max(past, ahead / 4), 3 * ahead)
    else:
        past = past or timedelta(days=30)
        ahead = past / 4
    ahead, past = max(ahead, _LEAST), max(past, _LEAST)
    return _Axis(now - past * 1.08, now + ahead * 1.15, width)


def _inside(x: int, words: str, width: int) -> int:
    half = breadth(words, "small") // 2
    return min(max(x, half + 4), width - half - 4)


def _row(
    state: KeyStatus, stretches: Sequence[Stretch], axis: _Axis, y: int, now: datetime
) -> tuple[list[Shape], int]:
    width = axis.width
    key = state.key
    tone = "bad" if state.wrong is not None else "strong"
    word = f"{key.section.state}, {kind(key)}"
    wide = width - 2 * _EDGE
    shapes: list[Shape] = [
        Path(f"M{_EDGE} {y - 8}H{width - _EDGE}", "edge"),
        Label(_EDGE, y + 14, fitted(key.selector, wide // 2, "term"), "term", tone),
        Label(width - _EDGE, y + 14, fitted(word, wide // 2, "small"), "small", "soft", "end"),
    ]
    middle = y + 34
    for tick, _ in axis.ticks():
        shapes.append(Path(f"M{axis.x(tick)} {middle - 12}V{middle + 12}", "grid"))
    for each in stretches:
        shapes += _stretch(each, axis, middle)
    shapes.append(Path(f"M{axis.x(now)} {middle - 14}V{middle + 14}", "now"))
    if state.step is not None and state.step.at is not None:
        shapes.append(circle(axis.x(max(state.step.at, now)), middle, 6, "step"))
    below = [f"next: {printable(next_said(state, now))}"]
    if state.wrong is not None:
        below.insert(0, f"wrong: {printable(state.wrong)}")
    said = [line for text in below for line in lines(text, wide, "small")]
    shapes += [
        Label(_EDGE, y + 60 + 16 * at, line, "small", "soft") for at, line in enumerate(said)
    ]
    return shapes, y + 60 + 16 * len(said) + 8


def _stretch(each: Stretch, axis: _Axis, middle: int) -> Iterator[Shape]:
    left = axis.x(each.start) if each.start is not None else _EDGE
    right = axis.x(each.end) if each.end is not None else axis.width - _EDGE
    if each.planned:
        yield Path(f"M{left} {middle}H{max(right, left + 1)}", "bar-planned")
        return
    tall = _HEIGHTS[each.state]
    wide = max(3, right - left)
    yield Box(right - wide, middle - tall // 2, wide, tall, f"bar-{each.state}", min(3, tall // 2))
