"""Reports out of files, each counted once, with what was wrong beside them.

A `Fold` is what a caller makes of an aggregate report: it gets what stands above the records and an
iterator of them, and returns a value. The records come while the file is read. Where the file turns
out to be broken, or the report was there before, the fold is broken off or its value dropped. So a
fold keeps nothing outside its value.

Reading one report knows of no other. So files can be read anywhere, and here it is told which
report came before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

from mailauth_dns.reports import (
    aggregate_xml,
    bounds,
    file_parts,
    json_text,
    parsedmarc_json,
    tls_json,
    walk,
)
from mailauth_dns.reports.aggregate import Record, Report
from mailauth_dns.reports.bounds import held
from mailauth_dns.reports.containers import (
    Found,
    Kind,
    Packed,
    PassedOver,
    ReportText,
    Unread,
    failed,
    unwrapped,
)
from mailauth_dns.reports.file_parts import FilePart
from mailauth_dns.reports.reporter import ReportKey
from mailauth_dns.reports.tls import TlsReport
from mailauth_dns.reports.tolerated import Told, Tolerated
from mailauth_dns.reports.unreadable import UnreadableReport
from mailauth_dns.spread.spread import Spread

T = TypeVar("T")
Fold = Callable[[Report, Iterator[Record]], T]


@dataclass(frozen=True, slots=True)
class ReadAggregate(Generic[T]):
    """An aggregate report that was read; `value` is what the fold made of it."""

    place: str
    report: Report
    value: T
    told: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class ReadTls:
    """A TLS report that was read."""

    place: str
    report: TlsReport
    told: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class Repeated(Generic[T]):
    """A report that was read before, at `first`; it does not count again.

    `other` is what it says where that is something else than the first: one of the two is wrong,
    and nobody can tell which.
    """

    place: str
    first: str
    other: ReadAggregate[T] | ReadTls | None = None

    @property
    def same(self) -> bool:
        """Whether it says the same as the first."""
        return self.other is None


@dataclass(frozen=True, slots=True)
class Read(Generic[T]):
    """A report that was read; `digest` tells one content from another, whatever its order."""

    found: ReadAggregate[T] | ReadTls
    digest: int


Outcome = ReadAggregate[T] | ReadTls | Repeated[T] | Unread | PassedOver
_One = Read[T] | Unread | PassedOver
_Parsed = tuple[Report, Iterator[Record]] | TlsReport


def read_reports(
    paths: Sequence[Path],
    parsedmarc: Sequence[Path],
    fold: Fold[T],
    spread: Spread | None = None,
) -> Iterator[Outcome[T]]:
    """Yield what became of each report in files and folders, and in files of parsedmarc's.

    `spread` reads the files somewhere else, as far as they can be sent; `fold` can be pickled then.
    """
    once = _Once()
    found = _here(paths, fold) if spread is None else _spread(paths, fold, spread)
    for each in found:
        yield once.outcome(each)
    for path in parsedmarc:
        for each in _parsedmarc(path, fold):
            yield once.outcome(each)


def read_text(found: ReportText, fold: Fold[T]) -> Outcome[T]:
    """Return what became of one report text."""
    return _Once().outcome(_text(found, fold))


def _here(paths: Sequence[Path], fold: Fold[T]) -> Iterator[_One[T]]:
    for file in walk.files(paths):
        if isinstance(file, Unread):
            yield file
        else:
            yield from _all(unwrapped(file), fold)


def _spread(paths: Sequence[Path], fold: Fold[T], spread: Spread) -> Iterator[_One[T]]:
    """Yield the same in the same order; files that are too long to be sent are read here."""
    for run in file_parts.runs(walk.files(paths)):
        if isinstance(run, Unread):
            yield run
        elif isinstance(run, Packed):
            yield from _all(unwrapped(run), fold)
        else:
            for found in spread.each(partial(_part, fold), run):
                yield from found


def _part(fold: Fold[T], part: FilePart) -> list[_One[T]]:
    return [each for piece in part for each in _all(file_parts.opened(piece), fold)]


def _all(found: Iterable[Found], fold: Fold[T]) -> Iterator[_One[T]]:
    for each in found:
        yield _text(each, fold) if isinstance(each, ReportText) else each


def _text(found: ReportText, fold: Fold[T]) -> _One[T]:
    def parsed(told: Tolerated) -> _Parsed:
        if found.kind is Kind.XML:
            return aggregate_xml.read(found.chunks, told)
        return tls_json.read(held(found.chunks, bounds.MAX_JSON, "a TLS report"), told)

    try:
        return _read(found.place, parsed, fold)
    except UnreadableReport as error:
        return failed(found, error)


def _parsedmarc(path: Path, fold: Fold[T]) -> Iterator[_One[T]]:
    """Yield the reports in a file of parsedmarc's; where it breaks off, the first ones count."""
    number = 0
    try:
        octets = held(walk.chunks(path), bounds.MAX_PARSEDMARC, "a file of parsedmarc's")
        if not octets.strip():
            raise UnreadableReport("is empty")
        for number, found in enumerate(parsedmarc_json.objects(json_text.text_of(octets)), 1):
            place = f"{path}: report {number}"
            try:
                yield _read(place, partial(parsedmarc_json.report, found), fold)
            except UnreadableReport as error:
                yield Unread(place, str(error))
    except UnreadableReport as error:
        behind = f" behind report {number}" if number else ""
        yield Unread(str(path), f"{error}{behind}")


def _read(place: str, parsed: Callable[[Tolerated], _Parsed], fold: Fold[T]) -> Read[T]:
    """Read a report to its end.

    Raises:
        UnreadableReport: it is none, or breaks off.
    """
    told = Tolerated()
    found = parsed(told)
    if isinstance(found, TlsReport):
        return Read(ReadTls(place, found, tuple(told)), _digest(found.policies))
    report, records = found
    content = _Content()
    value = fold(report, content.through(records))
    for _ in content.through(records):  # what the fold left
        pass
    return Read(ReadAggregate(place, report, value, tuple(told)), content.digest)


class _Once:
    """Remembers which reports came."""

    def __init__(self) -> None:
        # A DMARC and a TLS report may have the same id; they are two reports.
        self._seen: dict[tuple[bool, ReportKey], tuple[str, int]] = {}

    def outcome(self, read: _One[T]) -> Outcome[T]:
        """Return what becomes of a report: one that came before is repeated."""
        if not isinstance(read, Read):
            return read
        found, digest = read.found, read.digest
        of_kind = (isinstance(found, ReadTls), found.report.key)
        if (first := self._seen.get(of_kind)) is None:
            self._seen[of_kind] = (found.place, digest)
            return found
        return Repeated(found.place, first[0], None if first[1] == digest else found)


class _Content:
    """What a report says, as a number that does not depend on the order of its records."""

    def __init__(self) -> None:
        self.digest = 0

    def through(self, records: Iterator[Record]) -> Iterator[Record]:
        """Yield the records, and count them in."""
        for record in records:
            # What every form of a report has, parsedmarc's too.
            said = (
                record.source,
                record.count,
                record.dkim_aligned,
                record.spf_aligned,
                record.header_from,
            )
            self.digest = (self.digest + _digest(said)) % 2**64
            yield record


def _digest(value: object) -> int:
    return int.from_bytes(hashlib.blake2b(repr(value).encode(), digest_size=8).digest())
