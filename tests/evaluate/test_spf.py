"""check_host(): each table is a section of RFC 7208."""

from __future__ import annotations

import pytest

from mailauth_dns.evaluate.spf import check_host
from mailauth_dns.evaluate.spf_check import Cost
from tests.evaluate.spf_world import check, world

LONG = "x" * 63

INITIAL = [  # domain, result: RFC 7208 §4.3
    ("pass.example.com", "pass"),
    ("PASS.Example.COM", "pass"),
    ("pass.example.com.", "pass"),
    ("pass.example.com..", "none"),
    ("nothing.example.com", "none"),
    ("txt.example.com", "none"),
    ("com", "none"),
    ("com.", "none"),
    ("", "none"),
    (".", "none"),
    (".example.com", "none"),
    ("a..example.com", "none"),
    (f"{LONG}x.example.com", "none"),
    (f"{LONG}.{LONG}.{LONG}.{LONG}.example.com", "none"),
    ("[192.0.2.1]", "none"),
    ("[IPv6:2001:db8::1]", "none"),
    ("pass\0.example.com", "none"),
    ("münchen.example.com", "pass"),  # RFC 8616 §4: as xn--mnchen-3ya
    ("xn--mnchen-3ya.example.com", "pass"),
    ("ａ﹒example.com", "none"),
    ("\ud800.example.com", "none"),
    ("x.example.org", "temperror"),  # §4.4
]


@pytest.mark.parametrize(("domain", "result"), INITIAL)
def test_initial_processing(domain: str, result: str) -> None:
    resolver = world(**{"xn--mnchen-3ya.example.com TXT": "v=spf1 +all"})
    assert (
        check_host("192.0.2.1", domain, f"user@{domain}", "mx1.example.com", resolver).result
        == result
    )


SELECTION = [  # TXT values, result: RFC 7208 §4.5
    (["v=spf1 +all"], "pass"),
    (["V=SPF1 +ALL"], "pass"),
    (["v=spf1"], "neutral"),
    (["v=spf1 "], "neutral"),
    (["v=spf10 +all"], "none"),
    (["v=spf1\t+all"], "none"),
    ([" v=spf1 +all"], "none"),
    (["v=spf2.0/pra +all", "token", "v=spf1 +all", "v=spf1;"], "pass"),
    (["v=spf1 +all", "v=spf1 -all"], "permerror"),
    (["v=spf1 +all", "V=SPF1 "], "permerror"),
    (["token", "\xff\xfe"], "none"),
    (["\xff", "v=spf1 +all"], "pass"),
    (["v=spf1 +all \xe9"], "permerror"),
    (["v=spf1 +all x=\x7f"], "permerror"),
]


@pytest.mark.parametrize(("texts", "result"), SELECTION)
def test_record_selection(texts: list[str], result: str) -> None:
    assert check(texts).result == result


EVALUATION = [  # record, result for 192.0.2.1
    # §4.6: an error anywhere is one before anything is evaluated
    ("v=spf1 +all foo", "permerror"),
    ("v=spf1 a:x.example.org ip4:192.0.2.300", "permerror"),
    ("v=spf1 +all redirect=a.example.com redirect=a.example.com", "permerror"),
    ("v=spf1 +all exp=a.example.com exp=a.example.com", "permerror"),
    ("v=spf1 +all x=%", "permerror"),
    # §4.6.2: the first that matches decides
    ("v=spf1 -ip4:192.0.2.1 +all", "fail"),
    ("v=spf1 ~a -all", "softfail"),
    ("v=spf1 ?mx ?a -all", "neutral"),
    ("v=spf1 ip4:203.0.113.1 ip4:192.0.2.1 -all", "pass"),
    ("v=spf1 +all a:x.example.org", "pass"),
    ("v=spf1 a:x.example.org +all", "temperror"),
    # §4.7
    ("v=spf1 ip4:203.0.113.1", "neutral"),
    ("v=spf1 x-unknown=%{s}", "neutral"),
    # §5.1: what stands behind all is ignored, and so is redirect
    ("v=spf1 -all +ip4:192.0.2.1", "fail"),
    ("v=spf1 redirect=pass.example.com -all", "fail"),
    # §5.2
    ("v=spf1 include:pass.example.com -all", "pass"),
    ("v=spf1 -include:pass.example.com +all", "fail"),
    ("v=spf1 include:fail.example.com ~all", "softfail"),
    ("v=spf1 include:softfail.example.com -all", "fail"),
    ("v=spf1 include:neutral.example.com -all", "fail"),
    ("v=spf1 include:nothing.example.com +all", "permerror"),
    ("v=spf1 include:txt.example.com +all", "permerror"),
    ("v=spf1 include:bad.example.com +all", "permerror"),
    ("v=spf1 include:two.example.com +all", "permerror"),
    ("v=spf1 include:x.example.org +all", "temperror"),
    ("v=spf1 include:deep.example.com +all", "temperror"),
    ("v=spf1 include:a..example.com +all", "permerror"),  # its check_host() is none (§4.3)
    (f"v=spf1 include:{LONG}x.example.com +all", "permerror"),
    ("v=spf1 include:%{d1} +all", "permerror"),  # "com" has no two labels
    ("v=spf1 include:PASS.example.com. -all", "pass"),
    # §5.3
    ("v=spf1 a -all", "pass"),
    ("v=spf1 a:mx1.example.com -all", "fail"),
    ("v=spf1 a:mx1.example.com/24 -all", "pass"),
    ("v=spf1 a:mx1.example.com/28 -all", "pass"),
    ("v=spf1 a:mx1.example.com/29 -all", "fail"),
    ("v=spf1 a:mx1.example.com//0 -all", "fail"),
    ("v=spf1 a:other.example.com/0 -all", "pass"),
    ("v=spf1 a:nothing.example.com/0 -all", "fail"),
    ("v=spf1 a:alias.example.com/24 -all", "pass"),
    ("v=spf1 a:a..example.com/0 -all", "fail"),  # §4.8: not a name, and no lookup
    (f"v=spf1 a:{LONG}x.example.com -all", "fail"),
    ("v=spf1 a:badaddress.example.com -all", "temperror"),
    # §5.4
    ("v=spf1 mx -all", "fail"),
    ("v=spf1 mx/24 -all", "pass"),
    ("v=spf1 mx:nullmx.example.com/0 -all", "fail"),  # RFC 7505
    ("v=spf1 mx:mx1.example.com/0 -all", "fail"),  # no implicit MX
    (
        "v=spf1 mx:lostmx.example.com/24 -all",
        "pass",
    ),  # matched before the host that cannot be resolved
    ("v=spf1 mx:lostmx.example.com -all", "temperror"),
    ("v=spf1 mx:ten.example.com -all", "fail"),
    ("v=spf1 mx:eleven.example.com/0 -all", "permerror"),  # §4.6.4
    ("v=spf1 mx:badmx.example.com -all", "temperror"),
    ("v=spf1 mx:badmx2.example.com -all", "temperror"),
    ("v=spf1 a:bad6.example.com/0 -all", "temperror"),
    ("v=spf1 mx:x.example.org -all", "temperror"),
    # §5.6
    ("v=spf1 ip4:192.0.2.1 -all", "pass"),
    ("v=spf1 ip4:192.0.2.2 -all", "fail"),
    ("v=spf1 ip4:192.0.2.3/30 -all", "pass"),
    ("v=spf1 ip4:203.0.113.7/0 -all", "pass"),
    ("v=spf1 ip6:::/0 -all", "fail"),
    ("v=spf1 ip6:::ffff:192.0.2.1 -all", "fail"),
    # §5.7
    ("v=spf1 exists:example.com -all", "pass"),
    ("v=spf1 exists:txt.example.com -all", "fail"),
    ("v=spf1 exists:nothing.example.com -all", "fail"),
    ("v=spf1 exists:x.example.org -all", "temperror"),
    ("v=spf1 exists:%{ir}.%{v}.wild.example.com -all", "pass"),
    ("v=spf1 exists:%{l}..wild.example.com -all", "fail"),
    ("v=spf1 exists:%{i}.%{h}.%{o}.wild.example.com -all", "pass"),
    # §6.1
    ("v=spf1 redirect=pass.example.com", "pass"),
    ("v=spf1 ip4:203.0.113.1 redirect=softfail.example.com", "softfail"),
    ("v=spf1 redirect=pass.example.com ip4:203.0.113.1", "pass"),
    ("v=spf1 -a redirect=pass.example.com", "fail"),
    ("v=spf1 redirect=nothing.example.com", "permerror"),
    ("v=spf1 redirect=a..example.com", "permerror"),
    ("v=spf1 redirect=%{d1}", "permerror"),
    ("v=spf1 redirect=bad.example.com", "permerror"),
    ("v=spf1 redirect=two.example.com", "permerror"),
    ("v=spf1 redirect=x.example.org", "temperror"),
    ("v=spf1 redirect=pass.example.com. x=y", "pass"),
    # §4.6.4: ten terms
    ("v=spf1 " + "mx " * 10 + "+all", "pass"),
    ("v=spf1 " + "mx " * 11 + "+all", "permerror"),
    ("v=spf1 a " + "mx " * 11, "pass"),
    ("v=spf1 " + "ip4:203.0.113.1 ip6:2001:db8::/64 " * 20 + "+all", "pass"),
    ("v=spf1 " + "mx " * 9 + "include:pass.example.com", "pass"),
    ("v=spf1 " + "mx " * 10 + "include:pass.example.com", "permerror"),
    ("v=spf1 " + "mx " * 9 + "redirect=pass.example.com", "pass"),
    ("v=spf1 " + "mx " * 10 + "redirect=pass.example.com", "permerror"),
    (
        "v=spf1 " + "mx " * 9 + "a redirect=pass.example.com",
        "pass",
    ),  # a redirect that is not reached costs nothing
    ("v=spf1 " + "mx " * 10 + "exp=why.example.com -all", "fail"),
    ("v=spf1 include:loop1.example.com +all", "permerror"),
    ("v=spf1 redirect=example.com", "permerror"),
    ("v=spf1 " + "a:a..example.com " * 11 + "+all", "permerror"),
    # §4.6.4: two void lookups
    ("v=spf1 a:n1.example.com exists:n2.example.com +all", "pass"),
    ("v=spf1 a:n1.example.com exists:n2.example.com mx:n3.example.com +all", "permerror"),
    ("v=spf1 a:txt.example.com a:txt.example.com a:txt.example.com +all", "permerror"),
    (
        "v=spf1 a:a..example.com a:b..example.com a:c..example.com +all",
        "pass",
    ),  # nothing is looked up
    ("v=spf1 include:fail.example.com a:n1.example.com a:n2.example.com +all", "pass"),
    ("v=spf1 mx:nullmx.example.com a:n1.example.com a:n2.example.com +all", "pass"),
    ("v=spf1 a a:n1.example.com a:n2.example.com a:n3.example.com", "pass"),
]


@pytest.mark.parametrize(("record", "result"), EVALUATION)
def test_evaluation(record: str, result: str) -> None:
    assert check(record).result == result


ADDRESSES = [  # record, client, result: RFC 7208 §5
    ("v=spf1 a -all", "2001:db8::1", "pass"),
    ("v=spf1 a:mx1.example.com -all", "2001:db8::1", "fail"),
    ("v=spf1 a:mx1.example.com/0 -all", "2001:db8::1", "fail"),
    ("v=spf1 a:mx1.example.com//64 -all", "2001:db8::1", "pass"),
    ("v=spf1 a:mx1.example.com/0//0 -all", "2001:DB8:ffff::1", "pass"),
    ("v=spf1 mx -all", "2001:db8::20", "pass"),
    ("v=spf1 mx/0//127 -all", "2001:db8::21", "pass"),
    ("v=spf1 ip6:2001:db8::/32 -all", "2001:db8:1::1", "pass"),
    ("v=spf1 ip6:2001:db8::1 -all", "2001:db8:0:0:0:0:0:1", "pass"),
    ("v=spf1 ip6:2001:db8::1 -all", "2001:db8::1%eth0", "pass"),
    ("v=spf1 ip4:0.0.0.0/0 -all", "2001:db8::1", "fail"),
    # A even for IPv6 clients (§5.7)
    ("v=spf1 exists:mx1.example.com -all", "2001:db8::1", "pass"),
    ("v=spf1 exists:%{ir}.%{v}.wild.example.com -all", "2001:db8::1", "pass"),
    # an IPv4 client on an IPv6 socket
    ("v=spf1 ip4:192.0.2.1 -all", "::ffff:192.0.2.1", "pass"),
    ("v=spf1 a -all", "::ffff:c000:201", "pass"),
    ("v=spf1 ip6:::/0 -all", "::ffff:192.0.2.1", "fail"),
    ("v=spf1 a//0 -all", "::ffff:203.0.113.1", "fail"),
    ("v=spf1 ip4:192.0.2.1 -all", "::192.0.2.1", "fail"),  # this one is IPv6
    ("v=spf1 +all", "not an address", "none"),
    ("v=spf1 +all", "", "none"),
    ("v=spf1 +all", "192.0.2.01", "none"),
]


@pytest.mark.parametrize(("record", "ip", "result"), ADDRESSES)
def test_addresses(record: str, ip: str, result: str) -> None:
    assert check(record, ip).result == result


PTR = [  # record, client, result: RFC 7208 §5.5
    ("v=spf1 ptr -all", "192.0.2.30", "pass"),
    ("v=spf1 ptr:ptr.example.com -all", "192.0.2.30", "pass"),
    ("v=spf1 ptr:HOST.ptr.example.com. -all", "192.0.2.30", "pass"),
    ("v=spf1 ptr:x.host.ptr.example.com -all", "192.0.2.30", "fail"),
    (
        "v=spf1 ptr:r.example.com -all",
        "192.0.2.30",
        "fail",
    ),  # ptr.example.com is not below r.example.com
    ("v=spf1 ptr -all", "192.0.2.31", "pass"),  # a name that cannot be resolved is skipped
    ("v=spf1 ptr -all", "192.0.2.32", "fail"),  # the name leads to other addresses
    ("v=spf1 ptr -all", "192.0.2.1", "fail"),  # no reverse mapping
    ("v=spf1 ptr -all", "198.51.100.1", "fail"),  # the reverse mapping cannot be resolved
    ("v=spf1 ptr -all", "2001:db8::30", "pass"),
    ("v=spf1 ptr -all", "192.0.2.34", "fail"),  # names that are none are skipped
    ("v=spf1 ptr:p19.example.com -all", "192.0.2.33", "pass"),
    ("v=spf1 ptr:p20.example.com -all", "192.0.2.33", "fail"),  # the eleventh (§4.6.4)
    ("v=spf1 ptr:%{h} -all", "192.0.2.30", "fail"),  # an empty name is not the root
    ("v=spf1 ptr:a..example.com -all", "192.0.2.30", "fail"),
    ("v=spf1 ptr ptr ptr +all", "192.0.2.1", "permerror"),  # three void lookups
    ("v=spf1 exists:%{p}.wild.example.com -all", "192.0.2.1", "pass"),  # "unknown"
]


@pytest.mark.parametrize(("record", "ip", "result"), PTR)
def test_ptr(record: str, ip: str, result: str) -> None:
    assert check(record, ip, helo="").result == result


def test_limits_span_the_whole_evaluation() -> None:
    resolver = world(
        "v=spf1 include:i.example.com mx mx mx mx mx",
        **{"i.example.com TXT": "v=spf1" + " mx:example.com" * 4},
    )
    assert check_host("192.0.2.1", "example.com", "u@example.com", "x", resolver).cost == Cost(
        10, 0
    )
    resolver = world(
        "v=spf1 include:i.example.com a:v3.example.com",
        **{"i.example.com TXT": "v=spf1 a:v1.example.com a:v2.example.com"},
    )
    assert (
        check_host("192.0.2.1", "example.com", "u@example.com", "x", resolver).result == "permerror"
    )
