"""The DNS tree walk of DMARC, and the organizational domains that it finds (RFC 9989 §4.10).

No list of public suffixes is used: the records themselves decide what an organizational domain is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mailauth_dns.errors import ObservationError
from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.evaluate.resolver import Resolver, Values
from mailauth_dns.records import dmarc
from mailauth_dns.records.dmarc import PublicSuffix
from mailauth_dns.records.dmarc_received import Received, receive
from mailauth_dns.records.name import MAX_NAME, DomainName, is_at_or_below

# Queries of one walk: the name itself, then the names of 7 labels down to 1 (RFC 9989 §4.10).
_MAX_QUERIES = 8


@dataclass(frozen=True, slots=True)
class Step:
    """One query of a walk: the domain asked for, and its record."""

    domain: DomainName
    received: Received | None  # None also for several records, which count as none
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
    """A DNS tree walk (RFC 9989 §4.10): its queries in order.

    `broken` says why it ended early: DNS did not answer the next query.
    """

    start: DomainName
    steps: tuple[Step, ...]
    broken: Unknown | None = None

    @property
    def organizational_domain(self) -> DomainName | Unknown:
        """The organizational domain of the start (RFC 9989 §4.10.2)."""
        if self.broken is not None:
            return self.broken  # the name that did not answer may hold the record that decides
        found = [step for step in self.steps if step.received is not None]
        for step in found:
            if step.psd is PublicSuffix.NO:
                return step.domain
            if step.psd is PublicSuffix.YES and step.domain != self.start:
                return _child(step.domain, self.start)
        return found[-1].domain if found else self.start  # the last one has the fewest labels

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
            # RFC 9989 §4.10.1 leaves errors to the receiver. To walk on would treat an unknown
            # record as absent.
            return Walk(start, tuple(steps), Unknown(str(error)))
        steps.append(step)
        if step.psd is not PublicSuffix.UNKNOWN:
            break
    return Walk(start, tuple(steps))


def _targets(start: DomainName) -> list[DomainName]:
    labels = start.split(".")
    shorter = range(max(1, len(labels) - (_MAX_QUERIES - 1)), len(labels))
    return [start, *(DomainName(".".join(labels[at:])) for at in shorter)]


def passed_over(start: DomainName) -> tuple[DomainName, ...]:
    """Return the names above `start` that a walk skips because they have too many labels."""
    labels = start.split(".")
    return tuple(
        DomainName(".".join(labels[at:])) for at in range(1, len(labels) - _MAX_QUERIES + 1)
    )


def _step(domain: DomainName, resolver: Resolver) -> Step:
    name = dmarc.owner_name(domain)
    # A name too long for DNS cannot be asked, and nothing can be there.
    values = (resolver.lookup(name, "TXT") or ()) if len(name) <= MAX_NAME else ()
    found = [received for value in values if (received := receive(value)) is not None]
    # Disputed: some receivers stop where there are several. RFC 9989 §4.10 step 2 drops them all
    # and walks on.
    return Step(domain, found[0] if len(found) == 1 else None, len(found))


def _child(parent: DomainName, descendant: DomainName) -> DomainName:
    """Return the name one label below `parent` on the way to `descendant`."""
    return DomainName(".".join(descendant.split(".")[-parent.count(".") - 2 :]))


def same_organization(
    walked: Walk, other: DomainName, resolver: Resolver
) -> tuple[bool | Unknown, Walk | None]:
    """Tell whether the start of a walk and `other` have one organizational domain.

    The second value is the walk from `other` (RFC 9989 §4.10.2).

    An organizational domain is the start of a walk or a name above it. So where the first walk
    rules `other` out, DNS is not asked about it, and an error there leaves nothing unknown.
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
    """Tell whether two walks broke off at one name, above a record that both found.

    Whatever the names above hold decides for both.
    """
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


@dataclass(frozen=True, slots=True)
class DmarcAlone:
    """A resolver that knows the DMARC records of these domains and nothing else."""

    texts: Mapping[DomainName, str]

    def lookup(self, name: DomainName, rrtype: str) -> Values:
        """Return the record at a name."""
        prefix, _, domain = name.partition(".")
        found = (
            self.texts.get(DomainName(domain)) if (prefix, rrtype) == (dmarc.LABEL, "TXT") else None
        )
        return None if found is None else (found,)
