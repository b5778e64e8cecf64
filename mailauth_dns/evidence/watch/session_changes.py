"""What is new in how TLS sessions with a domain's exchangers fail (RFC 8460)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date

from mailauth_dns.evidence.figures import reaches, share
from mailauth_dns.evidence.tls.sessions import FailedAlike, Sessions, alike
from mailauth_dns.evidence.watch.change import BASE, WEEK, Change, ChangeKind, Days

_FAILED = 10  # sessions
_RARE = 99  # percent that do not fail so
_SOME = 20  # sessions before: fewer are no history


def session_changes(sessions: Collection[Sessions], day: date) -> Iterator[Change]:
    """Yield the failures that one session in a hundred has now, and had not before."""
    days = Days.until(day)
    week, base = (
        [each for each in sessions if each.day in part] for part in (days.week, days.base)
    )
    now, before = (sum(each.total for each in part) for part in (week, base))
    if before < _SOME:
        return
    earlier = {(each.exchanger, each.reason): each.sessions for each in alike(base)}
    for failed in alike(week):
        was = earlier.get((failed.exchanger, failed.reason), 0)
        if (
            failed.sessions >= _FAILED
            and not reaches(now - failed.sessions, now, _RARE)
            and reaches(before - was, before, _RARE)
        ):
            yield _change(failed, day, (now, before, was))


def _change(failed: FailedAlike, day: date, numbers: tuple[int, int, int]) -> Change:
    now, before, was = numbers
    subject = f"{failed.reason} at {failed.exchanger}" if failed.exchanger else failed.reason
    words = (
        f"TLS sessions fail: {subject}: {failed.sessions} of {now} in {WEEK} days, "
        f"{was} of {before} in the {BASE} days before"
    )
    return Change(
        ChangeKind.SESSIONS_FAIL,
        subject,
        day,
        float(share(failed.sessions, now)),
        float(share(was, before)),
        100 - _RARE,
        words,
    )
