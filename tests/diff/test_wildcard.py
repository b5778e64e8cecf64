"""Which names lose a wildcard's answer when a record is published at or below them (RFC 4592)."""

from __future__ import annotations

import pytest

from mailauth_dns.diff.wildcard import Wildcards
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRset, Zone

SETS = [
    ("example.com", "SOA", "ns1.example.net. h.example.net. 1 2 3 4 5"),
    ("*.example.com", "MX", "10 mx.example.com."),
    ("*.example.com", "TXT", "a wildcard's text"),
    ("www.example.com", "A", "192.0.2.1"),
    ("a.deep.example.com", "A", "192.0.2.1"),
    ("*.only-text.example.com", "TXT", "nothing that a host is found by"),
]
ZONE = Zone(
    DomainName("example.com"),
    frozenset(RRset(DomainName(name), type, 60, frozenset({value})) for name, type, value in SETS),
)

SHADOWED = "news.example.com then exists, and no longer gets MX from *.example.com"
CASES = {
    "news.example.com": SHADOWED,
    # An empty non-terminal exists too (RFC 4592 §2.2.2).
    "_dmarc.news.example.com": SHADOWED,
    "s1._domainkey.x.news.example.com": SHADOWED,
    # A name that exists got nothing from the wildcard before.
    "example.com": None,
    "www.example.com": None,
    "_dmarc.www.example.com": None,
    "deep.example.com": None,
    "new.deep.example.com": None,
    # No hosts.
    "_dmarc.example.com": None,
    "s1._domainkey.example.com": None,
    "*._domainkey.example.com": None,
    "new.only-text.example.com": None,
}


@pytest.mark.parametrize("name", CASES)
def test_what_a_new_name_takes_from_hosts(name: str) -> None:
    shadowed = Wildcards(ZONE).shadowed(DomainName(name))
    assert (str(shadowed) if shadowed is not None else None) == CASES[name]


def test_without_wildcards_nothing_is_shadowed() -> None:
    zone = Zone(
        ZONE.origin, frozenset(rrset for rrset in ZONE.rrsets if not rrset.name.startswith("*"))
    )
    assert Wildcards(zone).shadowed(DomainName("news.example.com")) is None
