"""Fuzz targets for reports: what senders of mail attach, and what parsedmarc writes."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from fuzz_checks import read

from mailauth_dns.errors import PolicyError
from mailauth_dns.evidence.kept import evidence_files, evidence_text, fold
from mailauth_dns.evidence.kept.keep import keep
from mailauth_dns.evidence.kept.merge import merged
from mailauth_dns.evidence.kept.together import AnyReport, together
from mailauth_dns.records.name import DomainName
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
_DOMAIN = DomainName("example.com")
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
            _check_kept(report.policy.domain, fold.short(report, iter(records)))
            assert report.reporter.begin <= report.reporter.end
            assert all(record.count >= 0 for record in records)
            assert all(len(str(each)) < 300 for each in told)
            assert report.reporter.first_day <= report.reporter.last_day
        case ReadTls(report=tls):
            for domain, sessions in fold.sessions(tls).items():
                _check_kept(domain, sessions)
            assert tls.key.domains == tls.domains
            assert all(each.failed >= 0 and each.successful >= 0 for each in tls.policies)


def _check_kept(domain: DomainName, report: AnyReport) -> None:
    """What is kept of a report can be read again, whatever was in it."""
    found = together(domain, [report])
    assert evidence_text.parse(evidence_text.text_of(found), "x") == found


def evidence_file(octets: bytes) -> None:
    """Read any file as evidence. What is read is written in one way."""
    root = Path(SCRATCH.name)
    path = root / evidence_files.path_of(_DOMAIN)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(octets)
    found = read(lambda: evidence_files.read_evidence(root, _DOMAIN), PolicyError)
    if found is not None:
        text = evidence_text.text_of(found)
        assert evidence_text.parse(text, "x") == found == merged(found, found)
        assert len(keep(found, ()).evidence.mail) <= len(found.mail)


def files_of_evidence() -> set[bytes]:
    """Return files of evidence, whole, merged and broken."""
    from tests.evidence import test_evidence_text as tests

    texts = [line for line, _ in tests.REFUSED] + [
        "\n".join(each) for each in tests.MERGES.values()
    ]
    return {
        tests.GOLDEN.read_bytes(),
        *(f"{tests.HEAD}\n{each}\n]\n".encode() for each in texts if len(each) < 10_000),
    }


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
