"""Entries of a lock that prove themselves: one record that lists the addresses."""

from __future__ import annotations

from datetime import date

from mailauth_dns.policy.spf_lock import LockedName
from mailauth_dns.records import spf, spf_term
from mailauth_dns.records.addresses import Addresses
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.spf_parts import terms_of


def locked_name(name: DomainName, addresses: Addresses) -> LockedName:
    text = " ".join([spf.VERSION, *terms_of(spf_term.Qualifier.PASS, addresses), "-all"])
    return LockedName(addresses, ((name, text),), date(2026, 6, 1))
