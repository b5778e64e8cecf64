"""Which other names a record leads to, and whether a zone holds what is looked for there.

An SPF record leads to what it includes or redirects to, the alias of a DKIM selector to its target.
"""

from __future__ import annotations

from collections.abc import Iterable

from mailauth_dns.evaluate.zone_answers import alias_target
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.ownership import ours
from mailauth_dns.records.spf_parts import referred
from mailauth_dns.records.zone import RRKey, Zone

FAMILIES = (Family.SPF, Family.DKIM)  # those of which a record leads to others of its family


def leads_to(family: str, type: str, values: Iterable[str]) -> frozenset[str]:
    """Return the names at which values of a set make receivers look for records of the family."""
    if family == Family.SPF:
        return referred(values)
    if family == Family.DKIM and type == "CNAME":
        return frozenset(map(alias_target, values))
    return frozenset()


def keys_at(family: Family, name: DomainName) -> tuple[RRKey, ...]:
    """Return the sets in which a record of the family may stand at a name."""
    return ((name, "TXT"), (name, "CNAME")) if family is Family.DKIM else ((name, "TXT"),)


def held_values(zone: Zone, key: RRKey, family: Family) -> frozenset[str]:
    """Return the values of the family that a zone holds in a set."""
    there = zone.get(key)
    return ours(there, family) if there is not None else frozenset()


def holds(zone: Zone, family: Family, name: DomainName) -> bool:
    """Tell whether a zone holds a record of the family at a name."""
    return any(held_values(zone, key, family) for key in keys_at(family, name))
