"""Which values of a set are ours: those of the family that a policy declares there."""

from __future__ import annotations

from mailauth_dns.compile.publication import Declared
from mailauth_dns.records.family import Family, family
from mailauth_dns.records.zone import RRset


def ours(rrset: RRset, owned: Family) -> frozenset[str]:
    """Return the values of a set that belong to the declared family."""
    return frozenset(
        value for value in rrset.values if family(rrset.name, rrset.type, value) is owned
    )


def decisive(rrset: RRset, entry: Declared) -> frozenset[str]:
    """Return the values that decide whether a declaration holds.

    These are ours, and beside a null MX every other MX as well (RFC 7505 §3).
    """
    if entry.family is Family.NULL_MX and entry.values:
        return rrset.values
    return ours(rrset, entry.family)


def is_part_of_spf(entry: Declared) -> bool:
    """Tell whether this is a part that a domain's SPF record includes, not that record itself."""
    return entry.family is Family.SPF and entry.key[0] != entry.domain
