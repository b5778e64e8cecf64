"""Whether every authoritative server says what the policy says, now or within a time."""

from __future__ import annotations

import time
from collections.abc import Container, Iterable, Mapping
from datetime import UTC, datetime

from mailauth_dns.compile.publication import Publication
from mailauth_dns.deploy import live_state, observed
from mailauth_dns.plan import spf_part_timing
from mailauth_dns.plan.plan import LiveEntry
from mailauth_dns.records.name import DomainName
from mailauth_dns.spread.spread import Spread

POLL = 1.0  # seconds between two rounds of questions


def watch(
    publications: Iterable[Publication],
    wait: float,
    waiting: Container[tuple[str, str]] = (),
    spread: Spread | None = None,
) -> Mapping[DomainName, tuple[LiveEntry, ...]]:
    """Ask until all servers agree with the policy or `wait` seconds are over; return the last rows.

    Sets that are `waiting` for a later plan, by name and type, do not prolong this. With `spread`,
    several machines ask.
    """
    until = time.monotonic() + wait
    asking = tuple(publications)
    seen: dict[DomainName, tuple[LiveEntry, ...]] = {}
    while True:
        observations = observed.declared(asking, spread)
        for publication in asking:
            observation = observations[publication.origin]
            held = spf_part_timing.held(publication, observation, datetime.now(UTC))
            seen[publication.origin] = live_state.rows(publication, None, observation, held)
        asking = tuple(
            publication for publication in asking if _may_change(seen[publication.origin], waiting)
        )
        left = until - time.monotonic()
        if not asking or left <= 0:
            return dict(sorted(seen.items()))
        time.sleep(min(POLL, left))


def _may_change(rows: Iterable[LiveEntry], waiting: Container[tuple[str, str]]) -> bool:
    return any(
        row.state != "waits" and (row.name, row.type) not in waiting for row in unsettled(rows)
    )


def unsettled(rows: Iterable[LiveEntry]) -> list[LiveEntry]:
    """Return the rows in which live DNS is not what the policy says, or is not known."""
    return [row for row in rows if row.state != "as policy"]
