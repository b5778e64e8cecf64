"""What reports say of a change, as a plan has it beside the change.

No evidence never speaks for a change: without it a gate is not met, and what a weaker policy costs
is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from mailauth_dns.evidence.gate.gate import Loss, Measured

WITHOUT_EVIDENCE, STILL_SENDS, STS_WITHOUT_EVIDENCE = "DMARC032", "SND010", "STS019"
About = Literal["tightens", "weakens", "ends", "enforces"]
Outcome = Literal["met", "not met", "not asked"]


@dataclass(frozen=True, slots=True)
class EvidenceEntry:
    """What the reports of a domain say of a change.

    `about` tells what the change does: it tightens DMARC, weakens it, takes away the records of a
    sender that is gone, or enforces MTA-STS. Of the last, `messages` are TLS sessions. `gate` tells
    whether the evidence has what such a change needs; to weaken DMARC asks for none, and a domain
    that sends nothing needs none.

    `first` and `last` are the days of the window, None where no report counts. `parts` are those of
    the gate. `fate` is what would have become of the messages in `lost`, the most first;
    `more_sources` and `more_messages` count the rest of them. `notes` say which reports do not
    count, and `unknown` why nothing is known.
    """

    about: About
    gate: Outcome
    fate: str
    first: date | None = None
    last: date | None = None
    messages: int = 0
    parts: tuple[Measured, ...] = ()
    lost: tuple[Loss, ...] = ()
    more_sources: int = 0
    more_messages: int = 0
    not_before: date | None = None
    notes: tuple[str, ...] = ()
    unknown: str | None = None

    @property
    def rule(self) -> str | None:
        """The rule by which apply refuses the change; None where the evidence is no reason to."""
        if self.gate != "not met":
            return None
        return {
            "tightens": WITHOUT_EVIDENCE,
            "ends": STILL_SENDS,
            "enforces": STS_WITHOUT_EVIDENCE,
            "weakens": None,
        }[self.about]

    @property
    def blocks(self) -> tuple[Measured, ...]:
        """The parts of the gate that are not met."""
        return tuple(each for each in self.parts if not each.met)

    @property
    def outcome(self) -> tuple[object, ...]:
        """What a reviewer agreed to: newer evidence that says the same says nothing new."""
        blocks = tuple(each.part.value for each in self.blocks)
        senders = tuple(sorted(each.source for each in self.lost)) if self.about == "ends" else ()
        return (self.about, self.gate, blocks, senders, self.first is None, self.unknown)
