"""DMARC as a receiver applies it: the author domain's policy, and alignment (RFC 9989 §4)."""

from __future__ import annotations

from dataclasses import dataclass

from mailauth_dns.errors import ObservationError
from mailauth_dns.evaluate.dmarc_walk import Walk, same_organization, walk
from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.evaluate.resolver import Resolver
from mailauth_dns.records.dmarc import Alignment, Policy, Record, Testing, owner_name
from mailauth_dns.records.dmarc_received import Received
from mailauth_dns.records.family import Family, family
from mailauth_dns.records.name import DomainName, upwards

# What receivers apply while `t=y` tests a policy (RFC 9989 §4.7).
ONE_LEVEL_LESS = {
    Policy.REJECT: Policy.QUARANTINE,
    Policy.QUARANTINE: Policy.NONE,
    Policy.NONE: Policy.NONE,
}


@dataclass(frozen=True, slots=True)
class Applicable:
    """The record that applies to an author domain, and the tag of it that applies.

    That is p of the domain's own record, sp or np of an inherited one. `tag` is unknown where DNS
    does not tell whether the author domain exists.
    """

    policy_domain: DomainName
    record: Record
    tag: str | Unknown

    @property
    def policy(self) -> Policy | Unknown:
        """What the owner asks for failing mail, whether or not `t=y` only tests it."""
        if isinstance(self.tag, Unknown):
            return self.tag
        return {
            "p": self.record.effective_p,
            "sp": self.record.effective_sp,
            "np": self.record.effective_np,
        }[self.tag]

    @property
    def requested(self) -> Policy | Unknown:
        """What to do with failing mail now: one level less while `t=y` tests the policy."""
        policy = self.policy
        if isinstance(policy, Unknown) or self.record.effective_t is not Testing.YES:
            return policy
        return ONE_LEVEL_LESS[policy]


@dataclass(frozen=True, slots=True)
class Discovery:
    """What a receiver finds for an author domain (RFC 9989 §4.10.1).

    `applicable` is None where DMARC does not apply: no record, or one that asks for nothing
    (`policy_domain` tells them apart).
    """

    walk: Walk
    policy_domain: DomainName | Unknown | None
    applicable: Applicable | Unknown | None

    @property
    def author_domain(self) -> DomainName:
        """The domain in the From header."""
        return self.walk.start

    @property
    def organizational_domain(self) -> DomainName | Unknown:
        """The author domain's organizational domain."""
        return self.walk.organizational_domain


def nearest_record(domain: DomainName, resolver: Resolver) -> DomainName | None:
    """Return the domain, or the nearest one above it, at which a DMARC record stands.

    Top-level domains are not asked, and a record that receivers ignore counts too.

    Raises:
        ObservationError: it is unknown.
    """
    for each in upwards(domain):
        name = owner_name(each)
        if "." in each and any(
            family(name, "TXT", value) is Family.DMARC
            for value in resolver.lookup(name, "TXT") or ()
        ):
            return each
    return None


def discover(author_domain: DomainName, resolver: Resolver) -> Discovery:
    """Return the policy that applies to `author_domain` (RFC 9989 §4.10.1)."""
    walked = walk(author_domain, resolver)
    policy_domain, received = _policy(walked)
    record = received.applied if received is not None else None
    if not isinstance(policy_domain, str) or record is None:
        return Discovery(
            walked, policy_domain, policy_domain if isinstance(policy_domain, Unknown) else None
        )
    tag = "p" if policy_domain == author_domain else _subdomain_tag(author_domain, record, resolver)
    return Discovery(walked, policy_domain, Applicable(policy_domain, record, tag))


def _policy(walked: Walk) -> tuple[DomainName | Unknown | None, Received | None]:
    """Return the policy domain and its record.

    First comes the author domain, then the organizational domain, then the public suffix.
    """
    own = walked.at(walked.start)
    # The domain's own record is known even where the walk broke off later.
    return (walked.start, own) if own is not None else inherited(walked)


def inherited(walked: Walk) -> tuple[DomainName | Unknown | None, Received | None]:
    """Return the domain and record that apply to names at or below the start without their own."""
    organizational = walked.organizational_domain
    if isinstance(organizational, Unknown):
        return organizational, None
    # Disputed: below a public suffix of seven labels the walk steps over the organizational domain.
    # RFC 9989 §4.10.1 puts its record before the public suffix's, and §4.10 never asks for it.
    # §5.1.8 says of such a record that it will never be discovered.
    received = walked.at(organizational)
    if received is not None:
        return organizational, received
    # Only a public suffix can be left: any other record would have made its own domain the
    # organizational one.
    last = walked.steps[-1]
    return (last.domain, last.received) if last.received is not None else (None, None)


def _subdomain_tag(author_domain: DomainName, record: Record, resolver: Resolver) -> str | Unknown:
    if record.effective_sp is record.effective_np:
        return "sp"
    try:
        # Only NXDOMAIN means "does not exist" (RFC 9989 §3.2.13, A.4). The question is for the
        # alias itself: NXDOMAIN at its end is about the target, and an alias exists.
        exists = resolver.lookup(author_domain, "CNAME") is not None
    except ObservationError as error:
        return Unknown(str(error))
    return "sp" if exists else "np"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Whether an authenticated domain is aligned with the author domain.

    `walk` is the walk from the identifier; None where none was needed.
    """

    identifier: DomainName
    mode: Alignment
    aligned: bool | Unknown
    walk: Walk | None = None


def compare(
    identifier: DomainName, mode: Alignment, discovery: Discovery, resolver: Resolver
) -> Comparison:
    """Tell whether `identifier` is aligned with the author domain (RFC 9989 §4.4, §4.10.2)."""
    if identifier == discovery.author_domain:
        # In both modes, and no organizational domain is needed.
        return Comparison(identifier, mode, aligned=True)
    if mode is Alignment.STRICT:
        return Comparison(identifier, mode, aligned=False)
    aligned, walked = same_organization(discovery.walk, identifier, resolver)
    return Comparison(identifier, mode, aligned, walked)
