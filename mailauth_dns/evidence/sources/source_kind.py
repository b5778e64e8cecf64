"""What the sources of a domain's mail are, as far as reports and the policy tell.

Unknown is never silently a spoof: a spoof blocks no step, so it has to be shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mailauth_dns.evidence.evidence import Row, Window


class SourceKind(StrEnum):
    """What a source is."""

    ALIGNED = "declared, aligned"
    NOT_ALIGNED = "declared, not aligned"
    FORWARDER = "forwarder"
    MAILING_LIST = "mailing list"
    UNKNOWN = "unknown"
    SPOOF = "spoof"


@dataclass(frozen=True, slots=True)
class Attribution:
    """Whose messages a row holds.

    `sender` is the policy's key for a declared sender, or a sender's name in the catalogue where
    the policy does not declare it; None where nobody knows. `why` says by what it was recognised,
    and `mend` what to do where a declared sender does not align.
    """

    kind: SourceKind
    sender: str | None
    why: str
    mend: str | None = None


@dataclass(frozen=True, slots=True)
class AttributedRow:
    """A row of one report, and whose messages it holds.

    `undone`: it aligned, by what the policies of today no longer have.
    """

    window: Window
    row: Row
    by: Attribution
    undone: bool = False
