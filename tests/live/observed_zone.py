"""A zone to observe: its names and its records."""

from __future__ import annotations

from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey, RRset
from tests.live.authority import zone

ZONE = DomainName("example.com")
APEX: RRKey = (ZONE, "TXT")
NS: RRKey = (ZONE, "NS")
DMARC: RRKey = (DomainName("_dmarc.example.com"), "TXT")
SELECTOR: RRKey = (DomainName("s1._domainkey.example.com"), "TXT")
SELECTOR_CNAME: RRKey = (DomainName("s1._domainkey.example.com"), "CNAME")
BELOW: RRKey = (DomainName("_dmarc.sub.example.com"), "TXT")
WILD: RRKey = (DomainName("any.wild.example.com"), "TXT")

RECORDS = """
@ 300 IN TXT "v=spf1 -all"
s1._domainkey 300 IN CNAME s1.example.net.
*.wild 300 IN TXT "from the wildcard"
sub 300 IN NS ns1.example.org.
"""
SPF = RRset(ZONE, "TXT", 300, frozenset({"v=spf1 -all"}))
PRIMARY = zone("example.com", RECORDS)


def reason(answer: RRset | Unknown | None) -> str:
    assert isinstance(answer, Unknown), answer
    return answer.reason
