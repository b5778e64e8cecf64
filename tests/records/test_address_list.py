"""From fields as people and attackers write them (RFC 5322 §3.4, §4.4)."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records.address_list import addresses, path
from tests.growth import MOST, growth

READ = [
    ("alice@example.com", ["alice@example.com"]),
    ("Alice <alice@example.com>", ["alice@example.com"]),
    ('"ceo@example.net" <alice@example.com>', ["alice@example.com"]),
    ('"Example, Inc." <a@example.com>', ["a@example.com"]),
    ("=?utf-8?q?J=C3=B6rg?= <a@example.com>", ["a@example.com"]),
    ("J. R. <a@example.com>", ["a@example.com"]),
    ("a@example.com, b@example.org", ["a@example.com", "b@example.org"]),
    (", a@example.com,, b@example.org,", ["a@example.com", "b@example.org"]),  # obs-addr-list
    ('"a@b"@example.com', ['"a@b"@example.com']),
    ('"a\\"b"@example.com', ['"a\\"b"@example.com']),
    ('a."b c".d@example.com', ['a."b c".d@example.com']),  # obs-local-part
    (
        "a..b.@example.com",
        ["a..b.@example.com"],
    ),  # as some senders have it, whatever the grammar says
    ("a . b @ example . com", ["a.b@example.com"]),
    ("a(b)@(c(d)\\))example.com (e)", ["a@example.com"]),
    ("(Alice) <(x)a@example.com(y)> (z)", ["a@example.com"]),
    ("team: a@example.com, Bob <b@example.com>;", ["a@example.com", "b@example.com"]),
    ("team: a@example.com; , c@example.com", ["a@example.com", "c@example.com"]),
    ("<@relay.example,@other.example:a@example.com>", ["a@example.com"]),  # obs-route
    ("a@[192.0.2.1]", ["a@[192.0.2.1]"]),
    ("a@[IPv6:2001:db8::1]", ["a@[IPv6:2001:db8::1]"]),
    ("j\u00f6rg@b\u00fccher.example", ["j\u00f6rg@b\u00fccher.example"]),
    # An unquoted address in a display name is one that some readers show.
    ("a@example.com <a@example.com>", ["a@example.com", "a@example.com"]),
    ("The boss ceo@example.net <a@example.com>", ["ceo@example.net", "a@example.com"]),
    ("undisclosed:;", []),
    ("", []),
    (" ,\t, ", []),
]


@pytest.mark.parametrize(("text", "found"), READ)
def test_addresses_are_read(text: str, found: list[str]) -> None:
    assert list(addresses(text)) == found


BROKEN = [
    "root",
    "Alice",
    "Alice a@example.com",
    "a@example.com b@example.org",
    "a@b@example.com",
    "<>",
    "<root>",
    "Alice <a@[192.0.2.1>",
    "Example, Inc. <a@example.com>",
    "<a@example.com",
    "a@example.com>",
    "<<a@example.com>>",
    "<a@example.com> b",
    "<a@example.com> <b@example.com>",
    "a@example.com;",
    "x: y: a@example.com;",
    "a@b: c@example.com;",
    "a@ <b@example.com>",
    "@example.com",
    "a@",
    "a b@example.com",
    "a@exa mple.com",
    'a@"example.com"',
    "a@[192.0.2.1].example",
    "[a]@example.com",
    "(a@example.com",
    '"a@example.com',
    "a\\b@example.com",
    "a@example.com\x00",
    "a@exam\u202eple.com",
    "a@exam\u00a0ple.com",
    ")a@example.com",
]


@pytest.mark.parametrize("text", BROKEN)
def test_what_receivers_would_read_differently_is_not_read(text: str) -> None:
    with pytest.raises(
        RecordSyntaxError, match=re.escape("expected addresses such as alice@example.com")
    ):
        addresses(text)


PATHS = [
    ("<>", ""),
    ("<a@example.com>", "a@example.com"),
    ("<a@example.com> (the sender)", "a@example.com"),
    ("<@a.example,@b.example:a@example.com>", "a@example.com"),
    ('<"a>b"@example.com>', '"a>b"@example.com'),
    ("<MAILER-DAEMON>", "MAILER-DAEMON"),
    ("who knows", None),
    ("a@example.com", None),
    ("<a@example.com> x", None),
    ("<a@example.com", None),
    ("<a<b>>", None),
    ("", None),
]


@pytest.mark.parametrize(("text", "found"), PATHS)
def test_a_return_path_stands_between_angle_brackets(text: str, found: str | None) -> None:
    assert path(text) == found


@given(st.text(st.sampled_from('ab.@<>()[]",;:\\ \u00e9'), max_size=30))
def test_an_address_that_was_read_stands_for_itself(text: str) -> None:
    try:
        found = addresses(text)
    except RecordSyntaxError:
        return
    for each in found:
        assert addresses(f"<{each}>") == (each,)


HOSTILE: list[Callable[[int], str]] = [
    lambda size: "(" * size,
    lambda size: "(" * size + ")" * size,
    lambda size: "a:" * size,
    lambda size: "<" * size,
    lambda size: '"' * size,
    lambda size: '"\\' * size,
    lambda size: "[" * size,
    lambda size: "a@" * size,
    lambda size: "a." * size + "@example.com",
    lambda size: " a ." * size + "@example.com",
    lambda size: "a@example.com," * size,
    lambda size: "a@example.com " * size + "<a@example.com>",
    lambda size: "," * size,
]


@pytest.mark.parametrize("make", HOSTILE)
@pytest.mark.parametrize("read", [addresses, path])
def test_hostile_fields_take_time_in_proportion(
    read: Callable[[str], object], make: Callable[[int], str]
) -> None:
    assert growth(read, make, 80_000, RecordSyntaxError) <= MOST
