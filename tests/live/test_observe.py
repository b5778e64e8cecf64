"""What is observed of zones whose servers are found by delegation, or given by address."""

from __future__ import annotations

from collections.abc import Iterable

import dns.rcode
import dns.resolver
import pytest

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.evaluate.observation import Observation, Unknown
from mailauth_dns.live.observe import Wanted, observe, resolve
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey, RRset
from tests.live.authority import Authority, Behaviour, zone
from tests.live.observed_zone import (
    APEX,
    BELOW,
    DMARC,
    NS,
    PRIMARY,
    RECORDS,
    SELECTOR,
    SELECTOR_CNAME,
    SPF,
    WILD,
    ZONE,
    reason,
)
from tests.live.unanswering import closed_port


def given(*keys: RRKey, servers: Iterable[str]) -> Observation:
    """Observe example.com at servers that are given by address."""
    found = observe([Wanted(ZONE, frozenset(keys), tuple(servers))], timeout=0.3)
    assert list(found) == [ZONE]
    return found[ZONE]


def test_given_servers_are_asked_for_what_is_wanted_and_the_ns_set() -> None:
    with Authority([PRIMARY]) as authority:
        seen = given(APEX, DMARC, servers=[authority.text])
    assert (seen.delegated, seen.problem) == (None, None)
    (view,) = seen.servers
    assert view.server == authority.text
    assert view.sets == {
        APEX: SPF,
        DMARC: None,
        NS: RRset(ZONE, "NS", 3600, frozenset({"ns1.example.net."})),
    }


def test_a_cname_is_seen_as_itself_when_txt_was_asked() -> None:
    with Authority([PRIMARY]) as authority:
        seen = given(SELECTOR, servers=[authority.text])
        both = given(SELECTOR, SELECTOR_CNAME, servers=[authority.text])
    for observation in (seen, both):
        assert observation.agreed(SELECTOR) is None
        assert observation.agreed(SELECTOR_CNAME) == RRset(
            *SELECTOR_CNAME, 300, frozenset({"s1.example.net."})
        )


def test_a_wildcards_answer_is_an_answer() -> None:
    with Authority([PRIMARY]) as authority:
        assert given(WILD, servers=[authority.text]).agreed(WILD) == RRset(
            *WILD, 300, frozenset({"from the wildcard"})
        )


def test_a_name_below_a_delegation_is_unknown_not_absent() -> None:
    with Authority([PRIMARY]) as authority:
        seen = given(APEX, BELOW, servers=[authority.text])
    assert seen.agreed(APEX) == SPF
    assert (
        "sub.example.com is delegated to ns1.example.org: this server does not answer for it"
        in reason(seen.agreed(BELOW))
    )


NOT_AUTHORITATIVE = [
    (Behaviour(authoritative=False), "lame: answers without authority"),
    (Behaviour(lame=True), "lame: answers without authority"),
    (Behaviour(rcode=dns.rcode.REFUSED), "answers REFUSED"),
    (Behaviour(rcode=dns.rcode.SERVFAIL), "answers SERVFAIL"),
    (Behaviour(silent_after=0), "no answer (2 x 0.3 s)"),
]


@pytest.mark.parametrize(("behaviour", "why"), NOT_AUTHORITATIVE)
def test_without_an_authoritative_answer_the_set_is_unknown(behaviour: Behaviour, why: str) -> None:
    with Authority([PRIMARY], behaviour) as authority:
        seen = given(APEX, DMARC, servers=[authority.text])
    assert seen.servers[0].sets == dict.fromkeys([APEX, DMARC, NS], Unknown(why))


def test_the_parents_server_is_lame_for_the_zone() -> None:
    parent = zone("com", "example 300 IN NS ns1.example.net.\n")
    with Authority([parent]) as authority:
        assert "lame" in reason(given(APEX, servers=[authority.text]).agreed(APEX))


def test_two_servers_that_differ_do_not_agree() -> None:
    other = zone("example.com", '@ 300 IN TXT "v=spf1 +all"\n')
    with Authority([PRIMARY]) as first, Authority([other]) as second:
        seen = given(APEX, DMARC, servers=[first.text, second.text])
    assert reason(seen.agreed(APEX)) == f"{first.text} and {second.text} differ"
    assert seen.agreed(DMARC) is None


def test_one_dead_server_of_two_makes_it_unknown() -> None:
    with Authority([PRIMARY]) as alive, closed_port() as dead:
        seen = given(APEX, servers=[alive.text, str(dead)])
    assert reason(seen.agreed(APEX)) == f"{dead}: refused: nothing listens on UDP port {dead.port}"
    assert seen.servers[0].sets[APEX] == SPF


def test_a_server_given_by_name_is_refused() -> None:
    with pytest.raises(RecordSyntaxError, match="not a name"):
        given(APEX, servers=["ns1.example.net"])


TARGETS = """
s1 300 IN TXT "v=DKIM1; p="
"""
RESOLVED = [
    (SELECTOR, "v=DKIM1; p="),  # through the alias
    (APEX, "v=spf1 -all"),
    (DMARC, None),
    ((DomainName("s2._domainkey.example.com"), "TXT"), None),  # an alias that leads nowhere
]


@pytest.mark.parametrize(("key", "value"), RESOLVED)
def test_names_are_resolved_to_where_their_aliases_end(key: RRKey, value: str | None) -> None:
    zones = [
        zone("example.com", RECORDS + "s2._domainkey 300 IN CNAME gone.example.net.\n"),
        zone("example.net", TARGETS),
    ]
    with Authority(zones, Behaviour(recursive=True)) as authority:
        found = resolve([key], resolvers=[authority.server], timeout=0.3)[key]
    assert not isinstance(found, Unknown), found
    assert (found and found.values) == (value and frozenset({value}))


def test_a_name_that_nobody_resolves_is_unknown() -> None:
    with closed_port() as closed:
        [found] = resolve([SELECTOR], resolvers=[closed], timeout=0.3).values()
    assert "resolver" in reason(found)
