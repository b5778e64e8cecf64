"""Files with reports in parts that can be sent somewhere else to be read.

A part holds the octets of small files, and of messages out of mailboxes. A file that is too long to
be sent stays where it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from mailauth_dns.reports import messages
from mailauth_dns.reports.bounds import Budget, beginning
from mailauth_dns.reports.containers import (
    Found,
    Kind,
    Packed,
    PassedOver,
    Unread,
    failed,
    in_message,
    kind_of,
    too_big,
    unwrapped,
)
from mailauth_dns.reports.unreadable import UnreadableReport

PART = 1 << 20  # octets with which a part is full
SENT = 8 << 20  # octets; a file that is longer is not sent


@dataclass(frozen=True, slots=True)
class Piece:
    """A file, or a message of a mailbox, as octets; `claimed` as with `Packed`."""

    place: str
    octets: bytes
    claimed: bool
    is_message: bool = False


FilePart = tuple[Piece | Unread | PassedOver, ...]


def runs(files: Iterable[Packed | Unread]) -> Iterator[Packed | Iterator[FilePart]]:
    """Yield what can be sent, as runs of parts, and between them the files that cannot be.

    All of it is in the order of the files. Read a run to its end before you ask for the next.
    """
    coming = _each(files)
    held: list[Packed] = []

    def parts() -> Iterator[FilePart]:
        part: list[Piece | Unread | PassedOver] = []
        size = 0
        for each in coming:
            if isinstance(each, Packed):
                held.append(each)
                break
            part.append(each)
            size += len(each.octets) if isinstance(each, Piece) else 0
            if size >= PART:
                yield tuple(part)
                part, size = [], 0
        if part:
            yield tuple(part)

    while True:
        yield parts()
        if not held:
            return
        yield held.pop()


def opened(piece: Piece | Unread | PassedOver) -> Iterator[Found]:
    """Yield every report text in a piece, and what in it is none."""
    if not isinstance(piece, Piece):
        yield piece
    elif piece.is_message:
        yield from in_message(piece.octets, piece.place)
    else:
        budget = Budget()
        octets = budget.read(iter((piece.octets,)))
        yield from unwrapped(Packed(piece.place, octets, budget, piece.claimed))


def _each(files: Iterable[Packed | Unread]) -> Iterator[Packed | Piece | Unread | PassedOver]:
    for file in files:
        if isinstance(file, Unread):
            yield file
            continue
        try:
            yield from _pieces(file)
        except UnreadableReport as error:
            yield failed(file, error)


def _pieces(file: Packed) -> Iterator[Packed | Piece | Unread]:
    first, rest = beginning(file.chunks)
    chunks = chain((first,), rest)
    if kind_of(first) is Kind.MAILBOX:
        for number, message in enumerate(messages.split(chunks), 1):
            place = f"{file.place}: message {number}"
            yield too_big(place) if message is None else Piece(place, message, True, True)
        return
    read, size = [], 0
    for chunk in chunks:
        read.append(chunk)
        size += len(chunk)
        if size > SENT:
            budget = Budget()
            whole = budget.read(chain(read, chunks))
            yield Packed(file.place, whole, budget, file.claimed)
            return
    yield Piece(file.place, b"".join(read), file.claimed)
