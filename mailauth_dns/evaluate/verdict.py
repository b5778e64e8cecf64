"""A receiver's verdict on a message, and the identifiers that it rests on (RFC 9989 §5.3)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mailauth_dns.evaluate import dkim_key
from mailauth_dns.evaluate.dmarc import Comparison, Discovery
from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.evaluate.spf_check import SpfCheck
from mailauth_dns.records.dmarc import Policy
from mailauth_dns.records.name import DomainName


class DmarcResult(StrEnum):
    """What DMARC says.

    none: no policy applies. permerror: there is no single author domain, so DMARC cannot pass.
    """

    NONE = "none"
    PASS = "pass"  # noqa: S105 - the result, no password
    FAIL = "fail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


class Mechanism(StrEnum):
    """A way to authenticate a domain."""

    SPF = "SPF"
    DKIM = "DKIM"


@dataclass(frozen=True, slots=True)
class Identifier:
    """A domain that authenticates a message, or would: the SPF domain, or a signature's d=.

    `comparison` is None where the domain was not compared with the author domain: it is not
    authenticated, or no policy applies.
    """

    mechanism: Mechanism
    domain: DomainName
    result: str
    shown: str  # the domain, and where it comes from
    reason: str | None
    comparison: Comparison | None = None

    @property
    def passes(self) -> bool | Unknown:
        """Tell whether this identifier alone makes DMARC pass."""
        if self.comparison is None:
            return False
        if self.comparison.aligned is True and self.result == "temperror":
            return Unknown(self.reason or "DNS gave no answer")
        return self.comparison.aligned


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a receiver finds, and what the owner of the author domain requests for the message.

    `disposition` is a request, not a prediction: receivers must not reject for it alone (RFC 9989
    §7.4). It is None where DMARC is temperror or permerror: then nobody requests anything. `why` is
    for people: one sentence for each identifier and one for DMARC. `warnings` are about mail that
    passes but may still be refused, or may be forged.
    """

    spf: SpfCheck
    dkim: dkim_key.DkimResult
    dmarc: DmarcResult
    disposition: Policy | None
    identifiers: tuple[Identifier, ...]
    discovery: Discovery | None
    why: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def aligned(self) -> tuple[Identifier, ...]:
        """The identifiers that make DMARC pass."""
        return tuple(identifier for identifier in self.identifiers if identifier.passes is True)
