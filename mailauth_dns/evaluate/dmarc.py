"""DMARC as a receiver finds it: the tree walk, the policy that applies to an author domain, and alignment (RFC 9989 §4.4, §4.10).

No list of public suffixes is used: an organizational domain is what the records themselves make it.
"""

from __future__ import annotations

from dataclasses import dataclass

from mailauth_dns.errors import ObservationError
from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.evaluate.resolver import Resolver
from mailauth_dns.records import dmarc
from mailauth_dns.records.dmarc import Alignment, Policy, PublicSuffix, Record, Testing
from mailauth_dns.records.dmarc_received import Received, receive
from mailauth_dns.records.name import MAX_NAME, DomainName, is_at_or_below

MAX_QUERIES = (
    8  # of one walk: the name itself, then the names of 7 labels down to 1 (RFC 9989 §4.10)
)

_WEAKER = {
    Policy.REJECT: Policy.QUARANTINE,
    Policy.QUARANTINE: Policy.NONE,
    Policy.NONE: Policy.NONE,
}


@dataclass(frozen=True, slots=True)
class Step:
    """One query of a walk: the domain asked for, and its record; None where it has none, or several, which count as none."""

    domain: DomainName
    received: Received | None
    records: int  # DMARC records at the name

    @property
    def owner_name(self) -> DomainName:
        """The name that was asked."""
        return dmarc.owner_name(self.domain)

    @property
    def psd(self) -> PublicSuffix:
        """What the record says about public suffixes; u where there is none."""
        return (
            self.received.record.effective_psd
            if self.received is not None
            else PublicSuffix.UNKNOWN
        )


@dataclass(frozen=True, slots=True)
class Walk:
    """A DNS tree walk (RFC 9989 §4.10): its queries in order, and why it broke off where DNS did not answer the one after them."""

    start: DomainName
    steps: tuple[Step, ...]
    broken: Unknown | None = None

    @property
    def organizational_domain(self) -> DomainName | Unknown:
        """The organizational domain of the start (RFC 9989 §4.10.2)."""
        if self.broken is not None:
            return (
                self.broken
            )  # the record that would decide may be at the name that did not answer
        found = [step for step in self.steps if step.received is not None]
        for step in found:
            if step.psd is PublicSuffix.NO:
                return step.domain
            if step.psd is PublicSuffix.YES and step.domain != self.start:
                return _child(step.domain, self.start)
        return found[-1].domain if found else self.start  # the fewest labels come last

    def at(self, domain: DomainName) -> Received | None:
        """Return the record that the walk found for `domain`."""
        return next((step.received for step in self.steps if step.domain == domain), None)


def walk(start: DomainName, resolver: Resolver) -> Walk:
    """Ask for DMARC records from `start` up to the top-level domain."""
    steps: list[Step] = []
    for domain in _targets(start):
        try:
            step = _step(domain, resolver)
        except ObservationError as error:
            # RFC 9989 §4.10.1 leaves errors to the receiver. To walk on would be to take an unknown record for an absent one.
            return Walk(start, tuple(steps), Unknown(str(error)))
        steps.append(step)
        if step.psd is not PublicSuffix.UNKNOWN:
            break
    return Walk(start, tuple(steps))


def _targets(start: DomainName) -> list[DomainName]:
    labels = start.split(".")
    shorter = range(max(1, len(labels) - (MAX_QUERIES - 1)), len(labels))
    return [start, *(DomainName(".".join(labels[at:])) for at in shorter)]


def _step(domain: DomainName, resolver: Resolver) -> Step:
    name = dmarc.owner_name(domain)
    # A name too long for DNS cannot be asked, and nothing can be there.
    values = (resolver.lookup(name, "TXT") or ()) if len(name) <= MAX_NAME else ()
    found = [received for value in values if (received := receive(value)) is not None]
    # Disputed: some receivers end here when there are several. RFC 9989 §4.10 step 2 drops them all and walks on.
    return Step(domain, found[0] if len(found) == 1 else None, len(found))


def _child(parent: DomainName, descendant: DomainName) -> DomainName:
    """Return the name one label below `parent` on the way to `descendant`."""
    return DomainName(".".join(descendant.split(".")[-parent.count(".") - 2 :]))


@dataclass(frozen=True, slots=True)
class Applicable:
    """The record that applies to an author domain, and its tag that does: p for its own record, sp or np for an inherited one.

    `tag` is None, with the reason, where nobody could tell whether the author domain exists.
    """

    policy_domain: DomainName
    record: Record
    tag: str | Unknown

    @property
    def policy(self) -> Policy | Unknown:
        """What the owner asks for failing mail, whether or not it is only being tried."""
        if isinstance(self.tag, Unknown):
            return self.tag
        return {
            "p": self.record.effective_p,
            "sp": self.record.effective_sp,
            "np": self.record.effective_np,
        }[self.tag]

    @property
    def requested(self) -> Policy | Unknown:
        """What is requested for failing mail now: one level weaker where `t=y` says that the policy is tried (RFC 9989 §4.7)."""
        policy = self.policy
        if isinstance(policy, Unknown) or self.record.effective_t is not Testing.YES:
            return policy
        return _WEAKER[policy]


@dataclass(frozen=True, slots=True)
class Discovery:
    """What a receiver finds for an author domain (RFC 9989 §4.10.1).

    `applicable` is None where DMARC does not apply: no record, or one that asks for nothing (`policy_domain` tells them apart).
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
    """Return the policy domain and its record, in the order of preference: author domain, organizational domain, public suffix."""
    own = walked.at(walked.start)
    return (
        (walked.start, own) if own is not None else inherited(walked)
    )  # known, even where the walk broke off later


def inherited(walked: Walk) -> tuple[DomainName | Unknown | None, Received | None]:
    """Return whose record applies to names below the start that have none of their own, and to the start where it has none."""
    organizational = walked.organizational_domain
    if isinstance(organizational, Unknown):
        return organizational, None
    # Disputed: below a public suffix of seven labels the walk steps over the organizational domain. RFC 9989 §4.10.1 puts its record before
    # the public suffix's, and §4.10 never asks for it. §5.1.8 says of such a record that it will never be discovered.
    received = walked.at(organizational)
    if received is not None:
        return organizational, received
    # Only a public suffix can be left: any other record would have made its own domain the organizational one.
    last = walked.steps[-1]
    return (last.domain, last.received) if last.received is not None else (None, None)


def _subdomain_tag(author_domain: DomainName, record: Record, resolver: Resolver) -> str | Unknown:
    if record.effective_sp is record.effective_np:
        return "sp"
    try:
        # Only NXDOMAIN is "does not exist" (RFC 9989 §3.2.13, A.4). Asked for the alias itself, because NXDOMAIN at the end of an alias is
        # about its target, and a name that is an alias exists.
        exists = resolver.lookup(author_domain, "CNAME") is not None
    except ObservationError as error:
        return Unknown(str(error))
    return "sp" if exists else "np"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Whether an authenticated domain is aligned with the author domain, and the walk that it took; None where none was needed."""

    identifier: DomainName
    mode: Alignment
    aligned: bool | Unknown
    walk: Walk | None = None


def compare(
    identifier: DomainName, mode: Alignment, discovery: Discovery, resolver: Resolver
) -> Comparison:
    """Tell whether `identifier` is aligned with the author domain (RFC 9989 §4.4, §4.10.2)."""
    if identifier == discovery.author_domain:
        return Comparison(
            identifier, mode, aligned=True
        )  # in both modes, and no organizational domain is needed
    if mode is Alignment.STRICT:
        return Comparison(identifier, mode, aligned=False)
    aligned, walked = same_organization(discovery.walk, identifier, resolver)
    return Comparison(identifier, mode, aligned, walked)


def same_organization(
    walked: Walk, other: DomainName, resolver: Resolver
) -> tuple[bool | Unknown, Walk | None]:
    """Tell whether the start of a walk and `other` have one organizational domain (RFC 9989 §4.10.2); also the walk from `other`.

    An organizational domain is the name that a walk starts from or one above it. So DNS is not asked about a name for which the first
    walk rules that out, and an error there leaves nothing unknown.
    """
    if other == walked.start:
        return True, None
    ours = walked.organizational_domain
    if not (
        _shares_top(walked.start, other)
        if isinstance(ours, Unknown)
        else is_at_or_below(other, ours)
    ):
        return False, None
    second = walk(other, resolver)
    theirs = second.organizational_domain
    if not isinstance(ours, Unknown) and not isinstance(theirs, Unknown):
        return ours == theirs, second
    if (
        isinstance(ours, Unknown)
        and not isinstance(theirs, Unknown)
        and not is_at_or_below(walked.start, theirs)
    ):
        return False, second
    if _end_alike(walked, second):
        return True, second
    return next(each for each in (ours, theirs) if isinstance(each, Unknown)), second


def _end_alike(one: Walk, other: Walk) -> bool:
    """Tell whether two walks broke off at the same name, above one record that both found: whatever is up there, it decides for both."""
    if (
        one.broken is None
        or other.broken is None
        or not one.steps
        or not other.steps
        or one.steps[-1].domain != other.steps[-1].domain
    ):
        return False
    last = [
        next((step.domain for step in reversed(each.steps) if step.received is not None), None)
        for each in (one, other)
    ]
    return last[0] is not None and last[0] == last[1]


def _shares_top(name: DomainName, other: DomainName) -> bool:
    return name.rpartition(".")[2] == other.rpartition(".")[2]
