"""What takes protection away, by what receivers apply before and after."""

from __future__ import annotations

import pytest

from mailauth_dns.diff.weakening import effect

KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
CASES = [
    ("spf", ["v=spf1 mx -all"], [], "deletes"),
    ("spf", [], ["v=spf1 mx -all"], None),
    ("spf", ["v=spf1 mx -all"], ["v=spf1 mx ~all"], "weakens"),
    ("spf", ["v=spf1 mx"], ["v=spf1 mx +all"], "weakens"),
    ("spf", ["v=spf1 mx ~all"], ["v=spf1 mx -all"], None),
    ("spf", ["v=spf1 mx a -all"], ["v=spf1 mx -all"], None),
    ("spf", ["v=spf1 mx redirect=a.example"], ["v=spf1 mx ~all"], None),  # nobody knows
    ("spf", ["broken"], ["v=spf1 ~all"], None),
    ("dmarc", ["v=DMARC1; p=reject"], ["v=DMARC1; p=none"], "weakens"),
    ("dmarc", ["v=DMARC1; p=reject"], ["v=DMARC1; p=reject; sp=none"], "weakens"),
    ("dmarc", ["v=DMARC1; p=none"], ["v=DMARC1; p=reject"], None),
    ("dmarc", ["v=DMARC1; p=none"], [], "deletes"),
    ("dkim", [f"v=DKIM1; k=ed25519; p={KEY}"], ["v=DKIM1; p="], "weakens"),
    ("dkim", [f"v=DKIM1; k=ed25519; p={KEY}"], [f"v=DKIM1; t=s; k=ed25519; p={KEY}"], None),
    ("dkim", ["v=DKIM1; p="], [], "deletes"),
    ("mta_sts", ["v=STSv1; id=nobodys"], ["v=STSv1; id=other"], None),
    ("tls_rpt", ["v=TLSRPTv1; rua=mailto:a@x.example"], [], "deletes"),
    ("unheard of", ["a"], ["b"], None),
]


@pytest.mark.parametrize(("family", "before", "after", "expected"), CASES)
def test_effect(family: str, before: list[str], after: list[str], expected: str | None) -> None:
    assert effect(family, before, after) == expected
