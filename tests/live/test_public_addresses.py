"""Which addresses are public: the same on every version of Python."""

from __future__ import annotations

import pytest

from mailauth_dns.live.public_addresses import is_public

PUBLIC = """
1.1.1.1 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 172.15.0.1 172.32.0.1 192.0.1.0 223.255.255.255
2606:4700::1111 2001:200::1 2003::1 3ffe:ffff::1 64:ff9b::101:101
"""
NOT_PUBLIC = """
0.0.0.0 10.0.0.1 100.64.0.1 127.0.0.1 127.255.255.255 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.9 192.0.2.1 192.88.99.1
192.168.1.1 198.19.0.1 198.51.100.1 203.0.113.1 224.0.0.1 240.0.0.1 255.255.255.255
:: ::1 ::ffff:1.1.1.1 ::ffff:10.0.0.1 64:ff9b::a00:1 64:ff9b:1::1 100::1 fc00::1 fd12::1 fe80::1 fec0::1 ff02::1
2001::1 2001:2::1 2001:db8::1 2002:a00:1::1 2002:101:101::1 3fff::1 5f00::1
"""


@pytest.mark.parametrize("address", PUBLIC.split())
def test_what_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", NOT_PUBLIC.split())
def test_what_is_not(address: str) -> None:
    assert not is_public(address)
