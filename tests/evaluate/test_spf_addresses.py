"""The addresses that pass for an SPF name: exactly those, or the reason why it has none."""

from __future__ import annotations

import re

import pytest

from mailauth_dns.errors import NotFlattened, ObservationError
from mailauth_dns.evaluate.spf_addresses import drift, passing
from mailauth_dns.records.addresses import addresses_of
from mailauth_dns.records.name import DomainName
from tests.evaluate.zones import Recorded

WORLD: dict[str, str | list[str]] = {
    "mail.example A": ["192.0.2.1", "192.0.2.2"],
    "mail.example AAAA": "2001:db8::1",
    "mail.example MX": ["10 mx1.mail.example.", "20 mx2.mail.example."],
    "mx1.mail.example A": "198.51.100.1",
    "mx2.mail.example AAAA": "2001:db8:2::1",
    "null.example MX": "0 .",
    "many.example MX": [f"{n} mx1.mail.example." for n in range(11)],
    "half.example MX": ["10 mx1.mail.example.", "20 lost.mail.example."],
    "inner.example TXT": "v=spf1 ip4:192.0.2.0/28 -ip4:198.51.100.0/24 ~all",
    "fails.example TXT": "v=spf1 -ip4:192.0.2.4 ip4:192.0.2.0/28 ?all",
    "two.example TXT": ["v=spf1 -all", "v=spf1 ~all"],
    "broken.example TXT": "v=spf1 ipv4:192.0.2.1",
    "loop.example TXT": "v=spf1 include:name.example -all",
    "dark.example TXT": "v=spf1 include:lost.dark.example -all",
    "token.example TXT": ["v=spf1 ip4:192.0.2.9 -all", "some-token=1"],
    "alias.example CNAME": "token.example.",
}
WORLD |= {
    f"w{n}.example TXT": "v=spf1 " + " ".join(f"a:mail.example/{m}" for m in range(20, 32))
    for n in range(10)
}

SETS = [
    ("ip4:192.0.2.0/25 ip4:192.0.2.128/25 -all", ["192.0.2.0/24"]),
    ("ip4:192.0.2.77/24 ip6:2001:db8::1/32 ~all", ["192.0.2.0/24", "2001:db8::/32"]),
    ("-ip4:192.0.2.0/25 ip4:192.0.2.0/24 -all", ["192.0.2.128/25"]),
    ("~ip4:192.0.2.0/25 ?ip4:192.0.2.128/26 ip4:192.0.2.0/24 -all", ["192.0.2.192/26"]),
    ("ip4:192.0.2.0/25 -ip4:192.0.2.0/24 ip4:192.0.2.0/23 -all", ["192.0.2.0/25", "192.0.3.0/24"]),
    ("a:mail.example -all", ["192.0.2.1/32", "192.0.2.2/32", "2001:db8::1/128"]),
    ("a:mail.example/24//64 -all", ["192.0.2.0/24", "2001:db8::/64"]),
    ("mx:mail.example -all", ["198.51.100.1/32", "2001:db8:2::1/128"]),
    ("a/30 -all", ["192.0.2.200/30"]),
    ("include:inner.example -all", ["192.0.2.0/28"]),
    ("-include:inner.example ip4:192.0.2.0/27 -all", ["192.0.2.16/28"]),
    ("include:fails.example ip4:192.0.2.4 -all", ["192.0.2.0/28"]),
    ("include:alias.example -all", ["192.0.2.9/32"]),
    ("ip4:198.51.100.7 redirect=inner.example", ["192.0.2.0/28", "198.51.100.7/32"]),
    ("-ip4:192.0.2.0/29 redirect=inner.example", ["192.0.2.8/29"]),
    ("ip4:198.51.100.7 -all redirect=lost.example", ["198.51.100.7/32"]),
    ("ip4:198.51.100.7 -all exists:%{i}.example", ["198.51.100.7/32"]),
    ("ip4:198.51.100.7 exp=%{d}.example x=%{i} -all", ["198.51.100.7/32"]),
    ("ip4:198.51.100.7", ["198.51.100.7/32"]),
]


def resolver(record: str) -> Recorded:
    return Recorded(
        WORLD | {"name.example TXT": f"v=spf1 {record}", "name.example A": "192.0.2.200"},
        dark=["lost.dark.example", "dark.mail.example"],
    )


@pytest.mark.parametrize(("record", "networks"), SETS)
def test_what_passes(record: str, networks: list[str]) -> None:
    assert [
        str(network)
        for network in passing(DomainName("name.example"), resolver(record)).addresses.networks
    ] == networks


REFUSED = [
    ("exists:%{i}.example -all", "exists:%{i}.example in name.example depends on the message"),
    ("exists:fixed.example -all", "exists:fixed.example in name.example depends on the message"),
    ("ptr -all", "ptr in name.example depends on the message"),
    ("include:%{d}.example -all", "include:%{d}.example in name.example has a macro"),
    ("a:%{i}.example -all", "a:%{i}.example in name.example has a macro"),
    ("include:missing.example -all", "missing.example publishes no SPF record"),
    ("redirect=missing.example", "missing.example publishes no SPF record"),
    ("include:two.example -all", "two.example publishes 2 SPF records"),
    ("include:broken.example -all", "the SPF record of broken.example is not valid"),
    ("include:loop.example -all", "name.example → loop.example → name.example is a loop"),
    ("a:missing.example -all", "a:missing.example in name.example: missing.example has no address"),
    ("mx:missing.example -all", "missing.example has no mail exchanger"),
    ("mx:null.example -all", "null.example has no mail exchanger"),
    ("mx:half.example -all", "lost.mail.example has no address"),
    ("mx:many.example -all", "many.example has 11 mail exchangers"),
    (f"a:{'x' * 64}.example -all", "DNS cannot hold this name"),
    ("-all", "name.example lets no address pass"),
    ("ip4:192.0.2.1 +all", "name.example lets every address pass"),
    ("ip4:0.0.0.0/0 -all", "name.example lets every address pass"),
    (" ".join(f"include:w{n}.example" for n in range(10)), "more than 100 terms"),
]


@pytest.mark.parametrize(("record", "reason"), REFUSED)
def test_what_has_no_addresses_is_refused(record: str, reason: str) -> None:
    with pytest.raises(NotFlattened, match=re.escape(reason)):
        passing(DomainName("name.example"), resolver(record))


@pytest.mark.parametrize(
    "record",
    [
        "include:dark.example -all",
        "ip4:192.0.2.1 a:dark.mail.example -all",
        "redirect=dark.example",
    ],
)
def test_an_answer_that_does_not_come_is_never_a_shorter_list(record: str) -> None:
    with pytest.raises(ObservationError, match="SERVFAIL"):
        passing(DomainName("name.example"), resolver(record))


def test_the_records_that_were_read_are_kept_in_order() -> None:
    found = passing(
        DomainName("name.example"),
        resolver("include:inner.example include:token.example include:inner.example -all"),
    )
    assert [name for name, _ in found.records] == ["name.example", "inner.example", "token.example"]
    assert dict(found.records)[DomainName("token.example")] == "v=spf1 ip4:192.0.2.9 -all"


def test_drift_is_what_came_and_went() -> None:
    reviewed = addresses_of(
        passing(DomainName("inner.example"), resolver("-all")).addresses.networks
    )
    now = passing(
        DomainName("name.example"), resolver("ip4:192.0.2.8/29 ip4:198.51.100.0/24 -all")
    ).addresses
    found = drift(reviewed, now)
    assert [str(network) for network in found.added.networks] == ["198.51.100.0/24"]
    assert [str(network) for network in found.removed.networks] == ["192.0.2.0/29"]
    assert not drift(reviewed, reviewed)
