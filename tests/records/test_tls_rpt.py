"""TLS-RPT records: RFC 8460 §3 as tables, and what prints reads back."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records import tls_rpt
from mailauth_dns.records.name import DomainName
from tests.records.strategies import near_fields, tlsrpt_records

VALID = [
    ("v=TLSRPTv1; rua=mailto:tls@example.com", "v=TLSRPTv1; rua=mailto:tls@example.com"),
    ("v=TLSRPTv1;rua=mailto:tls@example.com;", "v=TLSRPTv1; rua=mailto:tls@example.com"),
    (
        "v=TLSRPTv1; rua=mailto:a@example.com \t, https://example.com/tls?x=1",
        "v=TLSRPTv1; rua=mailto:a@example.com,https://example.com/tls?x=1",
    ),
    # The grammar has any number of rua fields.
    (
        "v=TLSRPTv1; rua=mailto:a@example.com; x=1; rua=mailto:b@example.com",
        "v=TLSRPTv1; rua=mailto:a@example.com,mailto:b@example.com; x=1",
    ),
    (
        "v=TLSRPTv1; rua=mailto:a%2Cb%21%3B@example.com",
        "v=TLSRPTv1; rua=mailto:a%2Cb%21%3B@example.com",
    ),
]
INVALID = [
    ("", "", "expected v=TLSRPTv1 first"),
    ("v=TLSRPTv2; rua=mailto:a@example.com", "v=TLSRPTv2", "expected v=TLSRPTv1 first"),
    ("v=tlsrptv1; rua=mailto:a@example.com", "v=tlsrptv1", "expected v=TLSRPTv1 first"),
    ("v=TLSRPTv1;", "", "expected a field behind v=TLSRPTv1"),
    ("v=TLSRPTv1; id=2026", "", "expected rua="),
    ("v=TLSRPTv1; rua=", "rua=", "rua has no value"),
    ("v=TLSRPTv1; rua=tls@example.com", "tls@example.com", "expected an address such as mailto:"),
    ("v=TLSRPTv1; rua=mailto:a@example.com,", "", "expected an address such as mailto:"),
    (
        "v=TLSRPTv1; rua=mailto:a@example.com , b@example.com",
        "b@example.com",
        "expected an address such as mailto:",
    ),
    (
        "v=TLSRPTv1; rua=mailto:a@example.com b@example.com",
        "mailto:a@example.com b@example.com",
        "expected an address such as mailto:",
    ),
    (
        "v=TLSRPTv1; rua=https://example.com/100%",
        "https://example.com/100%",
        "expected an address such as mailto:",
    ),
    ("v=TLSRPTv1; rua=mailto:a@example.com!10m", "!10m", "must be written %21"),
    ("v=TLSRPTv1; rua=mailto:a@example.com;;", "", "expected a field such as name=value"),
    ("v=TLSRPTv1; rua=mailto:a@example.com; x=", "x=", "x has no value"),
    ("v=TLSRPTv1; rua=mailto:a@example.com; 1%=x", "1%", "a field's name holds"),
]


@pytest.mark.parametrize(("text", "printed"), VALID)
def test_parse_and_print(text: str, printed: str) -> None:
    record = tls_rpt.parse(text)
    assert str(record) == printed
    assert tls_rpt.parse(printed) == record


@pytest.mark.parametrize(("text", "fault", "expected"), INVALID)
def test_parse_refuses(text: str, fault: str, expected: str) -> None:
    with pytest.raises(RecordSyntaxError) as caught:
        tls_rpt.parse(text)
    assert expected in caught.value.expected
    assert text[caught.value.start : caught.value.end] == fault


@given(tlsrpt_records)
def test_text_round_trips(record: tls_rpt.Record) -> None:
    """What we publish reads back as what we meant."""
    assert tls_rpt.parse(str(record)) == record


@given(st.text() | near_fields)
def test_parse_raises_nothing_else(text: str) -> None:
    with contextlib.suppress(RecordSyntaxError):
        assert tls_rpt.parse(str(tls_rpt.parse(text))).meaning == tls_rpt.parse(text).meaning


def test_owner_name() -> None:
    assert tls_rpt.owner_name(DomainName("example.com")) == "_smtp._tls.example.com"
