"""A message in a file as it arrived: its fields and its body as octets (RFC 5322 §2.1, §4.5)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mailauth_dns.errors import MailAuthError, RecordSyntaxError
from mailauth_dns.records import address_list

MAX_HEAD = 1_000_000  # octets; receivers take less

# White space before the colon is obsolete but must be read (RFC 5322 §4.5).
_NAME = re.compile(rb"([!-9;-~]+[ \t]*):")
_TIME = re.compile(rb"[0-9]{2}:[0-9]{2}")
_LINE_END = re.compile(rb"\r?\n")


class NoMessageError(MailAuthError):
    """A file holds no message to judge; the text says why, without the file's name."""


@dataclass(frozen=True, slots=True)
class Field:
    """A header field.

    `name` keeps the white space before the colon. `value` is all that follows it, with CRLF line
    ends.
    """

    name: bytes
    value: bytes

    @property
    def key(self) -> bytes:
        """The name in lower case, without white space: fields are found by it."""
        return self.name.lower().rstrip(b" \t")


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """A message: its header fields from the top, and its body with CRLF at the line ends."""

    head: tuple[Field, ...]
    body: bytes

    def values(self, name: str) -> tuple[str, ...]:
        """Return the values of every field of that name, unfolded."""
        # RFC 6532 allows UTF-8 in header fields. Old mailers put Latin-1 into display names;
        # receivers read the address all the same.
        wanted = name.encode()
        return tuple(
            _unfolded(field.value.decode("utf-8", "replace"))
            for field in self.head
            if field.key == wanted
        )


def read(octets: bytes) -> ReceivedMessage:
    """Return the message in a file, without the `From ` line that mailboxes put before it.

    Raises:
        NoMessageError: the file does not begin with the head of a message, or holds several.
    """
    lines = _LINE_END.split(octets)
    end = lines.index(b"") if b"" in lines else len(lines)
    if (size := sum(len(line) + 2 for line in lines[:end])) > MAX_HEAD:
        raise NoMessageError(f"has a head of {size} octets; receivers take no more than {MAX_HEAD}")
    head: list[tuple[bytes, list[bytes]]] = []
    for number, line in enumerate(lines[:end]):
        name = _NAME.match(line)
        if head and line[:1] in (b" ", b"\t"):
            head[-1][1].append(line)
        elif name is not None:
            head.append((name[1], [line[name.end() :]]))
        elif number or not line.startswith(b"From "):
            raise NoMessageError("is no message: a line in its head is no header field")
    if not head:
        raise NoMessageError("is no message: it has no header fields")
    if lines[0].startswith(b"From ") and _holds_another(lines, end):
        raise NoMessageError("is a mailbox of several messages; give one message")
    return ReceivedMessage(
        tuple(Field(name, b"\r\n".join([*parts, b""])) for name, parts in head),
        b"\r\n".join(lines[end + 1 :]),
    )


def _holds_another(lines: list[bytes], end: int) -> bool:
    """Tell whether another message of a mailbox follows the first (RFC 4155)."""
    return any(
        line.startswith(b"From ")
        and not lines[at - 1]
        and _TIME.search(line)
        and _NAME.match(following)
        for at, (line, following) in enumerate(
            zip(lines[end + 1 :], lines[end + 2 :], strict=False), end + 1
        )
    )


def _unfolded(value: str) -> str:
    return value.replace("\r\n", "").strip()


def author_addresses(message: ReceivedMessage) -> tuple[str, ...]:
    """Return the addresses in the From fields; none where one of the fields cannot be read."""
    try:
        return tuple(
            address for field in message.values("from") for address in address_list.addresses(field)
        )
    except RecordSyntaxError:
        return ()


def return_path(message: ReceivedMessage) -> str | None:
    """Return the envelope's sender from the top Return-Path (RFC 5321 §4.4); None without one."""
    found = message.values("return-path")
    if not found:
        return None
    path = address_list.path(found[0])
    return path if path is not None else found[0]
