"""What DMARC requests for failing mail of a domain and of the names below it (RFC 9989 §4.7)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mailauth_dns.evaluate.dmarc import (
    ONE_LEVEL_LESS,
    Applicable,
    Discovery,
    discover,
    inherited,
)
from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.evaluate.resolver import Resolver
from mailauth_dns.records.dmarc import Policy, Record, Testing
from mailauth_dns.records.name import DomainName

LEVEL = {None: 0, Policy.NONE: 0, Policy.QUARANTINE: 1, Policy.REJECT: 2}


@dataclass(frozen=True, slots=True)
class Request:
    """What is requested for the failing mail of some names.

    It is `policy`, or one level less where the policy is only `tried` (`t=y`). A `policy` of None
    means that no DMARC applies.
    """

    policy: Policy | None
    tried: bool = False

    @staticmethod
    def of(record: Record | None, policy: Policy | None) -> Request:
        """Return the request of a record that applies with `policy`."""
        tried = record is not None and record.effective_t is Testing.YES
        return Request(policy, tried and policy not in (None, Policy.NONE))

    @property
    def requested(self) -> Policy | None:
        """What receivers apply (RFC 9989 §4.7)."""
        return ONE_LEVEL_LESS[self.policy] if self.tried and self.policy else self.policy

    def __str__(self) -> str:
        """Return the policy that receivers apply, as a tag's value."""
        return str(self.requested or "nothing")

    @property
    def tag(self) -> str:
        """What the record asks for, as a tag's value, and whether it is only tried."""
        return f"{self.policy or 'nothing'}{' (t=y)' if self.tried else ''}"

    def above(self, other: Request) -> int:
        """Return how many levels more than `other` this requests.

        Older receivers do not know `t`. The larger of the two readings counts.
        """
        return max(
            LEVEL[self.requested] - LEVEL[other.requested], LEVEL[self.policy] - LEVEL[other.policy]
        )


@dataclass(frozen=True, slots=True)
class Side:
    """What receivers apply on one side of a change, as far as the zone shows it."""

    found: Discovery
    record: Record | None  # the one that applies to the domain
    own: Request
    below: Request  # names below the domain that have no record of their own
    missing: Request  # names below it that do not exist

    @staticmethod
    def of(domain: DomainName, resolver: Resolver) -> Side:
        """Return what receivers apply to a domain in the world of `resolver`."""
        found = discover(domain, resolver)
        applicable = found.applicable if isinstance(found.applicable, Applicable) else None
        record = applicable.record if applicable is not None else None
        policy = applicable.policy if applicable is not None else None
        _, received = inherited(found.walk)
        below = received.applied if received is not None else None
        return Side(
            found,
            record,
            Request.of(record, policy if isinstance(policy, Policy) else None),
            Request.of(below, below.effective_sp if below is not None else None),
            Request.of(below, below.effective_np if below is not None else None),
        )

    @property
    def unknown(self) -> str | None:
        """Why it is unknown what applies; None where it is known."""
        applicable = self.found.applicable
        reason = applicable.policy if isinstance(applicable, Applicable) else applicable
        return reason.reason if isinstance(reason, Unknown) else None

    @property
    def as_own(self) -> Record | None:
        """A record of the domain's own that asks for what applies to it; None where none does."""
        if self.record is None:
            return None
        return replace(self.record, p=self.own.policy, sp=self.below.policy, np=self.missing.policy)

    @property
    def source(self) -> DomainName | None:
        """The domain whose record applies."""
        applicable = self.found.applicable
        return applicable.policy_domain if isinstance(applicable, Applicable) else None
