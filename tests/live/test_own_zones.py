"""A zone of the repo is asked at its delegated servers: a cache would tell what was there before."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from mailauth_dns.live import lookup
from mailauth_dns.live import resolver as module
from mailauth_dns.live.delegation import ZoneServers
from mailauth_dns.live.resolver import LiveResolver
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.server_address import ServerAddress
from tests.live.asking import name
from tests.live.authority import Authority, Behaviour, zone
from tests.live.unanswering import closed_port

OWN = name("example.com")
NEW = zone("example.com", '@ 60 IN TXT "v=spf1 -all"\nback 60 IN CNAME www.example.net.')
OLD = zone("example.com", '@ 3600 IN TXT "site-verification=1"')
ELSEWHERE = zone("example.net", '@ 60 IN TXT "elsewhere"\nwww 60 IN A 192.0.2.9')


@pytest.fixture
def delegated(monkeypatch: pytest.MonkeyPatch) -> list[ServerAddress]:
    """The servers that example.com is delegated to."""
    servers: list[ServerAddress] = []

    def found(zones: Sequence[DomainName], _: object) -> dict[DomainName, ZoneServers]:
        return dict.fromkeys(zones, ZoneServers(tuple(servers)))

    monkeypatch.setattr(module, "zone_servers", found)
    return servers


def test_what_a_cache_still_says_is_not_asked(delegated: list[ServerAddress]) -> None:
    with Authority([NEW]) as own, Authority([OLD, ELSEWHERE], Behaviour(recursive=True)) as cache:
        delegated.append(own.server)
        resolver = LiveResolver({OWN: ()}, resolvers=[cache.server])
        assert resolver.lookup(OWN, "TXT") == ("v=spf1 -all",)
        assert resolver.lookup(name("nothing.example.com"), "TXT") is None
        assert resolver.lookup(name("back.example.com"), "A") == ("192.0.2.9",)
    assert {asked for _, asked, _ in cache.seen} == {"www.example.net"}


def test_names_of_others_are_asked_at_the_resolvers(delegated: list[ServerAddress]) -> None:
    with closed_port() as nobody, Authority([ELSEWHERE], Behaviour(recursive=True)) as cache:
        delegated.append(nobody)
        resolver = LiveResolver({OWN: ()}, resolvers=[cache.server])
        assert resolver.lookup(name("example.net"), "TXT") == ("elsewhere",)


def test_a_resolver_answers_where_a_network_lets_nothing_else_through(
    delegated: list[ServerAddress], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[ServerAddress] = []

    def ask(questions: list[lookup.Question], **limits: float) -> object:
        asked.extend(question.server for question in questions)
        return lookup.ask(questions, **limits)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "ask", ask)
    with closed_port() as nobody, Authority([OLD], Behaviour(recursive=True)) as cache:
        delegated.append(nobody)
        resolver = LiveResolver({OWN: ()}, resolvers=[cache.server], timeout=0.3)
        assert resolver.lookup(OWN, "TXT") == ("site-verification=1",)
        assert resolver.lookup(OWN, "MX") == ()
    assert asked.count(nobody) == 1


def test_a_zone_that_is_not_delegated_is_asked_at_the_resolvers() -> None:
    with Authority([OLD], Behaviour(recursive=True)) as cache:
        resolver = LiveResolver({name("sub.example.com"): ()}, resolvers=[cache.server])
        assert resolver.lookup(name("sub.example.com"), "TXT") is None
