"""What a provider holds, as values: read before octoDNS takes anything out of it."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from typing import Any

from mailauth_dns.diff.change import WRITABLE, Unwritable
from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRset, Zone, unquoted


@dataclass(frozen=True, slots=True)
class LastRead:
    """The zone that a provider object read last, and when that began and ended."""

    origin: DomainName
    begun: float  # both by `time.monotonic`
    ended: float

    @classmethod
    def since(cls, begun: float, origin: DomainName) -> LastRead:
        """Return that this zone has just been read."""
        return cls(origin, begun, time.monotonic())

    def is_fresh(self, origin: DomainName) -> bool:
        """Tell whether another look at the zone would be no nearer to the write that follows.

        A look is out of date by the time that its answer takes, and so is one more.
        """
        return self.origin == origin and time.monotonic() - self.ended < self.ended - self.begun


@dataclass(frozen=True, slots=True)
class Reading:
    """One zone at one provider, and what must not be written there.

    `partial`: the answer is known to be only a part of the zone, so what it lacks may be there.
    """

    zone: Zone
    exists: bool
    unwritable: Unwritable = WRITABLE
    partial: bool = False

    def headed(self, *types: str) -> Reading:
        """Return this, as partial where an apex set of these types is missing.

        It is for providers that always list these sets.
        """
        reason = headless(self.zone, *types)
        if reason is None:
            return self
        return replace(self, unwritable=replace(self.unwritable, zone=reason), partial=True)


def headless(zone: Zone, *types: str) -> str | None:
    """Return why nothing may be written where an apex set of these types is missing, or None."""
    missing = [type for type in types if zone.get((zone.origin, type)) is None]
    if not missing:
        return None
    return (
        f"the provider's answer has no {' and no '.join(missing)} at {zone.origin}, "
        "so it is only a part of the zone; nothing is written"
    )


def owner(fqdn: str) -> DomainName:
    """Return an owner name in our spelling; foreign names may be odd and are never refused."""
    return DomainName(fqdn.rstrip(".").lower())


def octets(rdata: str) -> str:
    """Return the octets of a TXT value in presentation form; return any other text as it is."""
    try:
        return unquoted(rdata)
    except RecordSyntaxError:
        return rdata


def from_octodns(zone: Any, exists: bool) -> Reading:
    """Return what an octoDNS zone says, for providers whose own form we do not know."""
    return Reading(Zone(owner(zone.name), frozenset(map(rrset_of, zone.records))), exists)


def rrset_of(record: Any) -> RRset:
    """Return an octoDNS record as a set."""
    return RRset(owner(record.fqdn), record._type, record.ttl, _values(record))


def _values(record: Any) -> frozenset[str]:
    if "/" in record._type:  # a provider's own kind of record, which has no presentation form
        return frozenset({json.dumps(record.data, sort_keys=True, default=str)})
    if record._type == "TXT":
        # Not by `to_rrset`: its chunking never ends on a text with a backslash at its end that
        # is not ASCII.
        return frozenset(
            value.to_raw_text().encode("utf-8", "surrogateescape").decode("latin-1")
            for value in record.values
        )
    return frozenset(record.to_rrset().rdatas)
