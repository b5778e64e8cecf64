"""Sets of addresses stay exact and minimal when some are added or removed."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, collapse_addresses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailauth_dns.records.addresses import EVERYBODY, NOBODY, Addresses, Network, addresses_of

FIRST4, FIRST6 = int(IPv4Address("192.0.2.0")), int(IPv6Address("2001:db8::"))


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Return a network in 256 addresses of either version, so that they meet."""
    bits, at = draw(st.integers(0, 8)), draw(st.integers(0, 255))
    if draw(st.booleans()):
        return IPv4Network((FIRST4 + at, 32 - bits), strict=False)
    return IPv6Network((FIRST6 + at, 128 - bits), strict=False)


def each(listed: list[Network]) -> frozenset[IPv4Address | IPv6Address]:
    return frozenset(address for network in listed for address in network)


@given(st.lists(networks()))
def test_aggregation_holds_the_same_addresses_in_the_fewest_networks(listed: list[Network]) -> None:
    found = addresses_of(listed).networks
    assert each(list(found)) == each(listed)
    fewest: list[Network] = [
        *collapse_addresses(IPv4Network(a) for a in each(listed) if isinstance(a, IPv4Address)),
        *collapse_addresses(IPv6Network(a) for a in each(listed) if isinstance(a, IPv6Address)),
    ]
    assert list(found) == fewest


@given(st.lists(networks()), st.lists(networks()))
def test_sets_are_joined_taken_away_and_crossed_exactly(
    one: list[Network], other: list[Network]
) -> None:
    a, b = addresses_of(one), addresses_of(other)
    assert each(list((a | b).networks)) == each(one) | each(other)
    assert each(list((a - b).networks)) == each(one) - each(other)
    assert each(list((a & b).networks)) == each(one) & each(other)
    assert (a == b) == (each(one) == each(other))
    assert bool(a - b) == bool(each(one) - each(other))


MINIMAL = [
    (["192.0.2.0/25", "192.0.2.128/25"], ["192.0.2.0/24"]),
    (["192.0.2.1/32", "192.0.2.2/32"], ["192.0.2.1/32", "192.0.2.2/32"]),
    (["192.0.2.0/24", "192.0.2.7/32"], ["192.0.2.0/24"]),
    (["0.0.0.0/1", "128.0.0.0/1"], ["0.0.0.0/0"]),
]


@pytest.mark.parametrize(("given_networks", "fewest"), MINIMAL)
def test_networks(given_networks: list[str], fewest: list[str]) -> None:
    assert [
        str(network) for network in addresses_of(map(IPv4Network, given_networks)).networks
    ] == fewest


def test_the_whole_internet_and_nobody() -> None:
    assert [str(network) for network in EVERYBODY.networks] == ["0.0.0.0/0", "::/0"]
    assert EVERYBODY - addresses_of([IPv4Network("0.0.0.0/0")]) == Addresses(v6=EVERYBODY.v6)
    assert not NOBODY
    assert EVERYBODY - EVERYBODY == NOBODY
