"""Words that several steps share: domains on a command line, times, how many."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from mailauth_dns.guide.situation import Here, Situation
from mailauth_dns.keys.times import span

MAX_NAMED = 20  # domains on a command line; for more, the command is for all


def named(here: Here, group: Sequence[Situation]) -> tuple[str, ...]:
    """Return the arguments that limit a command to these domains; none where it is for all."""
    if len(group) > MAX_NAMED or len(group) == here.policies:
        return ()
    return tuple(each.domain for each in group)


def told(group: Sequence[Situation]) -> str:
    """Return the domains in a few words.

    They are all of the same case.
    """
    first, *more = group
    if not more:
        return first.domain
    return f"{first.domain} and {more[0].domain if len(more) == 1 else f'{len(more)} more domains'}"


def others(group: Sequence[Situation], what: str) -> tuple[str, ...]:
    """Return the remark that more domains need the same, one after the other."""
    if len(group) < 2:
        return ()
    return (f"{what} for {told(group[1:])} too",)


def many(number: int, noun: str) -> str:
    """Return a number with its noun.

    >>> many(1, "file"), many(2, "file")
    ('1 file', '2 files')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"


def clock(at: datetime, now: datetime) -> str:
    """Return a time as people say it: the time of day, and the day where it is another.

    >>> from datetime import UTC
    >>> now = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
    >>> clock(now + timedelta(minutes=5), now), clock(now + timedelta(days=7), now)
    ('12:05 UTC', '2026-06-08 12:00 UTC')
    """
    whole = rounded(at)
    return f"{whole:%H:%M} UTC" if whole.date() == now.date() else f"{whole:%Y-%m-%d %H:%M} UTC"


def left(at: datetime, now: datetime) -> str:
    """Return how long it is until a time, in whole minutes, hours or days.

    >>> from datetime import UTC
    >>> now = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
    >>> [left(now + timedelta(minutes=each), now) for each in (1, 90, 5 * 60, 9000)]
    ['1 minute', '90 minutes', '5 hours', '7 days']
    """
    time = rounded(at) - now
    size = 60 if time <= timedelta(hours=2) else 3600 if time <= timedelta(days=2) else 86400
    units = max(1, -int(-time.total_seconds() // size))
    return span(timedelta(seconds=units * size))


def minutes(wait: timedelta) -> str:
    """Return a time for `--wait`, with a minute to spare.

    >>> minutes(timedelta(seconds=301))
    '7m'
    """
    return f"{-int(-wait.total_seconds() // 60) + 1}m"


def rounded(at: datetime) -> datetime:
    """Return a time rounded up to the minute: a command that is run then is not too early."""
    whole = at.replace(second=0, microsecond=0)
    return whole if whole == at else whole + timedelta(minutes=1)
