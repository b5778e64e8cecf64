"""One SPF term by itself, as a policy file writes it."""

from __future__ import annotations

import pytest

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records import spf


@pytest.mark.parametrize(
    "text",
    [
        "a:a..example",
        "mx:.example/24",
        "include:%{d}..example",
        "redirect=a..example",
        "exp=..a.example",
    ],
)
def test_a_policy_cannot_name_what_dns_cannot_hold(text: str) -> None:
    spf.parse(f"v=spf1 {text}")  # receivers read it, and find nothing
    with pytest.raises(RecordSyntaxError, match="a label is missing between two dots"):
        spf.parse_term(text)


@pytest.mark.parametrize("text", ["x=a..b", "exists:%{d..}.example", "ip4:192.0.2.1"])
def test_dots_side_by_side_elsewhere_are_no_name(text: str) -> None:
    assert str(spf.parse_term(text)) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a mx", "one term at a time"), ("", "not a mechanism"), ("mx ", "one term at a time")],
)
def test_one_term_at_a_time(text: str, expected: str) -> None:
    with pytest.raises(RecordSyntaxError, match=expected):
        spf.parse_term(text)
