"""How long caches hold what DNS said before, in words: until then a step is too early."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from mailauth_dns.keys.times import FIRST_TTL, span


def key_wait(negative_ttl: int | None) -> timedelta:
    """Return how long a first key waits once every server has it (DKIM031)."""
    return timedelta(seconds=max(FIRST_TTL, negative_ttl or 0))


def wait_told(negative_ttl: int | None) -> str:
    """Return the wait in words, and what makes it shorter."""
    wait = span(key_wait(negative_ttl))
    if negative_ttl is None:
        return (
            f"{wait} after every name server has the key, or longer where the zone's SOA says that "
            "resolvers may remember for longer that a name does not exist"
        )
    if negative_ttl <= FIRST_TTL:
        return f"{wait} after every name server has the key"
    return (
        f"{wait} after every name server has the key, because the zone's SOA says that resolvers "
        f"may remember for {negative_ttl} s that a name does not exist; lower it to {FIRST_TTL} "
        "before you publish if your provider lets you (the last number of the SOA)"
    )


def remembered(ttl: int, negative_ttl: int | None, *, parked: bool) -> Iterator[str]:
    """Yield for how long receivers may go by the records of before, of which `ttl` is the TTL.

    Times are in seconds.
    """
    held = span(timedelta(seconds=ttl))
    if parked:
        yield (
            f"Wait {held} after step 2 first: for so long resolvers may hold the old records, and "
            "receivers refuse mail from a parked domain."
        )
    elif timedelta(seconds=ttl) > key_wait(negative_ttl):
        yield (
            f"Resolvers may hold the old records for {held} after step 2. A receiver that asked "
            "before may go by them until then."
        )
