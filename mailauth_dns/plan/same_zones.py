"""The zones of a plan, each distinct one held once (alike.py), and found by their places."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

from mailauth_dns.plan.alike import Alike
from mailauth_dns.plan.plan import Where, ZoneEntry


def zones_alike(zones: Iterable[ZoneEntry]) -> Alike[ZoneEntry]:
    """Return zones of a plan as a sequence that holds once what is the same in many."""
    return zones if isinstance(zones, Alike) else Alike(_kind, zones)


def _kind(zone: ZoneEntry) -> Hashable:
    """Return what zones that are alike have in common: they come from the same policy."""
    return zone.provider, zone.digests.policy, len(zone.changes)


def places(zones: Sequence[ZoneEntry]) -> Iterator[Where]:
    """Yield the places of zones."""
    if isinstance(zones, Alike):
        return ((name, first.value.provider) for name, first in zones.rows())
    return (zone.where for zone in zones)


class ZonesByPlace(Mapping[Where, ZoneEntry]):
    """The zones of a plan by their places."""

    def __init__(self, zones: Sequence[ZoneEntry]) -> None:
        """Index them."""
        self.in_order = zones
        self._index = {where: at for at, where in enumerate(places(zones))}

    def some(self, wanted: Iterable[Where]) -> Sequence[ZoneEntry]:
        """Return the zones at these places, without those that are not in the plan."""
        found = [self._index[where] for where in wanted if where in self._index]
        if isinstance(self.in_order, Alike):
            return self.in_order.at(found)
        return [self.in_order[at] for at in found]

    def like(self, where: Where) -> ZoneEntry:
        """Return a zone, perhaps with the name of another one that is the same."""
        at = self._index[where]
        if isinstance(self.in_order, Alike):
            value: ZoneEntry = self.in_order.first(at).value
            return value
        return self.in_order[at]

    def __getitem__(self, where: Where) -> ZoneEntry:
        return self.in_order[self._index[where]]

    def __iter__(self) -> Iterator[Where]:
        return iter(self._index)

    def __len__(self) -> int:
        return len(self._index)

    def __contains__(self, where: object) -> bool:
        return where in self._index
