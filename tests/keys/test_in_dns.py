"""What servers hold for a key, taken together, and how long caches may hold an older answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest

from mailauth_dns.evaluate.observation import Observation, ServerView, Unknown
from mailauth_dns.keys.in_dns import key_in_dns
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey, RRset
from tests.keys.declared_keys import (
    DOMAIN,
    OTHER,
    RSA,
    key,
)

NAME = DomainName("s1._domainkey.example.com")
WILDCARDS = [(DomainName(f"{above}.example.com"), "TXT") for above in ("*._domainkey", "*")]


def text(value: str, ttl: int = 300) -> dict[RRKey, RRset | Unknown | None]:
    return {(NAME, "TXT"): RRset(NAME, "TXT", ttl, frozenset({value}))}


def server(
    name: str, held: Mapping[RRKey, RRset | Unknown | None], minimum: int = 900, soa_ttl: int = 3600
) -> ServerView:
    soa = RRset(
        DOMAIN,
        "SOA",
        soa_ttl,
        frozenset({f"ns1.example.net. hostmaster.example.net. 1 7200 1800 1209600 {minimum}"}),
    )
    empty: dict[RRKey, RRset | Unknown | None] = dict.fromkeys(
        [*((NAME, type) for type in ("TXT", "CNAME", "A")), *WILDCARDS]
    )
    return ServerView(name, {**empty, (DOMAIN, "SOA"): soa, **held})


def observed(*views: ServerView) -> Observation:
    return Observation(DOMAIN, views, None, None if views else "no name servers were found")


SERVED, REVOKED = text(f"v=DKIM1; k=rsa; p={RSA.p}"), text("v=DKIM1; p=")
SIGHTS: dict[str, tuple[Observation, str]] = {
    "served by all": (observed(server("a", SERVED), server("b", SERVED)), "served"),
    "the same key in another spelling": (
        observed(server("a", text(f"p={RSA.p[:9]} {RSA.p[9:]}; n=note"))),
        "served",
    ),
    "missing": (observed(server("a", {}), server("b", {})), "missing"),
    "one server lags": (observed(server("a", SERVED), server("b", {})), "partly"),
    "empty key": (observed(server("a", REVOKED)), "revoked"),
    "another key": (observed(server("a", text(OTHER))), "other"),
    "another key type": (observed(server("a", text(f"v=DKIM1; k=ed25519; p={RSA.p}"))), "other"),
    "no key record": (observed(server("a", text("hello"))), "other"),
    "two records": (
        observed(
            server(
                "a",
                {(NAME, "TXT"): RRset(NAME, "TXT", 300, frozenset({f"v=DKIM1; p={RSA.p}", OTHER}))},
            )
        ),
        "other",
    ),
    "an alias in its place": (
        observed(
            server(
                "a", {(NAME, "CNAME"): RRset(NAME, "CNAME", 300, frozenset({"s1.example.net."}))}
            )
        ),
        "other",
    ),
    "one server does not answer": (
        observed(server("a", SERVED), server("b", {(NAME, "TXT"): Unknown("timed out")})),
        "unknown",
    ),
    "no SOA, so the wait is not known": (
        observed(server("a", {**SERVED, (DOMAIN, "SOA"): None})),
        "unknown",
    ),
    "no servers": (observed(), "unknown"),
}


@pytest.mark.parametrize("case", SIGHTS)
def test_what_servers_say_is_one_state(case: str) -> None:
    observation, state = SIGHTS[case]
    assert key_in_dns(key(), observation).state == state


LONGER, ALIAS = (
    text("p=MIIBIjANBgkqhkiG9w0BAQEF"),
    {(NAME, "CNAME"): RRset(NAME, "CNAME", 300, frozenset({"s1.example.net."}))},
)
CONTRADICTED = {
    "another key": (observed(server("a", text(OTHER))), f"k=rsa; p=...{OTHER[-20:]}"),
    "broken": (
        observed(server("a", text(f"k=rsa; v=DKIM1; p={RSA.p}"))),
        "a broken record: v must be the first tag",
    ),
    "several": (
        observed(server("a", {(NAME, "TXT"): RRset(NAME, "TXT", 300, frozenset({OTHER, "p="}))})),
        "2 records, of which verifiers",
    ),
    "an alias": (observed(server("a", ALIAS)), "an alias of s1.example.net."),
    "two others": (
        observed(server("a", LONGER), server("b", ALIAS)),
        "k=rsa; p=...IjANBgkqhkiG9w0BAQEF; an alias of s1.example.net.",
    ),
    "one server of two": (
        observed(server("a", SERVED), server("b", LONGER)),
        "a: served, b: other (k=rsa; p=...IjANBgkqhkiG9w0BAQEF)",
    ),
    "revoked": (observed(server("a", text("p="))), ""),
    "one is revoked": (
        observed(server("a", SERVED), server("b", text("p="))),
        "a: served, b: revoked",
    ),
}


@pytest.mark.parametrize("case", CONTRADICTED)
def test_what_stands_in_the_place_of_a_key_is_told(case: str) -> None:
    observation, detail = CONTRADICTED[case]
    seen = key_in_dns(key(), observation)
    assert seen.contradicts
    assert seen.detail.startswith(detail)


@pytest.mark.parametrize("views", [(SERVED,), ({},), (SERVED, {})])
def test_a_key_that_is_yet_to_come_is_no_contradiction(
    views: tuple[Mapping[RRKey, RRset | Unknown | None], ...],
) -> None:
    seen = key_in_dns(
        key(), observed(*(server(str(number), view) for number, view in enumerate(views)))
    )
    assert not seen.contradicts


# TTL of the record, of the policy, SOA minimum and SOA TTL; what caches may hold, in seconds.
WAITS = [
    (300, None, 900, 3600, 900, "the zone's negative TTL"),
    (3600, None, 900, 3600, 3600, "the record's TTL"),
    (300, 7200, 900, 3600, 7200, "the record's TTL"),
    (
        300,
        None,
        86400,
        600,
        600,
        "the zone's negative TTL",
    ),  # RFC 2308 §5: the smaller of the SOA's TTL and its minimum
]


@pytest.mark.parametrize(("ttl", "declared", "minimum", "soa_ttl", "wait", "bound"), WAITS)
def test_the_wait_is_the_longest_that_any_cache_keeps_an_old_answer(
    ttl: int, declared: int | None, minimum: int, soa_ttl: int, wait: int, bound: str
) -> None:
    views = [
        server("a", text(f"p={RSA.p}", ttl), minimum, soa_ttl),
        server("b", text(f"p={RSA.p}", 1), 1, 1),
    ]
    seen = key_in_dns(key(ttl=declared), observed(*views))
    assert (seen.wait, seen.bound) == (timedelta(seconds=wait), bound)


@pytest.mark.parametrize("name", [name for name, _ in WILDCARDS])
def test_what_a_wildcard_answered_before_counts_too(name: DomainName) -> None:
    wildcard = RRset(name, "TXT", 43200, frozenset({"v=DKIM1; p="}))
    seen = key_in_dns(key(), observed(server("a", {**SERVED, (name, "TXT"): wildcard})))
    assert (seen.state, seen.wait) == ("served", timedelta(hours=12))
