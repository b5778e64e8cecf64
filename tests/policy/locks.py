"""Locks, and entries that prove themselves: one record that lists the addresses."""

from __future__ import annotations

from datetime import UTC, date, datetime
from ipaddress import IPv4Network, IPv6Network

from mailauth_dns.policy.spf_lock import Lock, LockedName, LockedPart
from mailauth_dns.records import spf, spf_term
from mailauth_dns.records.addresses import Addresses, addresses_of
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.spf_parts import part_name, terms_of

NAME, DOMAIN, TEXT = (
    DomainName("_spf.example.net"),
    DomainName("example.com"),
    "v=spf1 ip4:192.0.2.0/24",
)
PART = part_name(TEXT, DOMAIN)
LOCK = Lock(
    {
        NAME: LockedName(
            addresses_of(
                [
                    IPv4Network("192.0.2.0/24"),
                    IPv4Network("198.51.100.0/28"),
                    IPv6Network("2001:db8::/32"),
                ]
            ),
            ((NAME, f"{TEXT} a:mx.example.net/28//32 -all"),),
            date(2026, 6, 1),
            (
                ("mx.example.net A", ("198.51.100.7", "198.51.100.8")),
                ("mx.example.net AAAA", ("2001:db8::7",)),
            ),
        )
    },
    {DOMAIN: {PART: LockedPart(TEXT, datetime(2026, 6, 2, 12, tzinfo=UTC), absent=True)}},
)
WRITTEN = f"""\
{{
 "format": 1,
 "names": {{
  "_spf.example.net": {{
   "since": "2026-06-01",
   "networks": [
    "192.0.2.0/24",
    "198.51.100.0/28",
    "2001:db8::/32"
   ],
   "records": {{
    "_spf.example.net": "v=spf1 ip4:192.0.2.0/24 a:mx.example.net/28//32 -all"
   }},
   "hosts": {{
    "mx.example.net A": [
     "198.51.100.7",
     "198.51.100.8"
    ],
    "mx.example.net AAAA": [
     "2001:db8::7"
    ]
   }}
  }}
 }},
 "parts": {{
  "example.com": {{
   "{PART}": {{
    "record": "v=spf1 ip4:192.0.2.0/24",
    "unused_since": "2026-06-02T12:00:00+00:00",
    "absent": true
   }}
  }}
 }}
}}
"""


def locked_name(name: DomainName, addresses: Addresses) -> LockedName:
    text = " ".join([spf.VERSION, *terms_of(spf_term.Qualifier.PASS, addresses), "-all"])
    return LockedName(addresses, ((name, text),), date(2026, 6, 1))
