"""check_host(): which questions it asks DNS, and what it does without an answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailauth_dns.errors import ObservationError
from mailauth_dns.evaluate.resolver import Resolver, Values
from mailauth_dns.evaluate.spf import check_host
from mailauth_dns.records.name import DomainName
from tests.evaluate.spf_world import check, world
from tests.evaluate.test_spf import EVALUATION


class Asked:
    """A resolver that keeps what it was asked."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self.questions: list[tuple[str, str]] = []

    def lookup(self, name: DomainName, rrtype: str) -> Values:
        self.questions.append((name, rrtype))
        return self._resolver.lookup(name, rrtype)


QUESTIONS: list[
    tuple[str, str, list[tuple[str, str]]]
] = [  # record, client, what is asked after the record
    ("v=spf1 ip4:192.0.2.9 +all exp=why.example.com", "192.0.2.1", []),
    ("v=spf1 +all a:Never.example.com", "192.0.2.1", []),
    ("v=spf1 a:MX1.Example.com.", "192.0.2.1", [("mx1.example.com", "A")]),
    ("v=spf1 a:mx1.example.com", "2001:db8::1", [("mx1.example.com", "AAAA")]),
    (
        "v=spf1 mx",
        "192.0.2.10",
        [("example.com", "MX"), ("mx1.example.com", "A")],
    ),  # §5.4: by preference, until one matches
    ("v=spf1 mx:nullmx.example.com", "192.0.2.10", [("nullmx.example.com", "MX")]),
    ("v=spf1 mx:eleven.example.com", "192.0.2.10", [("eleven.example.com", "MX")]),
    (
        "v=spf1 a:a..example.com mx:a..example.com exists:a..example.com "
        "include:%{l}a..example.com",
        "192.0.2.1",
        [],
    ),
    ("v=spf1 exists:%{ir}.example.com", "::ffff:192.0.2.1", [("1.2.0.192.example.com", "A")]),
    (
        "v=spf1 ptr",
        "192.0.2.30",
        [("30.2.0.192.in-addr.arpa", "PTR"), ("host.ptr.example.com", "A")],
    ),
    ("v=spf1 -all exp=why.example.com", "192.0.2.1", [("why.example.com", "TXT")]),
]


@pytest.mark.parametrize(("record", "ip", "questions"), QUESTIONS)
def test_what_is_asked(record: str, ip: str, questions: list[tuple[str, str]]) -> None:
    resolver = Asked(world(record))
    check_host(ip, "example.com", "user@example.com", "mx1.example.com", resolver)
    assert resolver.questions == [("example.com", "TXT"), *questions]


@given(st.sampled_from([record for record, _ in EVALUATION]), st.integers(0, 20))
def test_silence_is_never_an_answer(record: str, silent: int) -> None:
    """Where DNS fails, the result is what it is without that question, or temperror."""

    class Silent(Asked):
        def lookup(self, name: DomainName, rrtype: str) -> Values:
            values = super().lookup(name, rrtype)
            if len(self.questions) == silent + 1:
                raise ObservationError("timeout")
            return values

    resolver = Silent(world(record))
    found = check_host("192.0.2.1", "example.com", "user@example.com", "x", resolver)
    expected = check(record, helo="x")
    exp_failed = len(resolver.questions) == silent + 1 and resolver.questions[-1] == (
        "why.example.com",
        "TXT",
    )
    assert found.result == (
        expected.result if len(resolver.questions) <= silent or exp_failed else "temperror"
    )
