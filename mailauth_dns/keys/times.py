"""Points in time and time spans as policies and messages write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

FIRST_TTL = 300  # seconds: until a first key may sign, everybody waits at least as long


def moment(time: datetime) -> str:
    """Return a time as policies write it, rounded up to the second: no gate opens too early."""
    whole = time.astimezone(UTC).replace(microsecond=0)
    if whole < time:
        whole += timedelta(seconds=1)
    return whole.strftime("%Y-%m-%dT%H:%M:%SZ")


def span(time: timedelta) -> str:
    """Return a time span in the largest unit that states it exactly.

    >>> span(timedelta(hours=36))
    '36 hours'
    """
    seconds = int(time.total_seconds())
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size} {unit}{'s' if seconds > size else ''}"
    return f"{seconds} second{'s' if seconds != 1 else ''}"
