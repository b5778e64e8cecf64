"""Signs in a zone that a domain has mail, which a stricter DMARC policy can hurt."""

from __future__ import annotations

from collections.abc import Iterable

from mailauth_dns.diff.equivalence import parsed
from mailauth_dns.records import dkim_received, spf, spf_term
from mailauth_dns.records.family import NULL_MX, Family, family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRset, Zone

_KEY = "._domainkey."
HAS_MX = "has an MX"
LETS_SEND = "has an SPF record that lets hosts send"


def users(zone: Zone) -> dict[DomainName, str]:
    """Return the domains that have mail as far as the zone shows, each with the sign of it.

    A delegated domain may have mail, so it counts.
    """
    found: dict[DomainName, str] = {}
    for rrset in sorted(zone.rrsets, key=lambda rrset: (rrset.type != "MX", rrset.key)):
        name, why = _user(rrset, zone.origin) or (None, "")
        if name is not None:
            found.setdefault(name, why)
    return found


def _user(rrset: RRset, origin: DomainName) -> tuple[DomainName, str] | None:
    name, type = rrset.name, rrset.type
    if _KEY in name:
        return (
            (DomainName(name.partition(_KEY)[2]), "has a DKIM key")
            if _is_key(type, rrset.values)
            else None
        )
    if name.startswith("_"):
        return None  # a label for records; nobody sends mail as such a name
    if type == "MX" and receives(rrset.values):
        return name, HAS_MX
    if type == "TXT" and lets_send(
        value for value in rrset.values if family(name, type, value) is Family.SPF
    ):
        return name, LETS_SEND
    return (name, "is delegated, and may have mail") if type == "NS" and name != origin else None


def receives(exchangers: Iterable[str]) -> bool:
    """Tell whether an MX set takes mail; a null MX does not (RFC 7505)."""
    return any(value.split() != NULL_MX.split() for value in exchangers)


def lets_send(texts: Iterable[str]) -> bool:
    """Tell whether the SPF records of one name are meant to let somebody send.

    Several records, or a broken one, let nobody pass, but their owner means them to.
    """
    records = [parsed(Family.SPF, "TXT", text) for text in texts]
    return len(records) > 1 or any(
        not isinstance(record, spf.Record) or _passes(record) for record in records
    )


def _passes(record: spf.Record) -> bool:
    for term in record.terms:
        if term.qualifier is spf_term.Qualifier.PASS:
            return True
        if isinstance(term, spf_term.All):
            return False  # receivers never reach what follows
    return record.redirect is not None


def _is_key(type: str, values: Iterable[str]) -> bool:
    return type == "CNAME" or (
        type == "TXT" and any(any(dkim_received.keys(value)) for value in values)
    )
