"""Signed messages for tests, and the DNS that holds their keys."""

from __future__ import annotations

from mailauth_dns.evaluate.dkim_key import DkimCheck
from mailauth_dns.evaluate.dkim_verification import verified
from mailauth_dns.evaluate.message_file import read
from mailauth_dns.evaluate.resolver import ZoneResolver
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRset, zone_of
from tests.evaluate.messages import PLAIN, rsa_key

APEX = DomainName("example.com")


def world(**records: str) -> ZoneResolver:
    """Return DNS for example.com with these key records by selector."""
    keys = {
        DomainName(f"{selector}._domainkey.example.com"): text for selector, text in records.items()
    }
    return ZoneResolver(
        [
            zone_of(
                APEX, (RRset(name, "TXT", 3600, frozenset({text})) for name, text in keys.items())
            )
        ]
    )


def results(octets: bytes, resolver: ZoneResolver) -> list[tuple[str, str, str, str | None]]:
    return [
        (each.d, each.s, str(each.result), each.reason) for each in verified(read(octets), resolver)
    ]


def only(octets: bytes, resolver: ZoneResolver) -> DkimCheck:
    [result] = verified(read(octets), resolver)
    return result


SIGNED = rsa_key().sign(PLAIN)
LIMITED = rsa_key().sign(PLAIN, length=True)
GOOD = rsa_key().record
