"""Sets of IP addresses that stay exact when you add or remove some (RFC 7208 §5.6).

A set is ranges of numbers, so two sets of the same addresses are equal, however they were written.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, summarize_address_range

Network = IPv4Network | IPv6Network
Range = tuple[int, int]  # first and last address, both included


@dataclass(frozen=True, slots=True)
class Addresses:
    """Ranges in ascending order; between two of them lies at least one other address."""

    v4: tuple[Range, ...] = ()
    v6: tuple[Range, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.v4 or self.v6)

    def __or__(self, other: Addresses) -> Addresses:
        return Addresses(_joined((*self.v4, *other.v4)), _joined((*self.v6, *other.v6)))

    def __sub__(self, other: Addresses) -> Addresses:
        return Addresses(_without(self.v4, other.v4), _without(self.v6, other.v6))

    def __and__(self, other: Addresses) -> Addresses:
        return self - (self - other)

    @property
    def networks(self) -> tuple[Network, ...]:
        """The fewest networks that hold exactly these addresses, IPv4 first."""
        four = (
            network
            for low, high in self.v4
            for network in summarize_address_range(IPv4Address(low), IPv4Address(high))
        )
        six = (
            network
            for low, high in self.v6
            for network in summarize_address_range(IPv6Address(low), IPv6Address(high))
        )
        return (*four, *six)


NOBODY = Addresses()
EVERYBODY = Addresses(((0, 2**32 - 1),), ((0, 2**128 - 1),))


def addresses_of(networks: Iterable[Network]) -> Addresses:
    """Return the addresses that lie in any of these networks."""
    ranges: dict[int, list[Range]] = {4: [], 6: []}
    for network in networks:
        ranges[network.version].append(
            (int(network.network_address), int(network.broadcast_address))
        )
    return Addresses(_joined(ranges[4]), _joined(ranges[6]))


def _joined(ranges: Iterable[Range]) -> tuple[Range, ...]:
    found: list[Range] = []
    for low, high in sorted(ranges):
        if found and low <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], high))
        else:
            found.append((low, high))
    return tuple(found)


def _without(ranges: tuple[Range, ...], taken: tuple[Range, ...]) -> tuple[Range, ...]:
    found: list[Range] = []
    at = 0
    for first, high in ranges:
        low = first
        while at < len(taken) and taken[at][1] < low:
            at += 1
        here = at
        while here < len(taken) and taken[here][0] <= high:
            if low < taken[here][0]:
                found.append((low, taken[here][0] - 1))
            low = taken[here][1] + 1
            here += 1
        if low <= high:
            found.append((low, high))
    return tuple(found)
