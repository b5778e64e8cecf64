"""Report texts out of what they come in: gzip, zip, mail, mailboxes, and these in one another.

What a thing is, its first octets say: names and media types are often wrong. Nothing is written to
a file, so that the names inside an archive do no harm.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from itertools import chain

from mailauth_dns.reports import archives, bounds, messages
from mailauth_dns.reports.bounds import HEAD, Budget, beginning, held
from mailauth_dns.reports.unreadable import NoReport, UnreadableReport


class Kind(Enum):
    """What octets are, by their beginning."""

    XML = auto()
    JSON = auto()
    GZIP = auto()
    ZIP = auto()
    MAIL = auto()
    MAILBOX = auto()
    OTHER = auto()


@dataclass(frozen=True, slots=True)
class Packed:
    """A file, or what came out of one.

    `place` names it. `claimed`: it says that it is a report, so that it is one or unreadable.
    """

    place: str
    chunks: Iterator[bytes]
    budget: Budget
    claimed: bool
    depth: int = 0


@dataclass(frozen=True, slots=True)
class ReportText:
    """The text of a report, whose chunks are read once. They raise UnreadableReport."""

    place: str
    kind: Kind  # XML or JSON
    chunks: Iterator[bytes]
    claimed: bool


@dataclass(frozen=True, slots=True)
class Unread:
    """A report that cannot be read, and why."""

    place: str
    why: str


@dataclass(frozen=True, slots=True)
class PassedOver:
    """What is no report and does not claim to be one, such as other mail in a mailbox."""

    place: str
    what: str


Found = ReportText | Unread | PassedOver

_CLAIMS = re.compile(r"\.(?:xml|json|gz|zip|eml|mbox)$", re.IGNORECASE)
_MAIL = re.compile(rb"[!-9;-~]{1,80}[ \t]*:[ \t\r\n]")
_PAGE = re.compile(rb"<(?:!doctype\s+html|html)\b", re.IGNORECASE)


def claims(name: str) -> bool:
    """Tell whether a file's name says that it is a report.

    >>> claims("a.example!example.com!1!2.xml.GZ"), claims("README.md")
    (True, False)
    """
    return _CLAIMS.search(name) is not None


def kind_of(head: bytes) -> Kind:
    """Return what a thing is that begins so."""
    if head.startswith(b"\x1f\x8b"):
        return Kind.GZIP
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return Kind.ZIP
    if head.startswith((b"\xff\xfe<", b"\xfe\xff\x00<", b"<\x00", b"\x00<")):
        return Kind.XML
    bare = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if bare.startswith(b"<"):
        return Kind.OTHER if _PAGE.match(bare) else Kind.XML
    if bare.startswith((b"{", b"[", b"\xff\xfe{", b"\xfe\xff\x00{")):
        return Kind.JSON
    if head.startswith(b"From "):
        return Kind.MAILBOX
    return Kind.MAIL if _MAIL.match(head) else Kind.OTHER


def unwrapped(packed: Packed) -> Iterator[Found]:
    """Yield every report text in a file, and what in it is none.

    Read a text before you ask for the next.
    """
    try:
        yield from _opened(packed)
    except UnreadableReport as error:
        yield failed(packed, error)


def failed(of: Packed | ReportText, error: UnreadableReport) -> Unread | PassedOver:
    """Return what becomes of something that is not read."""
    if isinstance(error, NoReport) and not of.claimed:
        return PassedOver(of.place, str(error))
    return Unread(of.place, str(error))


def _opened(packed: Packed) -> Iterator[Found]:
    first, rest = beginning(packed.chunks)
    head, chunks = first[:HEAD], chain((first,), rest)
    if not head:
        raise UnreadableReport("is empty")
    match kind := kind_of(head):
        case Kind.XML | Kind.JSON:
            yield ReportText(packed.place, kind, chunks, packed.claimed)
        case Kind.OTHER:
            raise NoReport(_no_report(head))
        case _ if packed.depth >= bounds.MAX_NESTING:
            raise UnreadableReport(f"is packed more than {bounds.MAX_NESTING} times")
        case Kind.GZIP:
            text = archives.unzipped(chunks, packed.budget)
            yield from _opened(_inside(packed, packed.place, text, claimed=packed.claimed))
        case Kind.ZIP:
            yield from _members(packed, chunks)
        case Kind.MAIL:
            octets = held(chunks, bounds.MAX_HELD, "a message")
            yield from in_message(octets, packed.place, packed.depth)
        case Kind.MAILBOX:
            for number, message in enumerate(messages.split(chunks), 1):
                place = f"{packed.place}: message {number}"
                if message is None:
                    yield too_big(place)
                else:
                    yield from in_message(message, place, packed.depth)


def _no_report(head: bytes) -> str:
    if head.strip() == b"unused":
        return "holds the word 'unused' and no report: its reporter failed to fill it in"
    if head.startswith((b"7z\xbc\xaf", b"Rar!", b"BZh")):
        return "is packed as 7z, rar or bzip2, which reports do not use; unpack it first"
    return "is neither XML, JSON, gzip, zip nor mail"


def _inside(packed: Packed, place: str, chunks: Iterator[bytes], *, claimed: bool) -> Packed:
    return Packed(place, chunks, packed.budget, claimed, packed.depth + 1)


def _members(packed: Packed, chunks: Iterator[bytes]) -> Iterator[Found]:
    found = archives.members(held(chunks, bounds.MAX_HELD, "an archive"), packed.budget)
    for number, (name, text) in enumerate(found, 1):
        place = packed.place
        if len(found) > 1:
            place = f"{packed.place}: {name or f'member {number}'}"
        claimed = packed.claimed and (claims(name) or len(found) == 1)
        yield from unwrapped(_inside(packed, place, text, claimed=claimed))


def too_big(place: str) -> Unread:
    """Return what becomes of a message that is too big to hold."""
    return Unread(place, f"is a message of more than {bounds.MAX_HELD} octets")


def in_message(octets: bytes, place: str, depth: int = 0) -> Iterator[Found]:
    """Yield the reports in a message, which is packed `depth` times.

    One without a report is other mail, unless it says that it has one.
    """
    found = False
    budget = Budget(packed=len(octets))
    about = messages.says_report(octets)
    try:
        parts = messages.parts(octets)
    except UnreadableReport as error:
        yield Unread(place, str(error))
        return
    for number, part in enumerate(parts, 1):
        claimed = part.claimed or (about and not part.text)
        if not claimed and (part.text or kind_of(part.octets[:HEAD]) is Kind.OTHER):
            continue  # the words to its reader, pictures and the like
        found = True
        where = place if len(parts) == 1 else f"{place}: part {number}"
        inner = iter((part.octets,))
        yield from unwrapped(Packed(where, inner, budget, claimed, depth + 1))
    if not found and about:
        yield Unread(place, "is a message about a report, and has none attached")
    elif not found:
        yield PassedOver(place, "is mail without a report")
