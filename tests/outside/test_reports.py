"""Reports that other projects test themselves with: every one is read, and its numbers are right."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from mailauth_dns.reports.read_reports import ReadAggregate, ReadTls, read_reports
from mailauth_dns.reports.tally import tally
from tests.outside.cases import FOLDER

XML = sorted((FOLDER / "reports/dmarc").glob("*.xml"))
JSON = sorted((FOLDER / "reports/tlsrpt").glob("*.json"))


@pytest.mark.parametrize("path", XML, ids=[path.stem for path in XML])
def test_an_aggregate_report_is_read(path: Path) -> None:
    [found] = read_reports((path,), (), tally)
    assert isinstance(found, ReadAggregate), found
    counts = re.findall(r"<count>\s*([0-9]+)\s*</count>", path.read_text())
    assert (found.value.records, found.value.messages) == (len(counts), sum(map(int, counts)))
    assert found.value.unknown == 0


@pytest.mark.parametrize("path", JSON, ids=[path.stem for path in JSON])
def test_a_tls_report_is_read(path: Path) -> None:
    [found] = read_reports((path,), (), tally)
    assert isinstance(found, ReadTls), found
    summaries = [each["summary"] for each in json.loads(path.read_text())["policies"]]
    assert [(each.successful, each.failed) for each in found.report.policies] == [
        (each["total-successful-session-count"], each.get("total-failure-session-count", 0))
        for each in summaries
    ]


def test_they_are_there() -> None:
    assert (len(XML), len(JSON)) == (15, 9)
