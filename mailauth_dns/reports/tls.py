"""TLS reports as values: sessions that were secured or not, and why (RFC 8460 §4)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mailauth_dns.records.name import DomainName
from mailauth_dns.reports.reporter import Reporter, ReportKey


class PolicyType(StrEnum):
    """Which policy the sender applied (RFC 8460 §4.4)."""

    TLSA = "tlsa"
    STS = "sts"
    NONE = "no-policy-found"


class Mode(StrEnum):
    """The mode of an MTA-STS policy (RFC 8461 §3.2)."""

    ENFORCE = "enforce"
    TESTING = "testing"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Failure:
    """Sessions that failed alike; None is what the sender did not say.

    `result` is a word of RFC 8460 §4.3 or a later one. `code` is the sender's own word for it.
    """

    result: str
    count: int
    exchanger: DomainName | None = None
    sending: str | None = None  # addresses
    receiving: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class TlsPolicy:
    """What became of sessions under one policy."""

    type: PolicyType | None
    domain: DomainName | None
    mode: Mode | None
    exchangers: tuple[str, ...]
    successful: int
    failed: int
    failures: tuple[Failure, ...] = ()


@dataclass(frozen=True, slots=True)
class TlsReport:
    """A whole report."""

    reporter: Reporter
    policies: tuple[TlsPolicy, ...]

    @property
    def domains(self) -> tuple[DomainName, ...]:
        """The domains that it is about, each once."""
        return tuple(dict.fromkeys(each.domain for each in self.policies if each.domain))

    @property
    def key(self) -> ReportKey:
        """What tells one report from another."""
        return self.reporter.key(self.domains)
