"""Remedies that several rules give. Each is safe: it makes no second record and loses no sender."""

from __future__ import annotations

from mailauth_dns.errors import ObservationError
from mailauth_dns.lint.subject import Subject
from mailauth_dns.records.family import NULL_MX, Family

PUBLISH = "publish what the policy says: plan, apply"
UNPARK = (
    "take `parked` out of the policy if the domain takes mail, otherwise delete its MX; "
    "then plan, apply"
)


def park(subject: Subject) -> str:
    """Return how a parked domain gets what it lacks: while it has an MX, plan publishes nothing."""
    try:
        values = (
            subject.resolver.lookup(subject.domain, "MX") if subject.resolver is not None else None
        )
    except ObservationError:
        values = None
    return UNPARK if set(values or ()) - {NULL_MX} else PUBLISH


def _declares(subject: Subject, family: Family) -> bool:
    return any(entry.family is family and entry.values for entry in subject.declared)


def publish(subject: Subject, family: Family) -> str:
    """Return how to correct what servers hold: through the policy, which must declare it first."""
    if _declares(subject, family):
        return PUBLISH
    return f"write in {family.value} what it is to be (`import` drafts it), then plan, apply"


def take_away(subject: Subject, family: Family) -> str:
    """Return what to do with a text that receivers do not take for a record.

    Corrected, it could become a second record, which is worse than none.
    """
    if _declares(subject, family):
        return (
            "delete it; put what is still wanted of it into the policy, whose record is the only "
            "one"
        )
    return f"write in {family.value} what is wanted of it, then plan, apply; then delete this one"
