"""Why no report of a domain counts for a step, and when the first step may come all the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum, auto

from mailauth_dns.deploy.policy_since import Since
from mailauth_dns.evidence.evidence import MailReport
from mailauth_dns.evidence.gate.counted import is_about
from mailauth_dns.records.dmarc import Record


class Cause(Enum):
    """Why no report counts."""

    NONE_READ = auto()
    DNS_UNKNOWN = auto()  # git does not tell since when it is as it is
    SHALLOW = auto()  # git does not have all that it was
    BEFORE = auto()  # all reports are older than DNS as it is
    OTHER_POLICY = auto()  # the newer ones are of another DMARC policy
    ODD = auto()  # of a time that cannot be


@dataclass(frozen=True, slots=True)
class NothingCounts:
    """The cause, and the day of the step if reports that count come from now on.

    `earliest` is None where that day is not known, or where it has passed: reports are missing.
    """

    cause: Cause
    earliest: date | None = None


def nothing_counts(
    reports: Iterable[MailReport], record: Record | None, days: int, since: Since, today: date
) -> NothingCounts:
    """Say why none of the reports counts for a step from a record, of a gate with so many days."""
    all_ = list(reports)
    if not all_:
        return NothingCounts(Cause.NONE_READ)
    if since.day is None:
        return NothingCounts(Cause.DNS_UNKNOWN)
    newer = [each for each in all_ if since.day < each.window.first_day <= today]
    others = [each for each in newer if record is None or not is_about(each.published, record)]
    if others:
        last = max(each.window.last_day for each in others)
        return NothingCounts(Cause.OTHER_POLICY, _earliest(last, days, today))
    if any(each.window.first_day > since.day for each in all_):
        return NothingCounts(Cause.ODD)
    if since.why:
        return NothingCounts(Cause.SHALLOW)
    return NothingCounts(Cause.BEFORE, _earliest(since.day, days, today))


def _earliest(last: date, days: int, today: date) -> date | None:
    """Return the end of so many days, of which the first is the one after `last`."""
    found = last + timedelta(days=days + 1)
    return found if found > today else None
