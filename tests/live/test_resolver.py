"""Live DNS for evaluation: known, absent and unknown differ; one question once, in limited time."""

from __future__ import annotations

import time

import dns.rcode
import pytest

from mailauth_dns.errors import ObservationError
from mailauth_dns.live import dns_message
from mailauth_dns.live.resolver import LiveResolver
from mailauth_dns.records.name import DomainName
from tests.live.asking import SPF, ZONE, name
from tests.live.authority import Authority, Behaviour, zone
from tests.live.unanswering import closed_port, silent_port

WORLD = [
    ZONE,
    zone(
        "example.net",
        """
s1.domainkey 60 IN TXT "v=DKIM1; p=YWJj"
loop 60 IN CNAME loop2
loop2 60 IN CNAME loop
back 60 IN CNAME mx.example.com.
gone 60 IN CNAME nothing
two\\@odd 60 IN A 192.0.2.2
""",
    ),
]

ANSWERS = [
    ("example.com", "TXT", {SPF, "site-verification=1"}),
    ("example.com", "MX", {"10 mx.example.com."}),
    ("mx.example.com", "A", {"192.0.2.1"}),
    ("mx.example.com", "AAAA", {"2001:db8::1"}),
    ("mx.example.com", "TXT", ()),
    ("nothing.example.com", "TXT", None),
    ("alias.example.com", "A", {"192.0.2.1"}),
    ("alias.example.com", "TXT", ()),
    ("alias.example.com", "CNAME", {"mx.example.com."}),
    ("s1._domainkey.example.com", "TXT", {"v=DKIM1; p=YWJj"}),
    ("gone.example.net", "A", None),
    ("gone.example.net", "CNAME", {"nothing.example.net."}),
    ("two@odd.example.net", "A", {"192.0.2.2"}),
]


def values(found: tuple[str, ...] | None) -> set[str] | tuple[str, ...] | None:
    return set(found) if found else found


@pytest.mark.parametrize(("owner", "type", "expected"), ANSWERS)
def test_a_recursive_resolver_is_asked(owner: str, type: str, expected: object) -> None:
    with Authority(WORLD, Behaviour(recursive=True)) as recursive:
        assert (
            values(LiveResolver(resolvers=[recursive.server]).lookup(name(owner), type)) == expected
        )


@pytest.mark.parametrize(("owner", "type", "expected"), ANSWERS)
def test_given_name_servers_are_asked_for_their_zones(
    owner: str, type: str, expected: object
) -> None:
    with Authority(WORLD[:1]) as first, Authority(WORLD[1:]) as second, closed_port() as nobody:
        resolver = LiveResolver(
            {name("example.com"): [first.text], name("example.net"): [second.text]},
            resolvers=[nobody],
        )
        assert values(resolver.lookup(name(owner), type)) == expected


def test_an_alias_goes_from_given_name_servers_to_the_resolvers_and_back() -> None:
    new = zone("example.com", "mx 60 IN A 203.0.113.1\nthere 60 IN CNAME back.example.net.")
    with Authority([new]) as given, Authority(WORLD, Behaviour(recursive=True)) as recursive:
        resolver = LiveResolver({name("example.com"): [given.text]}, resolvers=[recursive.server])
        assert resolver.lookup(name("there.example.com"), "A") == ("203.0.113.1",)


def test_what_given_name_servers_delegate_is_asked_of_the_resolvers() -> None:
    below = zone("sub.example.com", '@ 60 IN TXT "v=spf1 -all"')
    with Authority([ZONE]) as given, Authority([below], Behaviour(recursive=True)) as recursive:
        resolver = LiveResolver({name("example.com"): [given.text]}, resolvers=[recursive.server])
        assert resolver.lookup(name("sub.example.com"), "TXT") == ("v=spf1 -all",)


def test_a_truncated_answer_comes_over_tcp() -> None:
    with Authority([ZONE], Behaviour(recursive=True, truncate=True)) as recursive:
        assert LiveResolver(resolvers=[recursive.server]).lookup(name("mx.example.com"), "A") == (
            "192.0.2.1",
        )
    assert recursive.seen["tcp", "mx.example.com", "A"] == 1


def test_each_question_is_asked_once() -> None:
    with Authority(WORLD, Behaviour(recursive=True)) as recursive:
        resolver = LiveResolver(resolvers=[recursive.server])
        for owner, type in [
            ("example.com", "TXT"),
            ("nothing.example.com", "TXT"),
            ("mx.example.com", "TXT"),
        ] * 3:
            resolver.lookup(name(owner), type)
    assert set(recursive.seen.values()) == {1}


def test_the_second_of_two_servers_answers_where_the_first_cannot() -> None:
    with (
        Authority([ZONE], Behaviour(rcode=dns.rcode.SERVFAIL)) as broken,
        Authority([ZONE]) as whole,
    ):
        resolver = LiveResolver({name("example.com"): [broken.text, whole.text]}, resolvers=[])
        assert resolver.lookup(name("mx.example.com"), "A") == ("192.0.2.1",)


# One answer is counted behind the question, and none is there.
SHORT = b"\0\1\0\1\0\0\0\0" + dns_message.question_section(name("mx.example.com"), "A")

UNKNOWN = [
    (Behaviour(rcode=dns.rcode.SERVFAIL), "answers SERVFAIL"),
    (Behaviour(rcode=dns.rcode.REFUSED), "answers REFUSED"),
    (Behaviour(authoritative=False), "lame"),
    (Behaviour(lame=True), "lame"),
    (Behaviour(mangle=SHORT), "malformed answer"),
    (Behaviour(drop=9), "no answer (2 x 0.1 s)"),
]


@pytest.mark.parametrize(("behaviour", "reason"), UNKNOWN)
def test_what_a_given_name_server_cannot_say_is_unknown(behaviour: Behaviour, reason: str) -> None:
    with Authority([ZONE], behaviour) as given:
        resolver = LiveResolver({name("example.com"): [given.text]}, resolvers=[], timeout=0.1)
        with pytest.raises(ObservationError) as caught:
            resolver.lookup(name("mx.example.com"), "A")
    assert reason in str(caught.value)
    assert str(caught.value).startswith("mx.example.com A: ")


def test_a_loop_of_aliases_is_unknown() -> None:
    with Authority(WORLD[1:]) as given:
        resolver = LiveResolver({name("example.net"): [given.text]}, resolvers=[])
        with pytest.raises(ObservationError, match="loop"):
            resolver.lookup(name("loop.example.net"), "A")


def test_a_name_outside_is_unknown_where_no_resolver_is() -> None:
    """A demo's only DNS is its own name server, which says nothing about the rest of the world."""
    with Authority([ZONE]) as given:
        resolver = LiveResolver({name("example.com"): [given.text]}, resolvers=[])
        with pytest.raises(ObservationError, match="no recursive resolver"):
            resolver.lookup(name("s1._domainkey.example.com"), "TXT")


def test_a_dead_resolver_is_asked_no_more_after_two_questions() -> None:
    with silent_port() as dead:
        resolver = LiveResolver(resolvers=[dead], timeout=0.1)
        began = time.monotonic()
        for number in range(50):
            with pytest.raises(ObservationError):
                resolver.lookup(DomainName(f"n{number}.example.com"), "TXT")
    assert time.monotonic() - began < 2


def test_one_message_has_its_time_and_the_next_one_its_own() -> None:
    with Authority(
        [ZONE], Behaviour(recursive=True, drop=9, dropped="slow.example.com")
    ) as recursive:
        resolver = LiveResolver(resolvers=[recursive.server], message_time=0.2)
        assert resolver.lookup(name("example.com"), "MX") == ("10 mx.example.com.",)
        with pytest.raises(ObservationError, match="no answer"):
            resolver.lookup(name("slow.example.com"), "TXT")
        with pytest.raises(
            ObservationError, match=r"the 0\.2 s that DNS may take for a message are over"
        ):
            resolver.lookup(name("mx.example.com"), "A")
        assert resolver.lookup(name("example.com"), "MX") == ("10 mx.example.com.",)
        resolver.next_message()
        assert resolver.lookup(name("mx.example.com"), "A") == ("192.0.2.1",)
