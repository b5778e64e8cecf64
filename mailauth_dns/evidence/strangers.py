"""Mail that nothing recognises: unknown, or a spoof where all of it together says so.

In one report, a forgotten server of one's own looks like a spoof. Time and number tell them apart:
a server sends from one place, day after day.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from mailauth_dns.evidence.evidence import Row, Window
from mailauth_dns.evidence.relays import Relayed, network_of, told_apart
from mailauth_dns.evidence.source_kind import Attribution, SourceKind

STEADY = 3  # days: what is seen on more of them is no spoof
WAVE = 100  # messages on one day
CROWD = 10  # networks that they come from
_DAY = 86400  # seconds


@dataclass(frozen=True, slots=True)
class Stranger:
    """A row that nothing recognises. `blank`: nothing in it aligned or names anybody."""

    why: str
    blank: bool


Judged = Attribution | Relayed | Stranger
JudgedRow = tuple[Window, Row, Judged]


@dataclass(slots=True)
class _Seen:
    """What all reports together say of one source."""

    blank: bool = True
    days: set[int] = field(default_factory=set)
    reporters: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Day:
    """What came on one day from sources that nothing recognises, and that do not send steadily."""

    messages: int = 0
    networks: set[str | None] = field(default_factory=set)
    more: int = 0  # sources that reports only count

    @property
    def is_wave(self) -> bool:
        return self.messages >= WAVE and len(self.networks) + self.more >= CROWD


def settled(rows: Sequence[JudgedRow]) -> Iterator[Attribution]:
    """Yield whose each row is, now that all of them are known."""
    apart = told_apart((row, by) for _, row, by in rows)
    seen = _by_source(rows)
    days = _by_day(rows, seen)
    for window, row, by in rows:
        match by:
            case Relayed():
                yield by.direct if (by.key, by.origin) in apart else by.forwarded
            case Stranger():
                there = seen.get(row.source or "")
                yield _stranger(by, there, days.get(window.begin // _DAY))
            case Attribution():
                yield by


def _by_source(rows: Sequence[JudgedRow]) -> dict[str, _Seen]:
    found: dict[str, _Seen] = {}
    for window, row, by in rows:
        if row.source is not None:
            there = found.setdefault(row.source, _Seen())
            there.blank &= isinstance(by, Stranger) and by.blank
            there.days.add(window.begin // _DAY)
            there.reporters.add(window.reporter)
    return found


def _by_day(rows: Sequence[JudgedRow], seen: dict[str, _Seen]) -> dict[int, _Day]:
    found: dict[int, _Day] = {}
    for window, row, by in rows:
        if not isinstance(by, Stranger) or not by.blank:
            continue
        there = seen.get(row.source or "")
        if there is not None and (len(there.days) > STEADY or not there.blank):
            continue
        day = found.setdefault(window.begin // _DAY, _Day())
        day.messages += row.count
        if row.source is None:
            day.more += row.sources
        else:
            day.networks.add(network_of(row))
    return found


def _stranger(by: Stranger, seen: _Seen | None, day: _Day | None) -> Attribution:
    """Return what a row is that nothing recognises."""
    if not by.blank or (seen is not None and not seen.blank):
        return Attribution(SourceKind.UNKNOWN, None, by.why)
    if seen is not None and len(seen.days) > STEADY:
        why = f"{by.why}, and it was seen on {len(seen.days)} days: a server may be forgotten"
        return Attribution(SourceKind.UNKNOWN, None, why)
    if day is not None and day.is_wave:
        number = len(day.networks) + day.more
        why = f"{by.why}; part of a wave of {day.messages} messages from {number} networks"
        return Attribution(SourceKind.SPOOF, None, why)
    if seen is not None and len(seen.reporters) > 1:
        why = f"{by.why}; {len(seen.reporters)} reporters saw it, on few days"
        return Attribution(SourceKind.SPOOF, None, why)
    return Attribution(SourceKind.UNKNOWN, None, by.why)
