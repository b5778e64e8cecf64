"""Reports out of files, each counted once, with what was wrong beside them.

A `Fold` is what a caller makes of an aggregate report: it gets what stands above the records and an
iterator of them, and returns a value. The records come while the file is read. Where the file turns
out to be broken, or the report was there before, the fold is broken off or its value dropped. So a
fold keeps nothing outside its value.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

from mailauth_dns.reports import aggregate_xml, bounds, json_text, parsedmarc_json, tls_json, walk
from mailauth_dns.reports.aggregate import Record, Report
from mailauth_dns.reports.bounds import held
from mailauth_dns.reports.containers import (
    Kind,
    PassedOver,
    ReportText,
    Unread,
    failed,
    unwrapped,
)
from mailauth_dns.reports.reporter import ReportKey
from mailauth_dns.reports.tls import TlsReport
from mailauth_dns.reports.tolerated import Told, Tolerated
from mailauth_dns.reports.unreadable import UnreadableReport

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


Outcome = ReadAggregate[T] | ReadTls | Repeated[T] | Unread | PassedOver
_Parsed = tuple[Report, Iterator[Record]] | TlsReport


def read_reports(
    paths: Sequence[Path], parsedmarc: Sequence[Path], fold: Fold[T]
) -> Iterator[Outcome[T]]:
    """Yield what became of each report in files and folders, and in files of parsedmarc's."""
    once = _Once(fold)
    for file in walk.files(paths):
        if isinstance(file, Unread):
            yield file
            continue
        for found in unwrapped(file):
            yield _text(found, once) if isinstance(found, ReportText) else found
    for path in parsedmarc:
        yield from _parsedmarc(path, once)


def read_text(found: ReportText, fold: Fold[T]) -> Outcome[T]:
    """Return what became of one report text."""
    return _text(found, _Once(fold))


def _text(found: ReportText, once: _Once[T]) -> Outcome[T]:
    def parsed(told: Tolerated) -> _Parsed:
        if found.kind is Kind.XML:
            return aggregate_xml.read(found.chunks, told)
        return tls_json.read(held(found.chunks, bounds.MAX_JSON, "a TLS report"), told)

    try:
        return once.outcome(found.place, parsed)
    except UnreadableReport as error:
        return failed(found, error)


def _parsedmarc(path: Path, once: _Once[T]) -> Iterator[Outcome[T]]:
    """Yield the reports in a file of parsedmarc's; where it breaks off, the first ones count."""
    number = 0
    try:
        octets = held(walk.chunks(path), bounds.MAX_PARSEDMARC, "a file of parsedmarc's")
        if not octets.strip():
            raise UnreadableReport("is empty")
        for number, found in enumerate(parsedmarc_json.objects(json_text.text_of(octets)), 1):
            place = f"{path}: report {number}"
            try:
                yield once.outcome(place, partial(parsedmarc_json.report, found))
            except UnreadableReport as error:
                yield Unread(place, str(error))
    except UnreadableReport as error:
        behind = f" behind report {number}" if number else ""
        yield Unread(str(path), f"{error}{behind}")


class _Once(Generic[T]):
    """Reads reports, and remembers which."""

    def __init__(self, fold: Fold[T]) -> None:
        self._fold = fold
        # A DMARC and a TLS report may have the same id; they are two reports.
        self._seen: dict[tuple[bool, ReportKey], tuple[str, int]] = {}

    def outcome(self, place: str, parsed: Callable[[Tolerated], _Parsed]) -> Outcome[T]:
        """Return what becomes of a report.

        Raises:
            UnreadableReport: it is none, or breaks off.
        """
        told = Tolerated()
        found = parsed(told)
        if isinstance(found, TlsReport):
            digest = _digest(found.policies)
            return self._counted(found.key, digest, ReadTls(place, found, tuple(told)))
        report, records = found
        content = _Content()
        value = self._fold(report, content.through(records))
        for _ in content.through(records):  # what the fold left
            pass
        read = ReadAggregate(place, report, value, tuple(told))
        return self._counted(report.key, content.digest, read)

    def _counted(self, key: ReportKey, digest: int, read: ReadAggregate[T] | ReadTls) -> Outcome[T]:
        """Return a report, and remember it; if it was read before, return that it is repeated."""
        of_kind = (isinstance(read, ReadTls), key)
        if (first := self._seen.get(of_kind)) is None:
            self._seen[of_kind] = (read.place, digest)
            return read
        return Repeated(read.place, first[0], None if first[1] == digest else read)


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
