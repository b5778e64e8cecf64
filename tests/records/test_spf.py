"""SPF records: the grammar of RFC 7208 §12 as tables, and what prints reads back."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailauth_dns.errors import Fault, RecordSyntaxError
from mailauth_dns.records import spf
from tests.records.strategies import near_spf, spf_records

VALID = [  # as published, as printed
    ("v=spf1", "v=spf1"),
    ("V=SPF1 -ALL", "v=spf1 -all"),
    ("v=spf1  a   mx ", "v=spf1 a mx"),
    ("v=spf1 +a ?mx ~ptr -exists:%{ir}.x.example", "v=spf1 a ?mx ~ptr -exists:%{ir}.x.example"),
    (
        "v=spf1 a/24 a//64 a/24//64 a:x.example/0 mx:x.example//0",
        "v=spf1 a/24 a//64 a/24//64 a:x.example/0 mx:x.example//0",
    ),
    (
        "v=spf1 ip4:192.0.2.1/32 ip4:192.0.2.1/24 ip6:2001:DB8::/32 ip6:::",
        "v=spf1 ip4:192.0.2.1 ip4:192.0.2.1/24 ip6:2001:db8::/32 ip6:::",
    ),
    ("v=spf1 include:_spf.example.net. -all", "v=spf1 include:_spf.example.net. -all"),
    (
        "v=spf1 exp=explain._spf.%{d} redirect=_spf.example.com",
        "v=spf1 redirect=_spf.example.com exp=explain._spf.%{d}",
    ),
    ("v=spf1 op=a%{s}b mx unknown-mod.1_x=", "v=spf1 mx op=a%{s}b unknown-mod.1_x="),
    ("v=spf1 exists:%{l1r+-}.%%.%_%-.example", "v=spf1 exists:%{l1r+-}.%%.%_%-.example"),
    ("v=spf1 a:xn--fa-hia.example a:a.b-c a:1.2x", "v=spf1 a:xn--fa-hia.example a:a.b-c a:1.2x"),
    ("v=spf1 include:%{d}", "v=spf1 include:%{d}"),
    # RFC 7208 §12, rule by rule: what receivers read although nobody should write it
    (
        "v=spf1 a:a..example a:.example a:..b.example redirect=%{d}..example",
        "v=spf1 a:a..example a:.example a:..b.example redirect=%{d}..example",
    ),
    (
        "v=spf1 a:x:y/z=!.example mx:a%%b.example",
        "v=spf1 a:x:y/z=!.example mx:a%%b.example",
    ),  # macro-literal: all that prints but %
    (f"v=spf1 a:{'x' * 64}.example", f"v=spf1 a:{'x' * 64}.example"),
    (
        "v=spf1 include:%% exists:a.%_ a:%- mx:%%%%/24",
        "v=spf1 include:%% exists:a.%_ a:%- mx:%%%%/24",
    ),  # domain-end = macro-expand
    ("v=spf1 a:%{d}/24//64 ptr:%{D2R.-}", "v=spf1 a:%{d}/24//64 ptr:%{D2r.-}"),
    ("v=spf1 a:b.1-2 a:b.3--c", "v=spf1 a:b.1-2 a:b.3--c"),  # toplabel = 1*alphanum "-" ...
    (
        "v=spf1 exists:%{d02}.%{s0127r}.example",
        "v=spf1 exists:%{d2}.%{s127r}.example",
    ),  # transformers = *DIGIT
    (f"v=spf1 exists:%{{s{'9' * 5000}}}", "v=spf1 exists:%{s999999999}"),
    (
        "v=spf1 ip4:192.0.2.1/0 ip6:::/0 ip6:::192.0.2.1/96",
        "v=spf1 ip4:192.0.2.1/0 ip6:::/0 ip6:::c000:201/96",
    ),
    ("v=spf1 a=b mx=%{i} x=%%%_%-/:;", "v=spf1 a=b mx=%{i} x=%%%_%-/:;"),  # unknown-modifier
    ("v=spf1 op=x op=x", "v=spf1 op=x op=x"),
    (
        "v=spf1 Redirect=A.example EXP=b.example -ALL",
        "v=spf1 -all redirect=A.example exp=b.example",
    ),
]

INVALID = [  # text, part at fault, expected
    ("", "", "expected v=spf1 and a space"),
    (" v=spf1 -all", "", "expected v=spf1 and a space"),
    ("v=spf10 -all", "v=spf10", "expected v=spf1 and a space"),
    ("v=spf1;-all", "v=spf1;-all", "expected v=spf1 and a space"),
    ("v=spf1\t-all", "v=spf1\t-all", "expected v=spf1 and a space"),
    ("v=spf1 ipv4:192.0.2.1", "ipv4:192.0.2.1", "did you mean ip4?"),
    ("v=spf1 includes:a.example", "includes:a.example", "did you mean include?"),
    ("v=spf1 foo", "foo", "not a mechanism"),
    ("v=spf1 mx; -all", ";", "SPF has no semicolons"),
    ("v=spf1 a mx;-all", ";-all", "SPF has no semicolons"),
    ("v=spf1 ip4:192.0.2.0/24~all", "~all", "a space is missing before this term"),
    ("v=spf1 ip4:192.0.2.1ip4:192.0.2.2", "ip4:192.0.2.2", "a space is missing before this term"),
    ("v=spf1 ip4", "", "expected an address"),
    ("v=spf1 ip4:", "", "not an IPv4 address"),
    ("v=spf1 ip4:192.0.2", "192.0.2", "not an IPv4 address"),
    ("v=spf1 ip4:192.0.2.01", "192.0.2.01", "not an IPv4 address"),
    ("v=spf1 ip4:2001:db8::1", "2001:db8::1", "an IPv6 address; use ip6:"),
    ("v=spf1 ip6:192.0.2.1", "192.0.2.1", "not an IPv6 address"),
    ("v=spf1 ip6:fe80::1%eth0", "fe80::1%eth0", "not an IPv6 address"),
    ("v=spf1 ip4:192.0.2.0/33", "/33", "a prefix length is 0 to 32"),
    ("v=spf1 ip4:192.0.2.0/024", "/024", "a prefix length is 0 to 32"),
    ("v=spf1 ip4:192.0.2.0/", "/", "a prefix length is 0 to 32"),
    ("v=spf1 ip4:192.0.2.0//24", "//24", "a prefix length is 0 to 32"),
    ("v=spf1 ip6:2001:db8::/129", "/129", "a prefix length is 0 to 128"),
    ("v=spf1 a/33", "/33", "a prefix length is 0 to 32"),
    ("v=spf1 a//129", "//129", "a prefix length is 0 to 128"),
    ("v=spf1 a:", "", "expected a domain name"),
    ("v=spf1 a:/24", "", "expected a domain name"),
    ("v=spf1 a:museum", "museum", "expected a full domain name"),
    ("v=spf1 a:192.0.2.1", "192.0.2.1", "expected a full domain name"),
    ("v=spf1 a:a.example..", "a.example..", "expected a full domain name"),
    ("v=spf1 a:%{d}.", "%{d}.", "expected a full domain name"),
    ("v=spf1 a:%{d}com", "%{d}com", "expected a full domain name"),
    (
        "v=spf1 a:a.b%%-",
        "a.b%%-",
        "expected a full domain name",
    ),  # an escaped % and a dash, no escape at the end
    ("v=spf1 a:a.example-", "a.example-", "expected a full domain name"),
    ("v=spf1 a24", "a24", "not a mechanism"),
    ("v=spf1 include", "", "expected a domain: include:example.com"),
    ("v=spf1 include:", "", "expected a domain name"),
    ("v=spf1 include/24", "/24", "expected a domain: include:example.com"),
    ("v=spf1 include:a.example/24", "a.example/24", "expected a full domain name"),
    ("v=spf1 exists:%{z}.example", "%{z}", "z is not a macro letter"),
    ("v=spf1 exists:%{c}.example", "%{c}", "for explanation texts only"),
    ("v=spf1 exists:%{i0}.example", "%{i0}", "a macro keeps 1 or more parts"),
    ("v=spf1 exists:%{i00}.example", "%{i00}", "a macro keeps 1 or more parts"),
    ("v=spf1 exists:%{i2r3}.example", "%{i2", "% must open a macro"),
    ("v=spf1 exists:%{i:}.example", "%{i:", "% must open a macro"),
    ("v=spf1 exists:%{}.example", "%{}.", "% must open a macro"),
    ("v=spf1 exp=%{r}.example", "%{r}", "for explanation texts only"),
    ("v=spf1 x=%{T}", "%{T}", "for explanation texts only"),
    ("v=spf1 x=%a", "%a", "% must open a macro"),
    ("v=spf1 x=100%", "%", "% must open a macro"),
    ("v=spf1 exists:%{i.example", "%{i.", "% must open a macro"),
    ("v=spf1 exists:a%b.example", "%b.e", "% must open a macro"),
    ("v=spf1 all:x.example", ":x.example", "all takes no value"),
    (
        "v=spf1 redirect=a.example redirect=b.example",
        "redirect=b.example",
        "redirect is given twice",
    ),
    ("v=spf1 exp=a.example EXP=b.example", "EXP=b.example", "exp is given twice"),
    ("v=spf1 redirect=", "", "expected a domain name"),
    ("v=spf1 -redirect=a.example", "-redirect=a.example", "not a mechanism"),
    ("v=spf1 a:caf\xe9.example", "\xe9", "only printable ASCII"),
    ("v=spf1 --all", "--all", "not a mechanism"),
    ("v=spf1 =x", "=x", "not a mechanism"),
    ("v=spf1 1x=y", "1x=y", "not a mechanism"),
    ("v=spf1 - all", "-", "not a mechanism"),
    ("v=spf1 a\tmx", "\tmx", "expected a:example.com"),
    ("v=spf1 mx\0", "\0", "expected mx:example.com"),
    ("v=spf1 ptr/24", "/24", "expected ptr:example.com"),
    ("v=spf1 ptr:", "", "expected a domain name"),
    ("v=spf1 ptr:a.example/24", "a.example/24", "expected a full domain name"),
    ("v=spf1 exists", "", "expected a domain: exists:example.com"),
    ("v=spf1 exists:a.example/0", "a.example/0", "expected a full domain name"),
    ("v=spf1 a/24/32", "/24", "expected a:example.com"),
    ("v=spf1 a//064", "//064", "a prefix length is 0 to 128"),
    ("v=spf1 a/", "/", "expected a:example.com"),
    ("v=spf1 ip6:2001:db8::/064", "/064", "a prefix length is 0 to 128"),
    ("v=spf1 ip6:2001:db8::1::2", "2001:db8::1::2", "not an IPv6 address"),
    ("v=spf1 all.", "all.", "not a mechanism"),
    (
        "v=spf1 redirect=a.example exp=b.example redirect=a.example",
        "redirect=a.example",
        "redirect is given twice",
    ),
    ("v=spf1 exp=", "", "expected a domain name"),
    ("v=spf1 redirect=museum", "museum", "expected a full domain name"),
    ("v=spf1 -all \xe9", "\xe9", "not a mechanism"),
]


@pytest.mark.parametrize(("text", "printed"), VALID)
def test_parse_and_print(text: str, printed: str) -> None:
    record = spf.parse(text)
    assert str(record) == printed
    assert spf.parse(printed) == record


@pytest.mark.parametrize(("text", "fault", "expected"), INVALID)
def test_parse_refuses(text: str, fault: str, expected: str) -> None:
    with pytest.raises(RecordSyntaxError) as caught:
        spf.parse(text)
    assert expected in caught.value.expected
    assert text[caught.value.start : caught.value.end] == fault


FAULTS = [  # text, and what receivers meet first
    ("v=spf10 mx", Fault.VERSION),
    ("v=spf1 include", Fault.SYNTAX),
    ("v=spf1 all:example.com", Fault.SYNTAX),
    ("v=spf1 mx/33", Fault.SYNTAX),
    ("v=spf1 ipv4:192.0.2.1", Fault.UNKNOWN_MECHANISM),
    ("v=spf1 --all", Fault.UNKNOWN_MECHANISM),
    ("v=spf1 mx; -all", Fault.UNKNOWN_MECHANISM),
    ("v=spf1 exist:%{i}.example.com", Fault.UNKNOWN_MECHANISM),  # not the macro is at fault
    ("v=spf1 ip4:192.0.2.0/24-all", Fault.GLUED),
    ("v=spf1 mx~all", Fault.GLUED),
    ("v=spf1 mxinclude:example.net", Fault.GLUED),
    ("v=spf1 ip4:192.0.2.1;include:example.net", Fault.GLUED),
    ("v=spf1 mx redirect=_spf.example.net~all", Fault.GLUED),
    ("v=spf1 exp=why.example.net~all", Fault.GLUED),
    ("v=spf1 redirect=a.example redirect=b.example", Fault.TWICE),
    ("v=spf1 exp=a.example EXP=b.example", Fault.TWICE),
    ("v=spf1 ip4:192.0.2.300", Fault.ADDRESS),
    ("v=spf1 ip6:2001:db8::/129", Fault.ADDRESS),
    ("v=spf1 ip4: -all", Fault.ADDRESS),  # not the next word is at fault
    ("v=spf1 ip4:%{i}", Fault.ADDRESS),  # no macro can stand there
    ("v=spf1 exists:%{x}.example.com", Fault.MACRO),
    ("v=spf1 include:%{i", Fault.MACRO),
    ("v=spf1 include:%{i0}.example.com", Fault.MACRO),
]


@pytest.mark.parametrize(("text", "fault"), FAULTS)
def test_the_error_says_which_fault_it_is(text: str, fault: Fault) -> None:
    with pytest.raises(RecordSyntaxError) as caught:
        spf.parse(text)
    assert caught.value.fault is fault


LEADS_TO = [
    (
        "v=spf1 include:_spf.Example.net. ?include:b.example ip4:192.0.2.1 -all",
        {"_spf.example.net", "b.example"},
    ),
    ("v=spf1 mx a:host.example exists:c.example ptr:d.example exp=e.example", set()),
    ("v=spf1 redirect=_spf.example.net", {"_spf.example.net"}),
    ("v=spf1 include:%{d}._spf.example.net include:a.example", {"a.example"}),
    (
        "v=spf1 -all include:behind.example redirect=unread.example",
        {"behind.example", "unread.example"},
    ),
]


@pytest.mark.parametrize(("text", "names"), LEADS_TO)
def test_leads_to(text: str, names: set[str]) -> None:
    assert spf.parse(text).leads_to == names


@given(spf_records)
def test_text_round_trips(record: spf.Record) -> None:
    """What we publish reads back as what we meant."""
    assert spf.parse(str(record)) == record


@given(st.text() | near_spf)
def test_parse_raises_nothing_else(text: str) -> None:
    with contextlib.suppress(RecordSyntaxError):
        assert spf.parse(str(spf.parse(text))).meaning == spf.parse(text).meaning


def test_a_mapped_address_is_one_however_it_is_written() -> None:
    assert spf.parse("v=spf1 ip6:::ffff:192.0.2.1") == spf.parse("v=spf1 ip6:::ffff:c000:201")


def test_terms_after_all_say_nothing() -> None:
    assert spf.parse("v=spf1 -all mx").meaning == spf.parse("v=spf1 -all").meaning


VERSIONS = [  # RFC 7208 §4.5
    ("v=spf1", True),
    ("V=sPf1 oops", True),
    ("v=spf10 -all", False),
    ("v=spf1\t-all", False),
    ("v=spf1;", False),
    (" v=spf1", False),
    ('"v=spf1 -all"', False),
    ("spf2.0/pra -all", False),
    ("", False),
]


@pytest.mark.parametrize(("text", "found"), VERSIONS)
def test_a_record_is_known_by_its_version(text: str, found: bool) -> None:
    assert spf.has_version(text) is found


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "text",
    ["v=spf1 a:b." + "a" * 65000 + "!", "v=spf1 a:" + "%%" * 30000 + "-", "v=spf1 " + "a" * 65000],
)
def test_no_record_takes_long_to_refuse(text: str) -> None:
    with pytest.raises(RecordSyntaxError):
        spf.parse(text)
