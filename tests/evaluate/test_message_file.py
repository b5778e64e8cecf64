"""Files with messages: what is read from the head, and files that are none (RFC 5322, RFC 4155)."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from mailauth_dns.evaluate.message_file import (
    MAX_HEAD,
    NoMessageError,
    author_addresses,
    read,
    return_path,
)
from tests.evaluate.messages import PLAIN
from tests.growth import MOST, growth

BROKEN = [
    (b"Subject: x\nFrom a@example.com\n\n", "is no message: a line in its head is no header field"),
    (b"Sub ject: x\n\n", "is no message: a line in its head is no header field"),
    (b"", "is no message: it has no header fields"),
    (b"\r\nonly a body\r\n", "is no message: it has no header fields"),
    (b"\x89PNG\r\n\x1a\n\0\0", "is no message: a line in its head is no header field"),
    (
        b" folded first\r\nFrom: a@example.com\r\n\r\n",
        "is no message: a line in its head is no header field",
    ),
    (
        b"From a@example.com Tue Sep  1 10:00:00 2026\nSubject: x\n\nx\n\n"
        b"From b@example.com Tue Sep  1 10:00:00 2026\nSubject: y\n\n",
        "is a mailbox of several messages",
    ),
]


@pytest.mark.parametrize(("octets", "said"), BROKEN)
def test_what_is_no_message_is_told(octets: bytes, said: str) -> None:
    with pytest.raises(NoMessageError, match=re.escape(said)):
        read(octets)


def test_a_head_that_no_receiver_takes_is_told() -> None:
    read(PLAIN.replace(b"Subject: hello", b"Subject: " + b"x" * (MAX_HEAD - 300)))
    with pytest.raises(
        NoMessageError, match=r"has a head of 1\d{6} octets; receivers take no more than 1000000"
    ):
        read(b"X: " + b"\r\n x" * (MAX_HEAD // 4) + b"\r\n" + PLAIN)


AUTHORS: list[tuple[bytes, tuple[str, ...]]] = [
    (b"From: alice@example.com\r\n\r\n", ("alice@example.com",)),
    (b"From sender 1\r\nFROM: Alice\r\n <alice@example.com>\r\n\r\n", ("alice@example.com",)),
    (b"From: a@example.com\r\nfrom: b@example.org\r\n\r\n", ("a@example.com", "b@example.org")),
    # RFC 5322 §4.5: white space before the colon
    (b"From : a@example.com\r\n\r\n", ("a@example.com",)),
    (b"Subject : x\r\nFROM\t : a@example.com\r\n\r\n", ("a@example.com",)),
    (b"From: a@example.com\nFrom : b@example.org\n\n", ("a@example.com", "b@example.org")),
    # no address, or one field that cannot be read
    (b"Subject: x\r\n\r\n", ()),
    (b"From: a@example.com\r\nFrom: b@\r\n\r\n", ()),
    (
        "From: J\u00f6rg <j\u00f6rg@b\u00fccher.example>\r\n\r\n".encode(),
        ("j\u00f6rg@b\u00fccher.example",),
    ),
    # no UTF-8: in a display name or a comment it hides no address, and in a domain it is no name
    (b"From: J\xf6rg <a@example.com>\r\n\r\n", ("a@example.com",)),
    (b'From: "J\xf6rg" <a@example.com> (B\xfcro)\r\n\r\n', ("a@example.com",)),
    (b"From: a@ex\xe4mple.com\r\n\r\n", ("a@ex\ufffdmple.com",)),
]


@pytest.mark.parametrize(("octets", "addresses"), AUTHORS)
def test_the_authors_are_read_from_the_from_fields(
    octets: bytes, addresses: tuple[str, ...]
) -> None:
    assert author_addresses(read(octets)) == addresses


def test_the_return_path_is_the_topmost_one() -> None:
    assert return_path(read(PLAIN)) is None
    assert return_path(read(b"Return-Path: <>\r\nReturn-Path: <x@example.org>\r\n" + PLAIN)) == ""
    assert return_path(read(b"Return-Path: <a@example.org>\r\n" + PLAIN)) == "a@example.org"


FRONT = b"From a@example.com Tue Sep  1 10:00:00 2026\n" + PLAIN


@pytest.mark.parametrize(
    ("tail", "several"),
    [
        (b"\nFrom b@example.com Tue Sep  1 10:00:00 2026\nFrom: b@example.com\n\n", True),
        (b"\r\n\r\nFrom b@example.com Tue Sep  1 10:00 2026\r\nSubject: x\r\n\r\n", True),
        (b"\nFrom here on it is a text.\n", False),
        (b"\nFrom 10:00 on\nit is a text\n", False),
        (
            b"x\nFrom b@example.com Tue Sep  1 10:00:00 2026\nFrom: b@example.com\n\n",
            False,
        ),  # no empty line in front
    ],
)
def test_another_message_of_a_mailbox_is_seen(tail: bytes, several: bool) -> None:
    if several:
        with pytest.raises(NoMessageError, match="is a mailbox of several messages"):
            read(FRONT + tail)
    else:
        assert read(FRONT + tail).body.endswith(
            tail[-10:].replace(b"\r", b"").replace(b"\n", b"\r\n")[-8:]
        )
    assert read(PLAIN + tail).head  # only a file that opens as a mailbox does is one


HOSTILE: list[Callable[[int], bytes]] = [
    lambda size: b"X: y" + b"\r\n x" * size + b"\r\n\r\n",  # one field, folded
    lambda size: b"X:y\r\n" * size + b"\r\n",
    lambda size: FRONT + b"\nFrom " + b"00:" * size + b"\n\n",
    lambda size: FRONT + b"\nFrom 00:00\n" * size,
    lambda size: FRONT + b"\nFrom " + b"00:00 " * size + b"\n" + b"x" * size,
    lambda size: b"a" * size + b"\r\n\r\n",
    lambda size: b"a" + b" " * size + b"\r\n\r\n",
    lambda size: PLAIN + b"\r" * size,
]


@pytest.mark.parametrize("make", HOSTILE)
def test_hostile_files_take_time_in_proportion(make: Callable[[int], bytes]) -> None:
    assert growth(read, make, 160_000, NoMessageError) <= MOST
