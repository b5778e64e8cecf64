"""Remedies that several rules give. Each is safe to follow as it stands: it makes no second record and loses no sender."""

from __future__ import annotations

from mailauth_dns.errors import ObservationError
from mailauth_dns.lint.subject import Subject
from mailauth_dns.records.family import NULL_MX, Family

PUBLISH = "publish what the policy says: plan, apply"


UNPARK = "take `parked` out of the policy if the domain takes mail, otherwise delete its MX; then plan, apply"


def park(subject: Subject) -> str:
    """Return how a parked domain gets what it lacks: while it has an MX, nothing of it is published."""
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
    """Return how what servers hold is put right: through the policy, which must say something of it first."""
    if _declares(subject, family):
        return PUBLISH
    return f"say in {family.value} what it shall be (`import` drafts it), then plan, apply"


def take_away(subject: Subject, family: Family) -> str:
    """Return what to do with a text that is no record to its readers: mended, it could be a second one, which is worse than none."""
    if _declares(subject, family):
        return "take it away; what it says and is still wanted belongs into the policy, whose record is the only one"
    return f"say in {family.value} what is wanted of it, then plan, apply; then take this one away"
