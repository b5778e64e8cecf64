"""What must wait for what, where live DNS plays the provider's part: as in a plan of providers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from mailauth_dns.compile.publication import Publication
from mailauth_dns.deploy import beside_live, related_sets, zone_order
from mailauth_dns.deploy.beside_live import BesideLive
from mailauth_dns.deploy.zone_order import Known
from mailauth_dns.diff.change import Blocked, Difference, Hold
from mailauth_dns.diff.joint_changes import together
from mailauth_dns.plan.plan import LIVE_DNS, Where
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey

Differences = Mapping[DomainName, Difference]


def in_order(
    found: Sequence[BesideLive], declared: Iterable[Publication], now: datetime
) -> Differences:
    """Return, by zone, what may change and what is blocked, also by other zones.

    What is unknown is blocked. `declared` is all that the repo declares: DNS is asked about zones
    in it that the changes of `found` have to do with.
    """
    # To receivers a zone is one, wherever its providers are.
    everywhere = {each.origin: replace(each, providers=(LIVE_DNS,)) for each in declared}
    differences: dict[DomainName, Difference] = {
        each.publication.origin: _without(each.difference, {}, (*each.blocked_if_unknown,))
        for each in found
    }
    seen = {each.publication.origin: each for each in found}
    while True:
        states: dict[Where, Known | None] = {
            (origin, LIVE_DNS): _known(each, differences.get(origin))
            for origin, each in seen.items()
        }
        related = related_sets.related(zone_order.changes_of(states), everywhere.values())
        unseen = sorted(related.far - states.keys())
        if unseen:
            for each in beside_live.look([everywhere[DomainName(zone)] for zone, _ in unseen], now):
                seen[each.publication.origin] = each
            continue
        held = zone_order.held_back(states, related)
        if not held:
            return differences
        for (zone, _), holds in held.items():
            origin = DomainName(zone)
            differences[origin] = _without(differences[origin], holds)


def _known(found: BesideLive, planned: Difference | None) -> Known | None:
    """Return what is known of a zone; None if DNS tells nothing of it."""
    if beside_live.is_silent(found):
        return None
    dark = frozenset(entry.key for entry, _ in found.unknown)
    return Known(found.zone, planned or Difference((), (), ()), dark)


def _without(
    difference: Difference, held: Mapping[RRKey, Hold], more: Iterable[Blocked] = ()
) -> Difference:
    """Return a difference without the changes that are held, and those that go with them."""
    back = [
        Blocked(each.domain, each.key, each.family, held[each.key].reason, held[each.key].waits)
        for each in difference.changes
        if each.key in held
    ]
    changes = [each for each in difference.changes if each.key not in held]
    changes, blocked = together(changes, (*difference.blocked, *more, *back))
    return replace(difference, changes=tuple(changes), blocked=tuple(blocked))
