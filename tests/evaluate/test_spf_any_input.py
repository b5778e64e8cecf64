"""check_host() returns a result for any input, and ignores what has no bearing on the message."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailauth_dns.evaluate.spf import check_host
from mailauth_dns.evaluate.spf_check import Cost
from tests.evaluate.spf_world import check, world
from tests.evaluate.test_spf import EVALUATION
from tests.records.strategies import near_spf


@given(
    st.text(), st.text(), st.text(), st.text(), near_spf | st.text(st.characters(max_codepoint=255))
)
def test_nothing_is_raised(ip: str, domain: str, sender: str, helo: str, record: str) -> None:
    resolver = world(["v=spf1 " + record], **{"*.example.com TXT": record})
    for address in (ip, "192.0.2.1", "2001:db8::1"):
        for name in (domain, "example.com"):
            assert check_host(address, name, sender, helo, resolver).reason.isprintable()


@given(
    st.binary(),
    st.binary(),
    st.sampled_from(["%{s}", "%{L}", "%{h}", "%{o}", "%{l-}", "%{S1r.+}"]),
    st.sampled_from(["a", "include", "ptr", "exists"]),
)
def test_octets_are_survived_wherever_macros_carry_them(
    sender: bytes, helo: bytes, macro: str, mechanism: str
) -> None:
    resolver = world(f"v=spf1 {mechanism}:{macro}.example.com redirect={macro} exp={macro}")
    for text in (sender.decode("latin-1"), sender.decode("utf-8", "surrogateescape")):
        assert check_host(
            "192.0.2.1", "example.com", text, helo.decode("latin-1"), resolver
        ).reason.isprintable()


TERMS = [
    "a:mx2.example.com",
    "include:fail.example.com",
    "exists:nothing.example.com",
    "ip4:203.0.113.1",
    "mx:nullmx.example.com",
]


@pytest.mark.parametrize("order", permutations(TERMS))
def test_order_says_nothing_where_nothing_matches(order: tuple[str, ...]) -> None:
    found = check(f"v=spf1 {' '.join(order)} -all")
    assert (found.result, found.cost) == ("fail", Cost(terms=4, voids=1))


@given(
    st.sampled_from([record for record, _ in EVALUATION]),
    st.sampled_from(["A", "TXT", "MX"]),
    st.sampled_from(["192.0.2.1", "2001:db8::1"]),
)
def test_an_unrelated_name_changes_nothing(record: str, rrtype: str, ip: str) -> None:
    more = {
        f"unrelated.example.com {rrtype}": {
            "A": "192.0.2.1",
            "TXT": "v=spf1 +all",
            "MX": "10 mx1.example.com.",
        }[rrtype]
    }
    before, after = (
        check_host(ip, "example.com", "user@example.com", "x", resolver)
        for resolver in (world(record), world(record, **more))
    )
    assert before == after
