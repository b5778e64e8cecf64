"""Whose a value is: ours where its family is declared, and at a sender's names that sender's alone.

At a return path, and where a sender is retired, a family is not enough: the alias of another sender
may have come to the same name. There a value is ours only if it leads to the sender, or says
nothing beyond what the sender's record says.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass
from functools import lru_cache

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records import dkim_received, spf, spf_term
from mailauth_dns.records.family import Family, family
from mailauth_dns.records.name import DomainName, upwards
from mailauth_dns.records.zone import RRset


@dataclass(frozen=True, slots=True)
class SenderValues:
    """Which values are one sender's: aliases and hosts at or below `zones`, and `texts`.

    A `*` in a zone stands for whatever a policy may answer, and then only the whole name counts. An
    alias or exchanger is the sender's as well if it leads where one of `texts` leads. A key is the
    sender's if it is the key in one of them. An SPF record is the sender's if it names nobody but
    those in one of them.
    """

    zones: tuple[DomainName, ...] = ()
    texts: tuple[str, ...] = ()

    def has(self, owned: Family, rrset: RRset, value: str) -> bool:
        """Tell whether a value of a set is the sender's."""
        if rrset.type != "TXT":
            return self._leads_there(value)
        if family(rrset.name, rrset.type, value) is not owned:
            return False
        if owned is Family.SPF:
            there = _hosts(value)
            return bool(there) and any(there <= _hosts(text) for text in self.texts)
        return any(
            dkim_received.same_key(there, key)
            for there in dkim_received.keys(value)
            for text in self.texts
            for key in dkim_received.keys(text)
        )

    def _leads_there(self, value: str) -> bool:
        """Tell whether the target of an alias, or the host of an MX, is the sender's."""
        target = _target(value)
        return (
            any(name in self.zones for name in upwards(target))
            or any(_shape(zone).fullmatch(target) for zone in self.zones if "*" in zone)
            or any(_target(text) == target for text in self.texts)
        )


def ours(rrset: RRset, owned: Family, of_sender: SenderValues | None = None) -> frozenset[str]:
    """Return the values of a set that are ours: all of the declared family, or one sender's."""
    if of_sender is not None:
        return frozenset(value for value in rrset.values if of_sender.has(owned, rrset, value))
    return frozenset(
        value for value in rrset.values if family(rrset.name, rrset.type, value) is owned
    )


def _target(value: str) -> DomainName:
    """Return where an alias leads, or the host of an MX."""
    return DomainName(value.rpartition(" ")[2].rstrip(".").lower())


@lru_cache(maxsize=1024)
def _shape(zone: DomainName) -> re.Pattern[str]:
    return re.compile(".+".join(map(re.escape, zone.lower().split("*"))))


def _hosts(text: str) -> frozenset[Hashable]:
    """Return the terms of an SPF record that name hosts; none where it is broken."""
    try:
        record = spf.parse(text)
    except RecordSyntaxError:
        return frozenset()
    named = {spf_term.folded(each) for each in record.terms if not isinstance(each, spf_term.All)}
    return frozenset(named | ({record.redirect.folded} if record.redirect is not None else set()))
