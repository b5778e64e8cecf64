"""What evidence has to show before a policy is tightened, and whether it does."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, timedelta
from enum import StrEnum

from mailauth_dns.evidence.evidence import Window


@dataclass(frozen=True, slots=True)
class Gate:
    """What a policy asks before DMARC is tightened; shares are in percent.

    `days` of mail, `volume` messages of declared senders, of which `aligned` percent pass, seen by
    so many `reporters`, the last report not older than `newest`, and at most `unknown` percent of
    all mail from sources that nobody knows. `each` is the least share of every declared sender, and
    of its mail for every author domain.
    """

    days: int = 14
    volume: int = 100
    aligned: float = 98
    reporters: int = 2
    newest: timedelta = timedelta(days=3)
    unknown: float = 1
    each: float = 95

    @property
    def lowered(self) -> str:
        """What it asks less of than by default, in words."""
        return _lowered(self, Gate())


def _lowered(gate: Gate | TlsGate, usual: Gate | TlsGate) -> str:
    """Return in words what a gate asks less of, such as `... by default: days 1 (14)`."""
    words = list[str]()
    for part in fields(gate):
        here, there = getattr(gate, part.name), getattr(usual, part.name)
        # A share of unknown sources, and an age, are what there may be at most.
        less = here > there if part.name in (Part.NEWEST, Part.UNKNOWN) else here < there
        if less:
            words.append(f"{part.name} {_number(here)} ({_number(there)})")
    return f"the policy's gate asks for less than by default: {', '.join(words)}" if words else ""


def _number(value: float | timedelta) -> str:
    return _hours(value) if isinstance(value, timedelta) else f"{value:g}"


def _hours(time: timedelta) -> str:
    hours = time / timedelta(hours=1)
    return f"{hours / 24:g}d" if hours % 24 == 0 else f"{hours:g}h"


@dataclass(frozen=True, slots=True)
class TlsGate:
    """What a policy asks before MTA-STS is enforced; the share is in percent.

    `days` for which there is a report, with so many `sessions` under the policy, of which `secured`
    percent could be verified, seen by so many `reporters`, the last not older than `newest`.
    """

    days: int = 14
    sessions: int = 100
    secured: float = 99
    reporters: int = 2
    # Who gets little mail gets no report of a long weekend, and the next one two days after it.
    newest: timedelta = timedelta(days=7)

    @property
    def lowered(self) -> str:
        """What it asks less of than by default, in words."""
        return _lowered(self, TlsGate())


class Part(StrEnum):
    """What a gate looks at; each has a number and a bound."""

    DAYS = "days"
    VOLUME = "volume"
    ALIGNED = "aligned"
    EACH = "each"
    REPORTERS = "reporters"
    NEWEST = "newest"
    UNKNOWN = "unknown"
    SESSIONS = "sessions"
    SECURED = "secured"


@dataclass(frozen=True, slots=True)
class Measured:
    """One part of the gate: what was measured, what is asked, and whether that is met.

    `words` say it for people, such as "aligned 91.2 percent, 98 needed: zendesk has 61.0".
    """

    part: Part
    met: bool
    words: str


@dataclass(frozen=True, slots=True)
class Loss:
    """Messages of one source that the stricter policy would have met."""

    source: str
    kind: str
    messages: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the evidence says of a step.

    `first` and `last` are the days of the window, None without evidence. `not_before` is the day on
    which the step may come if mail goes on as it does; None where time alone does not mend what
    blocks. `lost` is what the step would have cost in the window. `reports` are those of the
    window, and `left_out` says in words which others do not count, and why.
    """

    parts: tuple[Measured, ...]
    first: date | None
    last: date | None
    messages: int
    not_before: date | None
    lost: tuple[Loss, ...]
    reports: frozenset[Window] = frozenset()
    left_out: tuple[str, ...] = ()

    @property
    def met(self) -> bool:
        """Whether every part is met."""
        return bool(self.parts) and all(each.met for each in self.parts)

    @property
    def blocks(self) -> tuple[Measured, ...]:
        """The parts that are not met."""
        return tuple(each for each in self.parts if not each.met)
