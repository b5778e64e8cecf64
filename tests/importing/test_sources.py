"""What import reads of live DNS: what all servers say; the rest is unknown, with its reason."""

from __future__ import annotations

import dns.rcode
import pytest

from mailauth_dns.importing.common_selectors import COMMON_SELECTORS
from mailauth_dns.importing.sources import Published, in_dns
from mailauth_dns.live import observe
from mailauth_dns.records.name import DomainName, domain_name
from mailauth_dns.records.zone import RRKey
from tests.live.authority import Authority, Behaviour, zone

ZONE = DomainName("example.com")
SUB = DomainName("sub.example.com")
RECORDS = (
    '@ 300 IN TXT "v=spf1 -all"\ns1._domainkey 300 IN CNAME s1.example.net.\n_dmarc 300 IN '
    'TXT "v=DMARC1; p=none"\n'
)
HOLDER = zone("example.com", RECORDS)


def key(name: str, type: str) -> RRKey:
    return (DomainName(name), type)


def asked(*servers: Authority, domain: DomainName = ZONE) -> Published:
    return in_dns({ZONE: [domain]}, ["s1"], tuple(server.text for server in servers))[ZONE]


def test_what_is_there_is_found_under_its_own_type() -> None:
    with Authority([HOLDER]) as server:
        found = asked(server)
    assert found.unknown == ()
    assert {rrset.key: rrset.values for rrset in found.zone.rrsets} == {
        key("example.com", "TXT"): {"v=spf1 -all"},
        key("s1._domainkey.example.com", "CNAME"): {"s1.example.net."},
        key("_dmarc.example.com", "TXT"): {"v=DMARC1; p=none"},
    }


DIFFERENT = {
    "another value": (
        RECORDS.replace("p=none", "p=reject"),
        key("_dmarc.example.com", "TXT"),
        "differ",
    ),
    "none": (
        RECORDS.replace('_dmarc 300 IN TXT "v=DMARC1; p=none"\n', ""),
        key("_dmarc.example.com", "TXT"),
        "differ",
    ),
    "a key in place of an alias": (
        RECORDS.replace("CNAME s1.example.net.", 'TXT "p=AAAA"'),
        key("s1._domainkey.example.com", "CNAME"),
        "differ",
    ),
}


@pytest.mark.parametrize("case", DIFFERENT)
def test_what_servers_do_not_say_alike_is_unknown(case: str) -> None:
    records, where, why = DIFFERENT[case]
    with Authority([HOLDER]) as first, Authority([zone("example.com", records)]) as second:
        found = asked(first, second)
    assert why in dict(found.unknown)[where]
    assert found.zone.get(where) is None


def test_a_server_that_fails_leaves_everything_unknown() -> None:
    with (
        Authority([HOLDER]) as first,
        Authority([HOLDER], Behaviour(rcode=dns.rcode.SERVFAIL)) as second,
    ):
        found = asked(first, second)
    assert found.zone.rrsets == frozenset()
    assert all(reason == f"{second.text}: answers SERVFAIL" for _, reason in found.unknown)
    assert key("_dmarc.example.com", "TXT") in dict(found.unknown)


WILD = (
    '*.sub 300 IN TXT "v=DMARC1; p=none"\nsub 300 IN TXT "v=spf1 -all"\n*._domainkey.sub 300 '
    "IN CNAME k.example.net.\n"
)


def test_a_wildcards_answers_are_found_at_the_wildcard_alone() -> None:
    with Authority([zone("example.com", WILD)]) as server:
        found = asked(server, domain=SUB)
    assert found.unknown == ()
    assert {rrset.key for rrset in found.zone.rrsets} == {
        key("sub.example.com", "TXT"),
        key("*.sub.example.com", "TXT"),
        key("*._domainkey.sub.example.com", "CNAME"),
    }


def test_a_domain_that_is_no_zone_gets_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    with Authority([zone("example.com", WILD)], Behaviour(recursive=True)) as resolver:
        monkeypatch.setattr(observe, "system_resolvers", lambda: (resolver.server,))
        found = in_dns({SUB: [SUB]}, ["s1"], ())[SUB]
    assert found.zone.rrsets == frozenset()
    expected = (
        "sub.example.com has no NS set, so it is not a zone of its own in DNS; --zone names "
        "the zone that holds its records"
    )
    assert {reason for _, reason in found.unknown} == {expected}


def test_common_selectors_are_names_and_no_name_is_asked_twice() -> None:
    assert [domain_name(selector) for selector in COMMON_SELECTORS] == list(COMMON_SELECTORS)
    assert len(set(COMMON_SELECTORS)) == len(COMMON_SELECTORS)
