"""Fuzz targets for reports: what senders of mail attach, and what parsedmarc writes."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from mailauth_dns.reports.aggregate import Record, Report
from mailauth_dns.reports.bounds import Budget
from mailauth_dns.reports.containers import Packed, ReportText, Unread, unwrapped
from mailauth_dns.reports.read_reports import (
    Outcome,
    ReadAggregate,
    ReadTls,
    read_reports,
    read_text,
)

_Records = tuple[Record, ...]
SCRATCH = tempfile.TemporaryDirectory()  # gone when the process ends


def _kept(_report: Report, records: Iterator[Record]) -> _Records:
    return tuple(records)


def _read(octets: bytes, size: int) -> list[Outcome[_Records]]:
    pieces = iter([octets[at : at + size] for at in range(0, len(octets), size)])
    budget = Budget()
    return [
        read_text(each, _kept) if isinstance(each, ReportText) else each
        for each in unwrapped(Packed("x", budget.read(pieces), budget, claimed=True))
    ]


def report_file(octets: bytes) -> None:
    """Read any file. The sizes of the pieces that it comes in make no difference."""
    found = _read(octets, 1 << 16)
    assert found
    for each in found:
        _check(each)
    if len(octets) < 4096 and not any(isinstance(each, Unread) for each in found):
        # What stands behind a report is told of as far as it came with the report's end.
        assert list(map(_value, _read(octets, 61))) == list(map(_value, found))


def _value(found: Outcome[_Records]) -> object:
    return (found.report, found.value) if isinstance(found, ReadAggregate) else found


def parsedmarc_file(octets: bytes) -> None:
    """Read any file as what parsedmarc writes."""
    path = Path(SCRATCH.name, "aggregate.json")
    path.write_bytes(octets)
    for each in read_reports((), (path,), _kept):
        _check(each)


def _check(found: Outcome[_Records]) -> None:
    """What was read is in bounds, and every word about it fits on a line."""
    match found:
        case Unread(why=why):
            assert 0 < len(why) < 600, why
            assert "\n" not in why
        case ReadAggregate(report=report, value=records, told=told):
            assert report.reporter.begin <= report.reporter.end
            assert all(record.count >= 0 for record in records)
            assert all(len(str(each)) < 300 for each in told)
            assert report.reporter.first_day <= report.reporter.last_day
        case ReadTls(report=tls):
            assert tls.key.domains == tls.domains
            assert all(each.failed >= 0 and each.successful >= 0 for each in tls.policies)


def reports() -> set[bytes]:
    """Return reports in every odd form of the tests, and in every container."""
    from tests.reports import made, test_aggregate, test_containers, test_tls

    odd = [made.aggregate(*changes) for _, changes, _ in test_aggregate.ODD]
    tls = [text for _, text, _ in test_tls.ODD]
    broken = [octets for octets, _ in test_containers.BROKEN]
    texts = [*odd, *tls, made.aggregate(attributes=made.NAMESPACE)]
    return {
        *(text.encode() for text in texts),
        *test_containers.HOLDS_ONE.values(),
        *broken,
        made.gzipped(made.tls()),
        made.aggregate().encode("utf-16"),
    }


def parsedmarc_files() -> set[bytes]:
    """Return what parsedmarc writes, in every form of the tests."""
    from tests.reports.test_parsedmarc import FORMS, REPORT, TLS

    both = {"aggregate_reports": [REPORT], "x": [], "smtp_tls_reports": [TLS]}
    return {
        *(text.encode() for text in FORMS.values()),
        json.dumps([TLS]).encode(),
        json.dumps(both).encode(),
    }
