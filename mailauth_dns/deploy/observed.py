"""The questions that plan and verify ask live DNS.

`live.observe` takes time to load, so it is imported only when DNS is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from mailauth_dns.compile.publication import Publication
from mailauth_dns.deploy import live_state
from mailauth_dns.evaluate.observation import Observation, ServerView
from mailauth_dns.plan import spf_part_timing
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey, Zone
from mailauth_dns.spread.spread import Spread

Observations = Mapping[DomainName, Observation]


def declared(publications: Iterable[Publication], spread: Spread | None = None) -> Observations:
    """Ask the authoritative servers for everything that is declared.

    With `spread`, several machines ask.
    """
    return _observe(((each, live_state.keys_to_ask(each, None)) for each in publications), spread)


def ready_parts(publications: Iterable[Publication], now: datetime) -> Observations:
    """Ask for the SPF parts that every server had before, since they must still be there."""
    asked = []
    for publication in publications:
        parts = spf_part_timing.parts_of(publication)
        keys = frozenset(part.key for part in parts if part.ready and part.ready <= now)
        if keys:
            asked.append((publication, keys))
    return _observe(asked)


def beside_providers(
    read: Iterable[tuple[Publication, Zone]], known: Observations
) -> dict[DomainName, Observation]:
    """Ask for what is declared, and for foreign sets of the zones that were `read`.

    Foreign sets show whose servers answer. What is `known` is not asked again.
    """
    publications: dict[DomainName, Publication] = {}
    keys: dict[DomainName, frozenset[RRKey]] = {}
    for publication, zone in read:
        origin = publication.origin
        publications[origin] = publication
        keys[origin] = keys.get(origin, frozenset()) | live_state.keys_to_ask(publication, zone)
    for origin in keys.keys() & known.keys():
        keys[origin] -= {key for view in known[origin].servers for key in view.sets}
    found = _observe((publications[origin], asked) for origin, asked in keys.items())
    return {origin: _joined(known.get(origin), each) for origin, each in found.items()}


def _observe(
    asked: Iterable[tuple[Publication, frozenset[RRKey]]], spread: Spread | None = None
) -> dict[DomainName, Observation]:
    wanted = [(each.origin, keys, each.nameservers) for each, keys in asked]
    if not wanted:
        return {}
    from mailauth_dns.live.observe import Wanted
    from mailauth_dns.live.spread_observation import observe_spread

    return observe_spread([Wanted(*each) for each in wanted], spread)


def _joined(earlier: Observation | None, later: Observation) -> Observation:
    """Return both as one. A server that only one of them found is unknown for the rest."""
    if earlier is None:
        return later
    before = {view.server: view.sets for view in earlier.servers}
    views = (
        ServerView(view.server, {**before.get(view.server, {}), **view.sets})
        for view in later.servers
    )
    return replace(later, servers=tuple(views))
