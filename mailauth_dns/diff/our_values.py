"""Which values of a set decide, and which SPF records are parts of another."""

from __future__ import annotations

from mailauth_dns.compile.publication import Declared
from mailauth_dns.records.family import Family
from mailauth_dns.records.ownership import ours
from mailauth_dns.records.zone import RRset


def decisive(rrset: RRset, entry: Declared) -> frozenset[str]:
    """Return the values that decide whether a declaration holds.

    These are ours. Beside a null MX, and at a sender's return path, they are those of others as
    well: neither does its work beside another (RFC 7505 §3, RFC 7208 §4.5).
    """
    if entry.family in (Family.NULL_MX, Family.RETURN_PATH) and entry.values:
        return rrset.values
    if entry.is_return_path and entry.values:
        return ours(rrset, entry.family)
    return ours(rrset, entry.family, entry.sender_values)


def is_part_of_spf(entry: Declared) -> bool:
    """Tell whether this is a part that a domain's SPF record includes, not that record itself."""
    return entry.family is Family.SPF and entry.key[0] != entry.domain and not entry.is_return_path
