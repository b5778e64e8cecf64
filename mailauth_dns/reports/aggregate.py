"""DMARC aggregate reports as values (RFC 9990, RFC 7489 appendix C).

They hold source addresses, counts, domains, selectors and results. What could name a person is not
kept: local parts, reporters' addresses, comments, subjects.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mailauth_dns.records.dmarc import Alignment, Policy, PublicSuffix
from mailauth_dns.records.name import DomainName
from mailauth_dns.reports.reporter import Reporter, ReportKey


class Disposition(StrEnum):
    """What became of the mail, as far as DMARC is concerned."""

    NONE = "none"
    PASS = "pass"  # RFC 9990: the mail passed, so that no policy was applied  # noqa: S105
    QUARANTINE = "quarantine"
    REJECT = "reject"


class AuthResult(StrEnum):
    """What SPF or DKIM found (RFC 8601 §2.7)."""

    NONE = "none"
    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    SOFTFAIL = "softfail"
    NEUTRAL = "neutral"
    POLICY = "policy"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


class OverrideReason(StrEnum):
    """Why the receiver did not do what the policy asks for; the last two are of RFC 7489."""

    LOCAL_POLICY = "local_policy"
    MAILING_LIST = "mailing_list"
    OTHER = "other"
    POLICY_TEST_MODE = "policy_test_mode"
    TRUSTED_FORWARDER = "trusted_forwarder"
    FORWARDED = "forwarded"
    SAMPLED_OUT = "sampled_out"


@dataclass(frozen=True, slots=True)
class Override:
    """A reason; `arc`: its comment says that an ARC seal passed, as Google writes it."""

    reason: OverrideReason
    arc: bool = False


@dataclass(frozen=True, slots=True)
class DkimResult:
    """What became of one signature; None where the reporter did not say, or not in words."""

    domain: DomainName | None
    selector: str | None
    result: AuthResult | None


@dataclass(frozen=True, slots=True)
class SpfResult:
    """What SPF said of a domain; `helo`: it is the name that the client gave itself."""

    domain: DomainName | None
    result: AuthResult | None
    helo: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """Messages from one source that fared alike; None is what the reporter did not say."""

    source: str | None  # an address in its one spelling
    count: int
    disposition: Disposition | None
    dkim_aligned: bool | None
    spf_aligned: bool | None
    overrides: tuple[Override, ...]
    header_from: DomainName | None
    envelope_from: DomainName | None
    dkim: tuple[DkimResult, ...]
    spf: tuple[SpfResult, ...]

    @property
    def aligned(self) -> bool | None:
        """Whether DMARC passed: SPF or DKIM did, for a domain that aligns."""
        if self.dkim_aligned or self.spf_aligned:
            return True
        return None if None in (self.dkim_aligned, self.spf_aligned) else False


@dataclass(frozen=True, slots=True)
class PublishedPolicy:
    """The policy that the receiver found; None where the report does not have the tag.

    `testing` is the tag t, and `discovery` is `psl` or `treewalk` (both RFC 9990). `pct` is of
    RFC 7489.
    """

    domain: DomainName
    p: Policy | None = None
    sp: Policy | None = None
    np: Policy | None = None
    adkim: Alignment | None = None
    aspf: Alignment | None = None
    psd: PublicSuffix | None = None
    testing: bool | None = None
    discovery: str | None = None
    fo: str | None = None
    pct: int | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What stands above the records of a report."""

    reporter: Reporter
    policy: PublishedPolicy

    @property
    def key(self) -> ReportKey:
        """What tells one report from another."""
        return self.reporter.key((self.policy.domain,))
