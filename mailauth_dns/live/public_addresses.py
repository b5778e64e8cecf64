"""Which addresses are on the public Internet (RFC 6890).

Python's `is_global` knows different networks in each version. This module is the same everywhere.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_NOT_PUBLIC = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this host: a connection to it goes to loopback
            "10.0.0.0/8",
            "100.64.0.0/10",  # behind a carrier's address translation (RFC 6598)
            "127.0.0.0/8",
            "169.254.0.0/16",  # link-local; clouds serve a machine's own metadata there
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",  # relays of 6to4, deprecated (RFC 7526)
            "192.168.0.0/16",
            "198.18.0.0/15",  # benchmarks (RFC 2544)
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/3",  # multicast, reserved, broadcast
        ),
    )
)
_PUBLIC6 = IPv6Network("2000::/3")  # all that is assigned to networks (RFC 4291 §2.4)
_NOT_PUBLIC6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # special protocols: Teredo, ORCHID
            "2001:db8::/32",
            "2002::/16",  # 6to4 holds any IPv4 address, also a private one
            "3fff::/20",  # documentation (RFC 9637)
        ),
    )
)
# A host without IPv4 reaches an IPv4 address by these: it is the last 32 bits (RFC 6052 §2.1).
_TRANSLATED = IPv6Network("64:ff9b::/96")


def is_public(text: str) -> bool:
    """Tell whether an address from DNS can belong to a public server."""
    address = ip_address(text)
    if isinstance(address, IPv6Address) and address in _TRANSLATED:
        address = IPv4Address(int(address) & 0xFFFFFFFF)
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC)
    return address in _PUBLIC6 and not any(address in network for network in _NOT_PUBLIC6)
