"""Messages and mailboxes, as far as reports are attached to them (RFC 9990, RFC 8460 §5.3)."""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import MessageError
from email.message import Message

from mailauth_dns.reports import bounds
from mailauth_dns.reports.unreadable import UnreadableReport

# The names that both RFCs ask for: receiver!domain!begin!end. Any other zip may be anything.
_FILE = re.compile(r"[^\s!\"]+!\s*[^\s!]+!\s*[0-9]+!\s*[0-9]+")
_REPORT = re.compile(rb"<(?:[a-z0-9]+:)?feedback\b|\"policies\"\s*:")
_FIELDS = re.compile(
    rb"^content-(?:type|disposition)[ \t]*:[^\n]*(?:\n[ \t][^\n]*)*", re.IGNORECASE | re.MULTILINE
)
_MAX_FIELD = 4096  # octets
_CONTAINERS = re.compile(rb"(?:multipart|message)/", re.IGNORECASE)
# RFC 9990 asks for a subject like this; RFC 8460 §5.3 for the same and a type of its own.
_ABOUT = re.compile(
    rb"^(?:subject:[^\n]*report domain:[^\n]*|tls-report-domain:)", re.IGNORECASE | re.MULTILINE
)
# A body may hold such a line too. What follows it there is no header field.
_FROM = re.compile(rb"\n\r?\nFrom [^\n]*[0-9]{2}:[0-9]{2}[^\n]*\n(?=[!-9;-~]{1,80}[ \t]*:)")
_OVERLAP = 2000  # octets in which a line between two messages may have begun


@dataclass(frozen=True, slots=True)
class Part:
    """A part that is no container.

    `claimed`: its type or its file's name says that it is a report. `text`: it is for people.
    """

    octets: bytes
    claimed: bool
    text: bool


def parts(octets: bytes) -> list[Part]:
    """Return the parts of a message, decoded.

    Raises:
        UnreadableReport: it cannot be taken apart, or its parts nest too deep.
    """
    # The parser looks at each line once for each part that the line is in.
    if len(_CONTAINERS.findall(octets)) > bounds.MAX_PARTS:
        raise UnreadableReport(f"is mail with more than {bounds.MAX_PARTS} parts in parts")
    # And at each semicolon in such a field, at all of the field before it.
    if any(len(field[0]) > _MAX_FIELD for field in _FIELDS.finditer(octets)):
        raise UnreadableReport(f"is mail with a header field of more than {_MAX_FIELD} octets")
    try:
        whole = email.message_from_bytes(octets)
        return [_part(each) for each in whole.walk() if not each.is_multipart()]
    except (MessageError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise UnreadableReport(f"is mail that cannot be taken apart ({error})") from None


def _part(part: Message) -> Part:
    content = part.get_payload(decode=True)
    kind = part.get_content_type()
    named = f"{part.get('content-disposition', '')}\n{part.get('content-type', '')}"
    octets = content if isinstance(content, bytes) else b""
    claimed = _FILE.search(named) is not None or "tlsrpt" in kind
    # Some put a report where the words to its reader belong.
    words = kind.startswith("text/") and kind != "text/xml"
    text = words and _REPORT.search(octets[:4096]) is None
    return Part(octets, claimed, text)


def says_report(octets: bytes) -> bool:
    """Tell whether a message says in its head that it brings a report."""
    head, _, _ = (
        octets.partition(b"\n\n") if b"\r\n\r\n" not in octets else octets.partition(b"\r\n\r\n")
    )
    return _ABOUT.search(head) is not None


def split(chunks: Iterator[bytes]) -> Iterator[bytes | None]:
    """Yield the messages of a mailbox (RFC 4155), without the line that begins each.

    None stands for one that is too big to hold.
    """
    waiting = bytearray()
    looked = 0
    too_big = False
    for chunk in chunks:
        waiting += chunk
        while (found := _FROM.search(waiting, looked)) is not None:
            yield None if too_big else _without_first_line(bytes(waiting[: found.start()]))
            # The line end before `From ` stays: the next search begins behind it.
            del waiting[: found.start() + found[0].index(b"From ")]
            looked, too_big = 0, False
        looked = max(len(waiting) - _OVERLAP, 0)
        if len(waiting) > bounds.MAX_HELD:
            del waiting[:-_OVERLAP]
            looked, too_big = 0, True
    yield None if too_big else _without_first_line(bytes(waiting))


def _without_first_line(message: bytes) -> bytes:
    return message.partition(b"\n")[2]
