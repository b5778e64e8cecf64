"""Which values of a set are ours: those of the family that a policy declares there."""

from __future__ import annotations

from collections.abc import Collection

from mailauth_dns.compile.publication import Declared
from mailauth_dns.records.family import Family, family
from mailauth_dns.records.name import DomainName, upwards
from mailauth_dns.records.zone import RRset


def ours(rrset: RRset, owned: Family, zones: Collection[DomainName] = ()) -> frozenset[str]:
    """Return the values of a set that belong to the declared family.

    At a sender's names these are the ones that lead to one of its `zones` or below.
    """
    if owned is Family.RETURN_PATH:
        return frozenset(value for value in rrset.values if _leads_to(value, zones))
    found = (value for value in rrset.values if family(rrset.name, rrset.type, value) is owned)
    if zones:
        return frozenset(value for value in found if _leads_to(value, zones))
    return frozenset(found)


def _leads_to(value: str, zones: Collection[DomainName]) -> bool:
    """Tell whether the target of an alias, or the host of an MX, is at or below one of `zones`."""
    target = value.rpartition(" ")[2].rstrip(".").lower()
    return any(zone in zones for zone in upwards(DomainName(target)))


def decisive(rrset: RRset, entry: Declared) -> frozenset[str]:
    """Return the values that decide whether a declaration holds.

    These are ours, and beside a null MX every other MX as well (RFC 7505 §3).
    """
    if entry.family is Family.NULL_MX and entry.values:
        return rrset.values
    return ours(rrset, entry.family, entry.zones)


def is_part_of_spf(entry: Declared) -> bool:
    """Tell whether this is a part that a domain's SPF record includes, not that record itself."""
    return entry.family is Family.SPF and entry.key[0] != entry.domain and not entry.is_return_path
