"""Names of hosts by address: only what leads back is proven, and what DNS does not tell is unknown."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailauth_dns.live import host_names as subject
from mailauth_dns.live.host_names import host_names
from mailauth_dns.records.server_address import ServerAddress
from mailauth_dns.serve.server import LoopbackServer
from tests.live.unanswering import closed_port, silent_port

_HEAD = "$TTL 60\n@ SOA ns.example. hostmaster.example. 1 60 60 60 60\n@ NS ns.example.\n"
_FOUR = """
9 PTR mail.sender.example.
10 PTR liar.example.
11 PTR gone.sender.example.
12 PTR first.sender.example.
12 PTR second.sender.example.
13 CNAME 13.0-127
13.0-127 PTR mail.sender.example.
14 PTR not\\032a\\032name.sender.example.
15 PTR elsewhere.example.net.
"""
_NAMES = """
mail.sender A 203.0.113.9
mail.sender A 203.0.113.13
mail.sender AAAA 2001:db8::9
second.sender A 203.0.113.12
liar A 192.0.2.1
"""
_SIX = "9.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0 PTR mail.sender.example.\n"


@pytest.fixture
def resolver(tmp_path: Path) -> Iterator[ServerAddress]:
    for zone, text in {
        "113.0.203.in-addr.arpa": _FOUR,
        "8.b.d.0.1.0.0.2.ip6.arpa": _SIX,
        "example": _NAMES,
    }.items():
        (tmp_path / f"{zone}.zone").write_text(_HEAD + text)
    with LoopbackServer(tmp_path) as server:
        yield ServerAddress("127.0.0.1", server.port)


CASES = [
    ("203.0.113.9", "mail.sender.example"),
    ("2001:db8::9", "mail.sender.example"),
    ("203.0.113.12", "second.sender.example"),  # of two names, the one that leads back
    ("203.0.113.13", "mail.sender.example"),  # by an alias (RFC 2317)
    ("203.0.113.10", None),  # a name that does not lead back: anybody can claim it
    ("203.0.113.11", None),  # a name that is not there
    ("203.0.113.14", None),  # no name of a host
    ("203.0.113.99", None),  # no name at all
]


@pytest.mark.parametrize(("address", "name"), CASES)
def test_a_name_counts_if_it_leads_back(
    resolver: ServerAddress, address: str, name: str | None
) -> None:
    found = host_names([address], resolvers=[resolver])
    assert found.names == ({address: name} if name else {})
    assert found.unknown == ()


def test_what_dns_does_not_tell_is_unknown(resolver: ServerAddress) -> None:
    elsewhere, outside = "203.0.113.15", "198.51.100.1"  # no server here answers for these
    found = host_names([elsewhere, outside, "203.0.113.9"], resolvers=[resolver])
    assert found.names == {"203.0.113.9": "mail.sender.example"}
    assert found.unknown == (outside, elsewhere)
    assert "1.100.51.198.in-addr.arpa: resolver 127.0.0.1" in found.reason


def test_without_a_resolver_all_is_unknown() -> None:
    found = host_names(["203.0.113.9"], resolvers=[])
    assert found.unknown == ("203.0.113.9",)
    assert "no recursive resolver" in found.reason


def test_a_server_that_is_down_is_told() -> None:
    with closed_port() as server:
        found = host_names(["203.0.113.9"], resolvers=[server])
    assert found.unknown == ("203.0.113.9",)
    assert "refused" in found.reason


def test_a_silent_server_takes_no_longer_than_the_time_for_all() -> None:
    with silent_port() as server:
        began = time.monotonic()
        asked = [f"203.0.113.{number}" for number in range(200)]
        found = host_names(asked, resolvers=[server], seconds=1)
        assert time.monotonic() - began < 3
    assert len(found.unknown) == 200


def test_the_first_ones_are_asked_for_and_the_others_counted(
    resolver: ServerAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subject, "MOST", 2)
    asked = ["203.0.113.9", "203.0.113.9", "203.0.113.12", "203.0.113.13"]
    found = host_names(asked, resolvers=[resolver])
    assert sorted(found.names) == ["203.0.113.12", "203.0.113.9"]
    assert found.left_out == 1
