"""gzip and zip, unpacked in pieces and within a budget (RFC 1952)."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator

from mailauth_dns.reports import bounds
from mailauth_dns.reports.bounds import Budget
from mailauth_dns.reports.unreadable import NoReport, UnreadableReport

# What zipfile raises for an archive that is broken or was made to break readers.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    IndexError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)


def unzipped(chunks: Iterator[bytes], budget: Budget) -> Iterator[bytes]:
    """Yield what was compressed with gzip, in one member or several (RFC 1952 §2.2).

    What is no member and stands behind one is read over.

    Raises:
        UnreadableReport: it breaks off, is damaged, or passes the budget.
    """
    reader = zlib.decompressobj(wbits=31)
    packed = unpacked = 0
    for chunk in chunks:
        waiting = chunk
        while waiting:
            if reader.eof:
                if not waiting.startswith(b"\x1f\x8b"):
                    return
                reader = zlib.decompressobj(wbits=31)
            piece = _piece(reader, waiting, budget)
            left = reader.unused_data if reader.eof else reader.unconsumed_tail
            packed += len(waiting) - len(left)
            unpacked += len(piece)
            bounds.check_ratio(packed, unpacked)  # a bomb ends with its first megabyte
            waiting = left
            if piece:
                yield piece
    while not reader.eof:
        piece = _piece(reader, b"", budget)
        if not piece:
            raise UnreadableReport("is gzip that breaks off")
        yield piece


def _piece(reader: zlib._Decompress, octets: bytes, budget: Budget) -> bytes:
    try:
        piece = reader.decompress(octets, bounds.CHUNK)
    except zlib.error as error:
        raise UnreadableReport(f"is damaged gzip ({error})") from None
    budget.spend(len(piece))
    return piece


def members(octets: bytes, budget: Budget) -> list[tuple[str, Iterator[bytes]]]:
    """Return the name and the text of each member of a zip; the name may be empty.

    Raises:
        UnreadableReport: it is damaged, has nothing in it, or more than a report can have.
    """
    # zipfile reads the whole list of members before anybody can look at its length.
    if octets.count(b"PK\x01\x02") > bounds.MAX_MEMBERS:
        raise UnreadableReport(
            f"has more than {bounds.MAX_MEMBERS} members, where a report has one"
        )
    try:
        archive = zipfile.ZipFile(io.BytesIO(octets))
    except _BROKEN as error:
        raise UnreadableReport(f"is a damaged zip ({_said(error)})") from None
    found = [
        (each.filename.strip(), _member(archive, each, budget))
        for each in archive.infolist()
        if not (each.filename.endswith("/") or each.filename.startswith("__MACOSX/"))
    ]
    if not found:
        raise UnreadableReport("is a zip with nothing in it")
    return found


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, budget: Budget) -> Iterator[bytes]:
    if member.flag_bits & 1:
        raise NoReport("is a zip with a password")
    # Others give all that a piece unpacks to at once, be it a gigabyte.
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise UnreadableReport("is a zip that is not compressed as reports are (deflate)")
    bounds.check_ratio(member.compress_size, member.file_size)  # no more than these is read
    size = 0
    try:
        with archive.open(name=member) as stream:
            while piece := stream.read(bounds.CHUNK):
                size += len(piece)
                budget.spend(len(piece))
                yield piece
    except _BROKEN as error:
        raise UnreadableReport(f"is a damaged zip ({_said(error)})") from None
    if size != member.file_size:
        raise UnreadableReport(
            f"is a damaged zip (a member of {member.file_size} octets has {size})"
        )


def _said(error: Exception) -> str:
    return " ".join(str(error).split())[:100] or "it breaks off"
