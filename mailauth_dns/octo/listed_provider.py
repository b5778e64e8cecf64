"""Providers with an HTTP API whose listing we read ourselves, and to which we send our sets alone.

The class of octoDNS logs in and asks. What it would write is more than the change: it sends the
values of others anew, in its own spelling and without their comments. Where the API has no
conditional change, what is written over is as it was read a moment before.
"""

from __future__ import annotations

import time
from typing import Any

from octodns.idna import IdnaError
from octodns.record.exception import RecordException
from octodns.zone import DuplicateRecordException

from mailauth_dns.errors import ProviderError, SetMoved
from mailauth_dns.octo.compiled_zone import relative
from mailauth_dns.octo.desired_zone import octodns_record
from mailauth_dns.octo.listed_zone import Edit, ListedSet, Listing, edit_of, moved
from mailauth_dns.octo.provider_zone import LastRead, Reading, owner
from mailauth_dns.octo.txt_round_trip import internal_text, txt_record
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRset, Zone


class ListedProvider:
    """Stands before octoDNS's class of a provider.

    octoDNS sees the sets whose types a policy can have. All others are in the `Reading`, so that
    nothing foreign can get into a plan.
    """

    SUPPORTS = frozenset({"CNAME", "MX", "TXT"})

    # Each reading asks the provider, so one object is enough for all of them.
    asks_anew = True
    # What the API writes for a zone is asked for again, and is not the zone's whole content.
    keeps_entries = True
    # The API itself refuses a write over a set that is not as it was listed.
    is_conditional = False

    def listing(self, origin: DomainName) -> Listing | None:
        """Return all that the provider lists now, or None where it does not have the zone."""
        raise NotImplementedError

    def write(self, listing: Listing, edits: list[Edit]) -> None:
        """Carry out edits of the zone that was listed."""
        raise NotImplementedError

    def ttls(self, origin: DomainName) -> range:
        """Return the TTLs that the provider takes, in seconds; this may ask it."""
        raise NotImplementedError

    def reading(self, origin: DomainName) -> Reading:
        """Return what the last listing said."""
        listing = self._listings.get(origin)
        return (
            Reading(Zone(origin, frozenset()), exists=False)
            if listing is None
            else listing.reading()
        )

    def forget(self, origin: DomainName) -> None:
        """Keep nothing of what was read for a zone but what the API wrote for the zone itself."""
        listing = self._listings.pop(origin, None)
        if listing is not None and self.keeps_entries:
            self._entries[origin] = listing.entry

    def populate(self, zone: Any, target: bool = False, lenient: bool = False) -> bool:
        """Read the zone; see octoDNS."""
        origin = owner(zone.name)
        begun = time.monotonic()
        listing = self.listing(origin)
        if listing is None:
            self._listings.pop(origin, None)
            self._entries.pop(origin, None)
            return False
        self._listings[origin] = listing
        self._last_read = LastRead.since(begun, origin)
        for each in listing.sets.values():
            if each.key[1] in self.SUPPORTS and each.items:
                self._add(zone, origin, each)
        return True

    def _add(self, zone: Any, origin: DomainName, each: ListedSet) -> None:
        """Give a set to octoDNS. One that it cannot hold is in the `Reading` all the same."""
        try:
            zone.add_record(_octodns(zone, origin, each), lenient=True)
        except (RecordException, DuplicateRecordException, IdnaError, ValueError) as error:
            self.log.warning(  # type: ignore[attr-defined] # of the class behind this one
                "%s %s is left out: octoDNS cannot hold it: %s", *each.key, type(error).__name__
            )

    def _include_change(self, change: Any) -> bool:
        # Some classes leave out changes that they cannot carry out; what is asked for is written.
        return True

    def _apply(self, plan: Any) -> None:
        """Write, if what is written over is as it was read."""
        origin = owner(plan.desired.name)
        now = self._just_listed(origin)
        if now.unwritable.zone is not None:
            raise ProviderError(f"{origin}: {now.unwritable.zone}")
        names = [owner(change.record.fqdn) for change in plan.changes]
        if keys := list(moved(self._listings[origin], now, names)):
            told = ", ".join(f"{name} {type}" for name, type in keys)
            raise SetMoved(f"{told}: changed at the provider since it was read; plan again")
        self.write(now, [edit_of(change, now) for change in plan.changes])

    def _just_listed(self, origin: DomainName) -> Listing:
        """Return the listing to write over: another one where the last may be out of date."""
        before = self._listings[origin]
        if self.is_conditional or self._last_read.is_fresh(origin):
            return before
        now = self.listing(origin)
        if now is None:
            raise ProviderError(f"{origin}: the provider has the zone no longer")
        return now

    def known(self, origin: DomainName) -> Any:
        """Return what the API wrote for the zone itself when it was last listed, or None."""
        listing = self._listings.get(origin)
        return listing.entry if listing is not None else self._entries.get(origin)

    @property
    def _entries(self) -> dict[DomainName, Any]:
        entries: dict[DomainName, Any] = self.__dict__.setdefault("_mailauth_entries", {})
        return entries

    @property
    def _listings(self) -> dict[DomainName, Listing]:
        listings: dict[DomainName, Listing] = self.__dict__.setdefault("_mailauth_listings", {})
        return listings


def _octodns(zone: Any, origin: DomainName, listed: ListedSet) -> Any:
    name, type = listed.key
    if type == "TXT":
        texts = map(internal_text, listed.values)
        return txt_record(zone, relative(name, origin), listed.ttl, texts)
    return octodns_record(
        zone, relative(name, origin), RRset(name, type, listed.ttl, listed.values)
    )
