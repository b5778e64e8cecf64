"""What each kind of provider needs: how its zone is read as it is, and how it encodes TXT values.

The packages of octoDNS are extras. One that is not installed is not the provider at hand.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any, Protocol

from mailauth_dns.diff.change import Unwritable
from mailauth_dns.octo import txt_round_trip
from mailauth_dns.octo.listed_provider import ListedProvider
from mailauth_dns.octo.local import LocalProvider
from mailauth_dns.octo.ovh import left_out
from mailauth_dns.octo.provider_zone import Reading, from_octodns, owner
from mailauth_dns.octo.rewriting_classes import DELETE_FIRST, class_names, shared_sets
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import Zone


class Carrier(Protocol):
    """What is known about one kind of octoDNS provider."""

    def read(self, provider: Any, existing: Any) -> Reading:
        """Return what the provider holds for a zone that octoDNS has just read as `existing`."""

    def encoders(self, provider: Any) -> tuple[txt_round_trip.Encoder, ...]:
        """Return the encoders that must all agree."""

    def ttls(self, provider: Any, origin: DomainName) -> range | None:
        """Return the TTLs that the provider takes, in seconds; None where nobody knows."""

    def forget(self, provider: Any, origin: DomainName) -> None:
        """Let the provider object keep nothing of what it read for a zone."""


def local_reading(provider: LocalProvider, origin: DomainName) -> Reading | None:
    """Return what a zone's file says, or None where there is none."""
    master = provider.read_whole(origin)
    if master is None:
        return None
    # A new TTL for all of them would change what is foreign, and no TTL is right for ours.
    locked = dict.fromkeys(
        master.uneven,
        "the records of this set have different TTLs (RFC 2181 §5.2); give them one first",
    )
    return Reading(
        master.zone(), exists=True, unwritable=Unwritable(locked, provider.refusal(master))
    )


class _Local:
    def read(self, provider: Any, existing: Any) -> Reading:
        origin = owner(existing.name)
        return local_reading(provider, origin) or Reading(Zone(origin, frozenset()), exists=False)

    def encoders(self, provider: Any) -> tuple[txt_round_trip.Encoder, ...]:
        return (txt_round_trip.exact_encoder,)

    def ttls(self, provider: Any, origin: DomainName) -> range | None:
        return None

    def forget(self, provider: Any, origin: DomainName) -> None:
        """Nothing is kept."""


class _Listed:
    def read(self, provider: Any, existing: Any) -> Reading:
        reading: Reading = provider.reading(owner(existing.name))
        return reading

    def encoders(self, provider: Any) -> tuple[txt_round_trip.Encoder, ...]:
        return (txt_round_trip.exact_encoder,)

    def ttls(self, provider: Any, origin: DomainName) -> range | None:
        taken: range = provider.ttls(origin)
        return taken

    def forget(self, provider: Any, origin: DomainName) -> None:
        provider.forget(origin)


class _Bind:
    def read(self, provider: Any, existing: Any) -> Reading:
        from mailauth_dns.octo import bind

        if isinstance(provider, bind.Bind):
            return provider.reading(owner(existing.name))
        return bind.reading(bind.transfer(provider, existing.name))

    def encoders(self, provider: Any) -> tuple[txt_round_trip.Encoder, ...]:
        from mailauth_dns.octo import bind

        return (
            txt_round_trip.exact_encoder
            if isinstance(provider, bind.Bind)
            else txt_round_trip.legacy_encoder,
        )

    def ttls(self, provider: Any, origin: DomainName) -> range | None:
        return None

    def forget(self, provider: Any, origin: DomainName) -> None:
        from mailauth_dns.octo import bind

        if isinstance(provider, bind.Bind):
            provider.forget(origin)


class _PowerDns:
    """octodns-powerdns's own class, as octodns-sync uses it."""

    def read(self, provider: Any, existing: Any) -> Reading:
        from mailauth_dns.octo import powerdns

        return powerdns.fetch(provider, existing.name)

    def encoders(self, provider: Any) -> tuple[txt_round_trip.Encoder, ...]:
        from mailauth_dns.octo import powerdns

        return (powerdns.encoder(provider),)

    def ttls(self, provider: Any, origin: DomainName) -> range | None:
        return None

    def forget(self, provider: Any, origin: DomainName) -> None:
        """Nothing is kept."""


class Remembering:
    """For unknown provider classes: keeps what was read before octoDNS drops the apex NS."""

    def populate(self, zone: Any, target: bool = False, lenient: bool = False) -> Any:
        """Read the zone as the provider does; see octoDNS."""
        # The provider's own `populate`, which stands beside this class.
        exists = super().populate(zone, target=target, lenient=lenient)  # type: ignore[misc]
        # A provider may not say whether the zone exists. Where it finds nothing, the zone does not.
        self.__dict__.setdefault("_mailauth_read", {})[zone.name] = from_octodns(
            zone, bool(exists or (exists is None and zone.records))
        )
        return exists


class _Unknown:
    """A provider we know nothing about: both of octoDNS's encodings must give the same octets."""

    def read(self, provider: Any, existing: Any) -> Reading:
        remembered: Reading | None = getattr(provider, "_mailauth_read", {}).get(existing.name)
        reading = remembered or from_octodns(existing, exists=True)
        locked = dict(left_out(provider, existing.name))
        if class_names(provider) & DELETE_FIRST:
            locked = {**shared_sets(reading.zone), **locked}
        return replace(reading, unwritable=Unwritable(locked))

    def encoders(self, provider: Any) -> tuple[txt_round_trip.Encoder, ...]:
        return (txt_round_trip.legacy_encoder, txt_round_trip.modern_encoder)

    def ttls(self, provider: Any, origin: DomainName) -> range | None:
        return None

    def forget(self, provider: Any, origin: DomainName) -> None:
        getattr(provider, "_mailauth_read", {}).pop(f"{origin}.", None)


def carrier_of(provider: Any) -> Carrier:
    """Return what is known about this provider's kind."""
    if isinstance(provider, LocalProvider):
        return _Local()
    if isinstance(provider, ListedProvider):
        return _Listed()
    bind, powerdns = sys.modules.get("octodns_bind"), sys.modules.get("octodns_powerdns")
    if bind is not None and isinstance(provider, bind.AxfrPopulate):
        return _Bind()
    if powerdns is not None and isinstance(provider, powerdns.PowerDnsBaseProvider):
        return _PowerDns()
    return _Unknown()
