"""Observations of many zones, asked from several machines."""

from __future__ import annotations

from collections.abc import Sequence

from mailauth_dns.evaluate.observation import Observation
from mailauth_dns.live.observe import Wanted, observe
from mailauth_dns.records.name import DomainName
from mailauth_dns.spread.spread import Spread

ZONES = 500  # of a part: all of them are asked together


def observe_spread(
    wanted: Sequence[Wanted], spread: Spread | None
) -> dict[DomainName, Observation]:
    """Return what the authoritative servers of each zone say, as `observe` does.

    Without `spread`, this process asks for all of it. Else each machine asks from where it stands,
    and a server has the window of questions of each.
    """
    if spread is None:
        return observe(wanted)
    parts = (wanted[start : start + ZONES] for start in range(0, len(wanted), ZONES))
    return {zone: seen for part in spread.each(observe, parts) for zone, seen in part.items()}
