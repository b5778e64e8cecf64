"""A zone before and after its publication.

The meaning of some changes depends on more than their own set.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from mailauth_dns.compile.publication import Publication
from mailauth_dns.diff.mail_use import HAS_MX, LETS_SEND, lets_send, receives, users
from mailauth_dns.errors import ObservationError
from mailauth_dns.evaluate.dmarc_walk import walk
from mailauth_dns.evaluate.resolver import Resolver, Values, ZoneResolver
from mailauth_dns.records import dmarc
from mailauth_dns.records.family import Family, family
from mailauth_dns.records.name import DomainName, is_at_or_below
from mailauth_dns.records.ownership import ours
from mailauth_dns.records.zone import RRset, Zone, zone_of

_DMARC = f"{dmarc.LABEL}."


class Sides:
    """What receivers find in a zone before and after, and which domains in it have mail.

    Each is computed when it is first needed.
    """

    def __init__(self, zone: Zone, publication: Publication) -> None:
        self._zone = zone
        self._publication = publication
        self._in_use: dict[DomainName, str | None] = {}

    @cached_property
    def before(self) -> Resolver:
        """The zone as it is."""
        return ZoneResolver([self._zone], elsewhere=_Outside(self._zone.origin))

    @cached_property
    def after(self) -> Resolver:
        """The zone with all that is declared; foreign values stay as they are."""
        sets = {rrset.key: rrset for rrset in self._zone.rrsets}
        for entry in self._publication.declared:
            there = sets.pop(entry.key, None)
            foreign = (
                there.values - ours(there, entry.family, entry.sender_values)
                if there is not None
                else frozenset[str]()
            )
            if values := entry.values | foreign:
                sets[entry.key] = RRset(*entry.key, entry.ttl, values)
        return ZoneResolver(
            [zone_of(self._zone.origin, sets.values())], elsewhere=_Outside(self._zone.origin)
        )

    def is_host(self, name: DomainName) -> bool:
        """Tell whether a name has an address of its own, and so takes mail without an MX."""
        return any(self._zone.get((name, type)) is not None for type in ("A", "AAAA"))

    def in_use(self, domain: DomainName) -> str | None:
        """Return in words what shows that a domain has mail; None where nothing does.

        Unknown counts as in use. A domain is parked if it takes no mail and its SPF record will let
        nobody send.
        """
        if domain not in self._in_use:
            self._in_use[domain] = self._sign_of_use(domain)
        return self._in_use[domain]

    def _sign_of_use(self, domain: DomainName) -> str | None:
        try:
            if any(receives(side.lookup(domain, "MX") or ()) for side in (self.before, self.after)):
                return f"{domain} {HAS_MX}"
            was, will = (_spf(side, domain) for side in (self.before, self.after))
        except ObservationError as error:
            return f"whether {domain} has mail is unknown ({error})"
        if will and not lets_send(will):
            return None
        return f"{domain} {LETS_SEND}" if lets_send(was) else self._told(domain)

    def shows_mail(self, domain: DomainName) -> str | None:
        """Return the same, where what is there now counts too.

        An SPF record that will let nobody pass takes no key away, and ends no sender.
        """
        return self.in_use(domain) or self._told(domain)

    def subdomain_in_use(self, domain: DomainName) -> str | None:
        """Return the same for the names below `domain` that have no DMARC record of their own."""
        for name in self._users:
            if name.endswith(f".{domain}") and walk(name, self.before).at(name) is None:
                return self._told(name)
        return None

    @cached_property
    def _users(self) -> Mapping[DomainName, str]:
        # Mail comes back to a sender's return path, and nobody writes from there.
        paths = {
            entry.key
            for entry in self._publication.declared
            if entry.family is Family.RETURN_PATH or entry.is_return_path
        }
        if not paths:
            return users(self._zone)
        sets = (rrset for rrset in self._zone.rrsets if rrset.key not in paths)
        return users(zone_of(self._zone.origin, sets))

    def _told(self, name: DomainName) -> str | None:
        return f"{name} {self._users[name]}" if name in self._users else None


def _spf(side: Resolver, domain: DomainName) -> list[str]:
    return [
        value
        for value in side.lookup(domain, "TXT") or ()
        if family(domain, "TXT", value) is Family.SPF
    ]


class _Outside:
    """The world outside the zone: the tree walk finds no record there, all else is unknown.

    A zone does not show what lies above it. To assume that nothing does is careful: if the domain
    really inherits a policy, a change only looks bigger than it is.
    """

    def __init__(self, origin: DomainName) -> None:
        self._origin = origin

    def lookup(self, name: DomainName, rrtype: str) -> Values:
        if name.startswith(_DMARC) and is_at_or_below(
            self._origin, DomainName(name.removeprefix(_DMARC))
        ):
            return None
        raise ObservationError(f"{name} {rrtype}: is not in the zone {self._origin}")
