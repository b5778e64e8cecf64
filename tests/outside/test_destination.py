"""Whether reports may go to another organization, as other projects decide it (RFC 9990)."""

from __future__ import annotations

from typing import Any

import pytest

from mailauth_dns.evaluate.report_destination import destination
from mailauth_dns.records.dmarc import Uri
from mailauth_dns.records.name import DomainName
from tests.evaluate.zones import Recorded
from tests.outside.cases import all_cases

# Whether a tag behind v=DMARC1 must be good is disputed; RFC 9990 asks for the version.
CASES = [
    case
    for case in all_cases("dmarc/external_report.json")
    if "disputed" not in (case.get("note") or "")
]


@pytest.mark.parametrize("case", CASES)
def test_whether_a_host_takes_reports(case: dict[str, Any]) -> None:
    resolver = Recorded(
        {f"{name} TXT": texts for name, texts in case["zone"].items()}, case.get("servfail", ())
    )
    judged = destination(
        DomainName(case["policy_domain"]), Uri(f"mailto:d@{case['dest_domain']}"), resolver
    )
    assert (judged.accepted is True) is case["authorized"]
