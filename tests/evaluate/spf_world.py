"""DNS for the tests of SPF: hosts, records and a reverse mapping."""

from __future__ import annotations

from mailauth_dns.evaluate.resolver import Resolver, ZoneResolver
from mailauth_dns.evaluate.spf import check_host
from mailauth_dns.evaluate.spf_check import SpfCheck
from tests.evaluate.zones import zone

Sets = dict[str, str | list[str]]

COM: Sets = {
    "example.com A": ["192.0.2.1", "192.0.2.2"],
    "example.com AAAA": "2001:db8::1",
    "example.com MX": ["10 mx1.example.com.", "20 mx2.example.com."],
    "mx1.example.com A": "192.0.2.10",
    "mx1.example.com AAAA": "2001:db8::10",
    "mx2.example.com A": "192.0.2.20",
    "mx2.example.com AAAA": "2001:db8::20",
    "alias.example.com CNAME": "mx1.example.com.",
    "nullmx.example.com MX": "0 .",
    "lostmx.example.com MX": ["10 mx1.example.com.", "20 mx.example.org."],
    "ten.example.com MX": [f"{n} mx{n}.ten.example.com." for n in range(1, 11)],
    "eleven.example.com MX": [f"{n} mx{n}.ten.example.com." for n in range(1, 12)],
    "badmx.example.com MX": "mx1.example.com.",
    "badmx2.example.com MX": f"{'9' * 5000} mx1.example.com.",
    "bad6.example.com A": "::c000:201",
    "*.ten.example.com A": "192.0.2.100",
    "mx10.ten.example.com A": "192.0.2.110",
    "empty.example.com NS": "ns.example.com.",
    "txt.example.com TXT": "here, with no address",
    "*.wild.example.com A": "127.0.0.2",
    "pass.example.com TXT": "v=spf1 ip4:192.0.2.0/24 -all exp=why.example.com",
    "fail.example.com TXT": "v=spf1 -all exp=why.example.com",
    "softfail.example.com TXT": "v=spf1 ~all",
    "neutral.example.com TXT": "v=spf1 ?all",
    "bad.example.com TXT": "v=spf1 foo",
    "two.example.com TXT": ["v=spf1 -all", "v=spf1 ~all"],
    "loop1.example.com TXT": "v=spf1 include:loop2.example.com",
    "loop2.example.com TXT": "v=spf1 redirect=loop1.example.com",
    "deep.example.com TXT": "v=spf1 include:lost.example.com",
    "lost.example.com TXT": "v=spf1 a:x.example.org",
    "why.example.com TXT": "%{d} does not know %{i}",
    "trail.example.com A": "192.0.2.77",
    "badaddress.example.com A": "not-an-address",
    "host.ptr.example.com A": ["192.0.2.30", "192.0.2.31"],
    "host.ptr.example.com AAAA": "2001:db8::30",
    "other.example.com A": "192.0.2.99",
}
ARPA: Sets = {
    "30.2.0.192.in-addr.arpa PTR": "Host.ptr.example.com.",
    "31.2.0.192.in-addr.arpa PTR": ["host.ptr.example.com.", "x.example.org.", "zz.example.com."],
    "32.2.0.192.in-addr.arpa PTR": "host.ptr.example.com.",
    "33.2.0.192.in-addr.arpa PTR": [f"p{n}.example.com." for n in range(10, 21)],
    "34.2.0.192.in-addr.arpa PTR": [f"{'x' * 64}.example.com.", ".", "other.example.com."],
    f"0.3.{'0.' * 22}8.b.d.0.1.0.0.2.ip6.arpa PTR": "host.ptr.example.com.",
    "lost.2.0.192.in-addr.arpa PTR": "x.example.com.",
}
for number in range(10, 21):
    COM[f"p{number}.example.com A"] = "192.0.2.33"


def world(record: str | list[str] | None = None, **more: str | list[str]) -> Resolver:
    """Return DNS with `record` at example.com.

    Names below example.org, and the reverse names of 198.51.100.0/24, do not answer.
    """
    sets = COM | ({"example.com TXT": record} if record is not None else {}) | more
    reverse = zone(
        "2.0.192.in-addr.arpa", {key: value for key, value in ARPA.items() if "192.in" in key}
    )
    return ZoneResolver(
        [
            zone("example.com", sets),
            reverse,
            zone("ip6.arpa", {key: value for key, value in ARPA.items() if "ip6" in key}),
        ]
    )


def check(
    record: str | list[str] | None,
    ip: str = "192.0.2.1",
    sender: str = "user@example.com",
    helo: str = "mx1.example.com",
) -> SpfCheck:
    return check_host(ip, sender.rpartition("@")[2], sender, helo, world(record))
