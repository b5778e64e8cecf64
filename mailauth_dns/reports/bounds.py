"""How much a file may ask of the machine. Reports come from strangers, by mail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mailauth_dns.reports.unreadable import UnreadableReport

CHUNK = 1 << 16  # octets that are read, unpacked and parsed at a time
HEAD = 1024  # octets that say what a thing is

# A message or an archive is held in memory. Receivers take no bigger mail.
MAX_HELD = 50_000_000  # octets
MAX_UNPACKED = 1_000_000_000  # octets out of one file or message
# Records that differ in their source alone shrink to a hundred and fiftieth, and no report more.
# Deflate can make a thousandth of an empty text.
MAX_RATIO = 300
_FREE = 1_000_000  # octets that may come out whatever went in
MAX_MEMBERS = 1000  # of an archive; a report has one
MAX_NESTING = 4  # containers in one another: a message, a zip, a gzip and a spare one
MAX_PARTS = 100  # multiparts and messages in a message

MAX_DEPTH = 32  # elements in one another; a report has six
MAX_RECORDS = 2_000_000  # of one report
MAX_EARLY = 1000  # records that may stand before the sections that say what they are about
MAX_PENDING = 1_000_000  # octets of one tag or one text
MAX_RESULTS = 100  # signatures, overrides and the like of one record (RFC 9990, DKIM signatures)

MAX_JSON = 10_000_000  # octets of a TLS report
MAX_PARSEDMARC = 300_000_000  # octets of a file of parsedmarc's; all of it is held
MAX_JSON_NODES = 1_000_000  # objects and lists of one report: they take more memory than their text

MAX_WORD = 255  # characters of an identifier that is kept


@dataclass
class Budget:
    """What was read of a file or message so far, and what came out of it."""

    packed: int = 0
    unpacked: int = 0

    def read(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """Yield the chunks of a file, and count them as read."""
        for chunk in chunks:
            self.packed += len(chunk)
            yield chunk

    def spend(self, octets: int) -> None:
        """Count octets that were unpacked.

        Raises:
            UnreadableReport: they are more than a report can be.
        """
        self.unpacked += octets
        if self.unpacked > MAX_UNPACKED:
            raise UnreadableReport(f"unpacks to more than {MAX_UNPACKED} octets")
        check_ratio(self.packed, self.unpacked)


def check_ratio(packed: int, unpacked: int) -> None:
    """Compare what came out of a container with what went in, so far.

    Raises:
        UnreadableReport: it is more than any report.
    """
    if unpacked > _FREE and unpacked > MAX_RATIO * packed:
        raise UnreadableReport(
            f"unpacks to more than {MAX_RATIO} times its size, which no report does"
        )


def beginning(chunks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Return the chunks that have the first HEAD octets as one, and those behind."""
    seen: list[bytes] = []
    size = 0
    for chunk in chunks:
        seen.append(chunk)
        size += len(chunk)
        if size >= HEAD:
            break
    return b"".join(seen), chunks


def held(chunks: Iterator[bytes], limit: int, what: str) -> bytes:
    """Return chunks as one text.

    Raises:
        UnreadableReport: they are longer than `limit`.
    """
    parts, size = [], 0
    for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise UnreadableReport(f"{what} of more than {limit} octets is not read")
        parts.append(chunk)
    return b"".join(parts)
