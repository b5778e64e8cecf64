"""A plan to serve, and questions about it."""

from __future__ import annotations

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.resolver

from mailauth_dns.serve.server import LoopbackServer
from tests.live.authority import zone

HEAD = (
    "$TTL 3600\n"
    "@ IN SOA ns1.example.net. hostmaster.example.net. 41 7200 1800 1209600 300\n"
    "@ IN NS ns1.example.net.\n"
)
OURS = (
    HEAD
    + "away CNAME host.sender.example.\nlost CNAME gone.sender.example.\nfar CNAME x.example.org.\n"
    + (
        '@ IN TXT "MS=ms1"\n@ IN TXT "v=spf1 ip4:192.0.2.99 -all"\n'
        'old._domainkey IN TXT "v=DKIM1; p="\nwww IN A 192.0.2.80\n'
    )
)
SENDER = zone(
    "sender.example",
    '_spf 300 IN TXT "v=spf1 ip4:203.0.113.0/24 -all"\nhost 300 IN A 203.0.113.9\n',
)


SENT = {"192.0.2.10": "pass", "203.0.113.7": "pass", "192.0.2.99": "fail", "198.51.100.1": "fail"}
TESTS = "".join(
    f"  - {{name: {ip}, from: alice@example.com, ip: {ip}, expect: {{spf: {result}}}}}\n"
    for ip, result in SENT.items()
)


def ask(server: LoopbackServer, name: str, type: str) -> dns.message.Message:
    return dns.query.udp(
        dns.message.make_query(name, type), "127.0.0.1", port=server.port, timeout=5
    )


def texts(section: list[dns.rrset.RRset]) -> set[str]:
    return {
        f"{str(rrset.name).lower().rstrip('.')} {dns.rdatatype.to_text(rrset.rdtype)} {rdata.to_text()}"
        for rrset in section
        for rdata in rrset
    }
