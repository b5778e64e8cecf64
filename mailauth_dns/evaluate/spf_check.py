"""What check_host() returns: the result, and what it rests on (RFC 7208 §2.6)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class SpfResult(StrEnum):
    """The result of check_host() (RFC 7208 §2.6)."""

    NONE = "none"
    NEUTRAL = "neutral"
    PASS = "pass"  # noqa: S105 - the result, no password
    FAIL = "fail"
    SOFTFAIL = "softfail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


@dataclass(frozen=True, slots=True)
class Match:
    """A term that decided, and the domain whose record it stands in."""

    domain: str
    term: str

    def __str__(self) -> str:
        return f"{self.term} in {self.domain}"


@dataclass(frozen=True, slots=True)
class Cost:
    """What an evaluation spent (RFC 7208 §4.6.4): terms that ask DNS, and void lookups."""

    terms: int
    voids: int


@dataclass(frozen=True, slots=True)
class SpfCheck:
    """The result for one message.

    `matched` leads from the domain's own record through `include` and `redirect` to the term that
    decided; it is empty where none did. `explanation` is the domain's text for a sender that fails;
    None where there is none, or none that can be used. `reason` is one line for a user.
    """

    result: SpfResult
    reason: str
    matched: tuple[Match, ...] = ()
    explanation: str | None = None
    cost: Cost = Cost(0, 0)
