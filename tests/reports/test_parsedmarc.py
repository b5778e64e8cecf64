"""What parsedmarc writes: the same reports, in its own JSON (as its version 11 does)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mailauth_dns.reports.containers import Unread
from mailauth_dns.reports.read_reports import (
    Outcome,
    ReadAggregate,
    ReadTls,
    Repeated,
    read_reports,
)
from tests.reports import made
from tests.reports.made import Value, aggregate, kept, tls

RECORD: dict[str, Any] = {
    "source": {
        "ip_address": "192.0.2.10",
        "country": "DE",
        "reverse_dns": "mx.example.com",
        "base_domain": "example.com",
        "name": None,
        "type": None,
    },
    "count": 3,
    "alignment": {"spf": True, "dkim": True, "dmarc": True},
    "policy_evaluated": {
        "disposition": "none",
        "dkim": "pass",
        "spf": "pass",
        "policy_override_reasons": [],
    },
    "identifiers": {
        "envelope_from": "bounces.example.com",
        "header_from": "example.com",
        "envelope_to": None,
    },
    "auth_results": {
        "dkim": [
            {
                "domain": "example.com",
                "selector": "mx2026",
                "result": "pass",
                "human_result": None,
            }
        ],
        "spf": [
            {
                "domain": "bounces.example.com",
                "scope": "mfrom",
                "result": "pass",
                "human_result": None,
            }
        ],
    },
    "normalized_timespan": False,
    "interval_begin": "2025-11-28 00:00:00",
    "interval_end": "2025-11-28 23:59:59",
}
REPORT: dict[str, Any] = {
    "xml_schema": "1.0",
    "xml_namespace": None,
    "report_metadata": {
        "org_name": "receiver.example",
        "org_email": "dmarc-reports@mail.receiver.example",
        "org_extra_contact_info": None,
        "report_id": "20251128.1",
        "begin_date": "2025-11-28 09:00:00",  # on a machine in Tokyo
        "end_date": "2025-11-29 08:59:59",
        "timespan_requires_normalization": False,
        "original_timespan_seconds": 86399,
        "errors": [],
        "generator": None,
    },
    "policy_published": {
        "domain": "example.com",
        "adkim": "r",
        "aspf": "r",
        "p": "none",
        "sp": "reject",
        "pct": None,
        "fo": None,
        "np": None,
        "testing": None,
        "discovery_method": None,
    },
    "records": [RECORD],
}
TLS: dict[str, Any] = {
    "organization_name": "Receiver Example",
    "begin_date": "2025-11-28T00:00:00Z",
    "end_date": "2025-11-28T23:59:59Z",
    "contact_info": "tls-reports@receiver.example",
    "report_id": "2025-11-28T00:00:00Z_example.com",
    "policies": [
        {
            "policy_domain": "example.com",
            "policy_type": "sts",
            "policy_strings": [
                "version: STSv1",
                "mode: testing",
                "mx: mx.example.com",
                "max_age: 604800",
            ],
            "mx_host_patterns": ["mx.example.com"],
            "successful_session_count": 40,
            "failed_session_count": 2,
            "failure_details": [
                {
                    "result_type": "certificate-expired",
                    "failed_session_count": 2,
                    "sending_mta_ip": "198.51.100.7",
                    "receiving_ip": "192.0.2.10",
                    "receiving_mx_hostname": "mx.example.com",
                }
            ],
        }
    ],
}


def outcomes(folder: Path, text: str, *paths: Path) -> list[Outcome[Value]]:
    path = folder / "parsedmarc.json"
    path.write_text(text)
    return list(read_reports(paths, (path,), kept))


def metadata(**changes: Any) -> dict[str, Any]:
    return {**REPORT, "report_metadata": {**REPORT["report_metadata"], **changes}}


FORMS = {
    "aggregate.json": json.dumps([REPORT]),
    "pretty": json.dumps([REPORT], indent=2),
    "one report": json.dumps(REPORT),
    "standard output": json.dumps(
        {"aggregate_reports": [REPORT], "forensic_reports": [{"sample": "]}"}], "smtp_tls_reports": []}
    ),
    "a line a report": json.dumps(REPORT) + "\n",
    "with a mark in front": "\ufeff" + json.dumps([REPORT]),
}  # fmt: skip


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS)
def test_the_report_is_the_one_in_xml(text: str, tmp_path: Path) -> None:
    [found] = outcomes(tmp_path, text)
    assert isinstance(found, ReadAggregate)
    report, records = found.value
    xml, xml_records, _ = made.read(aggregate(("20251128.1@receiver.example", "20251128.1")))
    assert (report, records, found.told) == (xml, xml_records, ())


def test_a_tls_report_is_the_one_in_json(tmp_path: Path) -> None:
    [found] = outcomes(tmp_path, json.dumps([TLS]))
    assert isinstance(found, ReadTls)
    assert (found.report, found.told) == (made.read_tls(tls())[0], ())


def test_the_same_report_in_both_forms_counts_once(tmp_path: Path) -> None:
    folder = made.wrote(tmp_path / "reports", {"a.xml": aggregate(), "t.json": tls()})
    found = outcomes(tmp_path, json.dumps([REPORT, TLS]), folder)
    assert [each.same for each in found if isinstance(each, Repeated)] == [True, True]
    assert len(found) == 4


def test_times_without_a_record_are_taken_as_they_stand(tmp_path: Path) -> None:
    """And told: nobody knows where parsedmarc ran."""
    [found] = outcomes(tmp_path, json.dumps([{**REPORT, "records": []}]))
    assert isinstance(found, ReadAggregate)
    assert found.report.reporter.begin == made.BEGIN + 9 * 3600
    assert "gives its times without a zone; they are taken as UTC (2 times)" in map(str, found.told)


def test_a_report_that_was_spread_over_days_says_so(tmp_path: Path) -> None:
    [found] = outcomes(tmp_path, json.dumps([metadata(timespan_requires_normalization=True)]))
    assert isinstance(found, ReadAggregate)
    assert [each.code for each in found.told] == ["spread"]


def test_a_selector_that_parsedmarc_made_up_is_none(tmp_path: Path) -> None:
    signature = {"domain": "example.com", "selector": "none", "result": "pass"}
    record = {**RECORD, "auth_results": {"dkim": [signature], "spf": []}}
    [found] = outcomes(tmp_path, json.dumps([{**REPORT, "records": [record]}]))
    assert isinstance(found, ReadAggregate)
    assert found.value[1][0].dkim[0].selector is None


UNREADABLE = [
    ("", ["is empty"]),
    ("x", ["is no JSON"]),
    ("[1]", ["is no report as parsedmarc writes it"]),
    ('[{"a": 1}]', ["is no report as parsedmarc writes it"]),
    (json.dumps([metadata(begin_date=None)]), ["does not say when it begins (it says '')"]),
    (json.dumps([{**REPORT, "policy_published": None}]), ["does not say which domain it is about"]),
    (json.dumps([REPORT])[:-1], [None, "breaks off behind report 1"]),
    (json.dumps([REPORT, REPORT])[:-5], [None, "is no JSON: line 1, column "]),
    ('{"aggregate_reports": [', ["breaks off"]),
    ('{"aggregate_reports" 1', ["is no JSON"]),
    ('{1: 2, "aggregate_reports": []', ["is no JSON"]),
    ("[" * 100_000, ["has JSON that is nested too deep"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), UNREADABLE)
def test_what_cannot_be_read_says_why(text: str, said: list[str | None], tmp_path: Path) -> None:
    found = outcomes(tmp_path, text)
    assert len(found) == len(said)
    for each, expected in zip(found, said, strict=True):
        if expected is None:
            assert isinstance(each, ReadAggregate)
        else:
            assert isinstance(each, Unread)
            assert each.why.startswith(expected)


@pytest.mark.parametrize(
    "value", [None, 1, -1.5, True, "x", [], {}, [[]], [{}], "9" * 2000, 10**30]
)
def test_any_type_anywhere_ends_in_words(value: Any, tmp_path: Path) -> None:
    keys = {*REPORT, *REPORT["report_metadata"], *REPORT["policy_published"], *RECORD, *TLS}
    keys |= {each for part in RECORD.values() if isinstance(part, dict) for each in part}

    def changed(node: Any, key: str) -> Any:
        if isinstance(node, dict):
            return {each: value if each == key else changed(of, key) for each, of in node.items()}
        return [changed(each, key) for each in node] if isinstance(node, list) else node

    every = [changed(form, key) for key in sorted(keys) for form in (REPORT, TLS)]
    assert len(outcomes(tmp_path, json.dumps(every))) == len(every)
