"""Mail that nothing recognises: unknown, or a spoof where all of it together says so.

In one report, a forgotten server of one's own looks like a spoof. Time and number tell them apart:
a server sends from one place, day after day; spoofers come from many, and are gone again.
Of one place alone nothing tells: invoices leave on one day of a month, and many receivers see them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from mailauth_dns.evidence.evidence import Row, Window
from mailauth_dns.evidence.sources.relays import Relayed, network_of, senders_themselves
from mailauth_dns.evidence.sources.source_kind import Attribution, SourceKind

STEADY = 3  # days: what is seen on more of them is no spoof
WAVE = 100  # messages on one day
FEW = 5  # messages: no more than that from each source of a crowd
CROWD = 5  # networks that a wave or a crowd comes from, beside the one that is judged
_DAY = 86400  # seconds
_WEEK = 7  # days: the longest time that one report is about


@dataclass(frozen=True, slots=True)
class Stranger:
    """A row that nothing recognises. `blank`: nothing in it aligned or names anybody."""

    why: str
    blank: bool


Judged = Attribution | Relayed | Stranger
JudgedRow = tuple[Window, Row, Judged]


@dataclass(slots=True)
class _Seen:
    """What all reports together say of one network: servers in it may take turns."""

    blank: bool = True
    messages: int = 0
    days: set[int] = field(default_factory=set)

    @property
    def passes(self) -> bool:
        """Whether it can be a spoof."""
        return self.blank and len(self.days) <= STEADY


@dataclass(slots=True)
class _Many:
    """Sources that could be one campaign: their networks, and those that reports only count."""

    messages: int = 0
    networks: Counter[str] = field(default_factory=Counter)
    counted: int = 0

    def add(self, row: Row) -> None:
        self.messages += row.count
        if (network := network_of(row)) is None:
            self.counted += row.sources
        else:
            self.networks[network] += row.count

    @property
    def number(self) -> int:
        return len(self.networks) + self.counted

    def is_one_of_many(self, row: Row) -> bool:
        """Tell whether there are many beside a row; where it is many itself, beside each of it."""
        network = network_of(row)
        most = network is not None and self.networks[network] * 2 > self.messages
        return self.number - 1 >= CROWD and not most and (network is not None or row.sources > 1)


def settled(rows: Sequence[JudgedRow]) -> Iterator[Attribution]:
    """Yield whose each row is, now that all of them are known."""
    themselves = senders_themselves((row, by) for _, row, by in rows)
    strangers = _Strangers(rows)
    for window, row, by in rows:
        match by:
            case Relayed():
                yield by.direct if (by.key, by.origin) in themselves else by.forwarded
            case Stranger():
                yield strangers.judged(window, row, by)
            case Attribution():
                yield by


class _Strangers:
    """Every source that nothing recognises, beside the others."""

    def __init__(self, rows: Sequence[JudgedRow]) -> None:
        self._seen: dict[str, _Seen] = defaultdict(_Seen)
        for window, row, by in rows:
            if (there := self._of(row)) is not None:
                there.blank &= isinstance(by, Stranger) and by.blank
                there.messages += row.count
                there.days.update(_days(window))
        self._waves: dict[int, _Many] = defaultdict(_Many)  # by day
        self._crowd = _Many()
        for window, row, by in rows:
            if isinstance(by, Stranger) and by.blank and self._passes(row):
                self._waves[_day(window)].add(row)
                if self._is_few(row):
                    self._crowd.add(row)

    def judged(self, window: Window, row: Row, by: Stranger) -> Attribution:
        """Return what a row is: a spoof where all that is known of its source says so."""
        seen = self._of(row)
        if by.blank and seen is not None and len(seen.days) > STEADY:
            why = f"{by.why}; seen on {len(seen.days)} days: it may be a server of yours"
            return Attribution(SourceKind.UNKNOWN, None, why)
        if not by.blank or (seen is not None and not seen.blank):
            return Attribution(SourceKind.UNKNOWN, None, by.why)
        told = self._together(window, row)
        if told is None:
            return Attribution(SourceKind.UNKNOWN, None, by.why)
        return Attribution(SourceKind.SPOOF, None, f"{by.why}; {told}")

    def _together(self, window: Window, row: Row) -> str | None:
        """Return what a row is part of: a wave on its day, or a crowd over all days."""
        wave, crowd = self._waves[_day(window)], self._crowd
        if wave.messages >= WAVE and wave.is_one_of_many(row):
            return f"part of a wave of {wave.messages} messages from {wave.number} networks"
        if self._is_few(row) and crowd.is_one_of_many(row):
            return f"one of {crowd.number} networks that sent a few messages, on a few days"
        return None

    def _of(self, row: Row) -> _Seen | None:
        """Return what is known of a row's network; None where its addresses were not kept."""
        network = network_of(row)
        return self._seen[network] if network is not None else None

    def _passes(self, row: Row) -> bool:
        seen = self._of(row)
        return seen is None or seen.passes

    def _is_few(self, row: Row) -> bool:
        seen = self._of(row)
        messages = seen.messages if seen is not None else row.count
        return messages <= FEW * row.sources


def _day(window: Window) -> int:
    return window.begin // _DAY


def _days(window: Window) -> range:
    """Return the days on which a report's messages may have come, a week of them at most."""
    first = _day(window)
    last = max(window.end - 1, window.begin) // _DAY
    return range(first, min(last, first + _WEEK) + 1)
