"""What scalars of a policy may hold."""

from __future__ import annotations

from mailauth_dns.typed_yaml.scalars import UNSAFE


def test_quotes_backslashes_and_what_is_not_printable_ascii_are_unsafe() -> None:
    safe = {number for number in range(0x11_0000) if UNSAFE.search(chr(number)) is None}
    assert safe == {*range(ord(" "), ord("~") + 1)} - {ord('"'), ord("\\")}
