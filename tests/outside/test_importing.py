"""Records of other projects: a policy says the same, or import reports the record."""

from __future__ import annotations

from typing import Any

import pytest

from mailauth_dns.records import dkim
from mailauth_dns.records.family import Family
from mailauth_dns.records.zone import quoted
from tests.conftest import RepoFolder
from tests.importing.test_from_genkey import imported
from tests.importing.test_spellings import said_or_told
from tests.outside.cases import all_cases

FILES = {
    Family.SPF: "spf/syntax.json",
    Family.DKIM: "dkim/key_records.json",
    Family.DMARC: "dmarc/record_parse.json",
    Family.MTA_STS: "mta_sts/records.json",
    Family.TLS_RPT: "tlsrpt/records.json",
}


@pytest.mark.parametrize("owned", FILES)
def test_a_record_is_said_or_told(owned: Family) -> None:
    for case in all_cases(FILES[owned]):
        text = case.get("record", case.get("text"))
        if (
            isinstance(text, str) and case.get("kind", "txt") == "txt"
        ):  # the others are a policy's body
            said_or_told(owned, text.encode().decode("latin-1"))


@pytest.mark.parametrize(
    "case", [case for case in all_cases("dkim/key_records.json") if case.get("strings")]
)
def test_generated_records(repo: RepoFolder, case: dict[str, Any]) -> None:
    text = (
        "s1._domainkey IN TXT ( "
        + "\n\t".join(map(quoted, case["strings"]))
        + " ) ; ----- DKIM key"
    )
    assert imported(repo, text).meaning == dkim.parse("".join(case["strings"])).meaning
