"""Whether every authoritative server says what the policy says, now or within a time."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

from mailauth_dns.compile import Publication
from mailauth_dns.deploy import beside
from mailauth_dns.deploy.planfile import LiveEntry
from mailauth_dns.deploy.planning import observe_publications
from mailauth_dns.records.name import DomainName

POLL = 1.0  # seconds between two rounds of questions


def watch(publications: Iterable[Publication], wait: float) -> Mapping[DomainName, tuple[LiveEntry, ...]]:
    """Ask until all servers agree with the policy or `wait` seconds are over; return each zone's rows as they were seen last."""
    until = time.monotonic() + wait
    waiting = tuple(publications)
    seen: dict[DomainName, tuple[LiveEntry, ...]] = {}
    while True:
        observations = observe_publications(waiting)
        for publication in waiting:
            seen[publication.origin] = beside.rows(publication, None, observations[publication.origin])
        waiting = tuple(publication for publication in waiting if unsettled(seen[publication.origin]))
        left = until - time.monotonic()
        if not waiting or left <= 0:
            return dict(sorted(seen.items()))
        time.sleep(min(POLL, left))


def unsettled(rows: Iterable[LiveEntry]) -> list[LiveEntry]:
    """Return the rows in which live DNS is not what the policy says, or is not known."""
    return [row for row in rows if row.state != "as policy"]
