"""The names in a message that a receiver compares, and how each stands to the author domain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.evaluate.verdict import DmarcResult, Identifier, Mechanism, Verdict

Tone = Literal["good", "care", "bad", "open", "none"]


@dataclass(frozen=True, slots=True)
class Identities:
    """Who a message says it is from: the From header, and the SMTP session."""

    header_from: tuple[str, ...]
    mail_from: str  # empty: the null path
    helo: str
    ip: str

    @property
    def rows(self) -> Iterator[tuple[str, str]]:
        """Each with its value, for people."""
        yield "From header", ", ".join(self.header_from) or "no address"
        yield "MAIL FROM", self.mail_from or "<> (the null sender)"
        yield "HELO", self.helo or "not known"
        yield "client", self.ip


@dataclass(frozen=True, slots=True)
class Link:
    """How one authenticated name stands to the author domain, in a word and a tone."""

    identifier: Identifier
    word: str
    tone: Tone

    @property
    def origin(self) -> str:
        """Where the name stands in the message."""
        _, _, origin = self.identifier.shown.partition(" (")
        name = "d=" if self.identifier.mechanism is Mechanism.DKIM else ""
        return f"{name} {origin.removesuffix(')')}".strip()


def links(verdict: Verdict) -> tuple[Link, ...]:
    """Return every name that a receiver authenticates or tries to."""
    return tuple(Link(each, *_said(each)) for each in verdict.identifiers)


def _said(identifier: Identifier) -> tuple[str, Tone]:
    if identifier.result == "temperror":
        return "unknown: DNS gave no answer", "open"
    if identifier.result != "pass":
        return f"not authenticated: {identifier.result}", "none"
    comparison = identifier.comparison
    if comparison is None:
        return "authenticated, not compared", "none"
    if isinstance(comparison.aligned, Unknown):
        return "authenticated, alignment unknown", "open"
    return ("aligned", "good") if comparison.aligned else ("authenticated, not aligned", "care")


def tone(verdict: Verdict) -> Tone:
    """Return how the verdict sounds."""
    if verdict.dmarc is DmarcResult.PASS:
        return "care" if verdict.warnings else "good"
    if verdict.dmarc is DmarcResult.TEMPERROR:
        return "open"
    return "care" if verdict.dmarc is DmarcResult.NONE else "bad"
