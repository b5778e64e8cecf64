"""BIMI assertion records as tables, and what prints reads back."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records import bimi
from mailauth_dns.records.name import DomainName
from tests.records.strategies import bimi_records, near_tags

LOGO, EVIDENCE = "https://example.com/logo.svg", "https://example.com/mark.pem"
VALID = [
    (f"v=BIMI1; l={LOGO}", f"v=BIMI1; l={LOGO}"),
    (f"v = BIMI1;a={EVIDENCE};l={LOGO};", f"v=BIMI1; l={LOGO}; a={EVIDENCE}"),
    ("v=BIMI1; l=; a=;", "v=BIMI1; l=; a="),
    ("v=BIMI1; l=", "v=BIMI1; l="),
    (
        f"v=BIMI1; l={LOGO}; x=1; lps=news,billing; avp=personal",
        f"v=BIMI1; l={LOGO}; avp=personal; lps=news,billing; x=1",
    ),
]
INVALID = [
    ("", "", "expected a tag"),
    (f"l={LOGO}", f"l={LOGO}", "expected v=BIMI1 first"),
    (f"l={LOGO}; v=BIMI1", f"l={LOGO}", "expected v=BIMI1 first"),
    (f";v=BIMI1; l={LOGO}", ";v=BIMI1", "expected v=BIMI1 first"),
    (f"v=bimi1; l={LOGO}", "v=bimi1", "expected v=BIMI1 first"),
    (f"v=BIMI1; a={EVIDENCE}", "", "expected l="),
    (
        "v=BIMI1; l=example.com/logo.svg",
        "example.com/logo.svg",
        "expected an address such as https://",
    ),
    (f"v=BIMI1; l={LOGO}; a=self", "self", "expected an address such as https://"),
    (f"v=BIMI1; l={LOGO} {LOGO}", f"{LOGO} {LOGO}", "expected an address such as https://"),
    (f"v=BIMI1; l={LOGO}; l={LOGO}", f"l={LOGO}", "l is given twice"),
    (f"v=BIMI1; l={LOGO}; avp=logo", "logo", "expected brand or personal"),
    ("v=BIMI1; l=; x=caf\xe9", "caf\xe9", "printable ASCII only"),
]


@pytest.mark.parametrize(("text", "printed"), VALID)
def test_parse_and_print(text: str, printed: str) -> None:
    record = bimi.parse(text)
    assert str(record) == printed
    assert bimi.parse(printed) == record


@pytest.mark.parametrize(("text", "fault", "expected"), INVALID)
def test_parse_refuses(text: str, fault: str, expected: str) -> None:
    with pytest.raises(RecordSyntaxError) as caught:
        bimi.parse(text)
    assert expected in caught.value.expected
    assert text[caught.value.start : caught.value.end] == fault


@given(bimi_records)
def test_text_round_trips(record: bimi.Record) -> None:
    """What we publish reads back as what we meant."""
    assert bimi.parse(str(record)) == record


@given(st.text() | near_tags)
def test_parse_raises_nothing_else(text: str) -> None:
    with contextlib.suppress(RecordSyntaxError):
        assert bimi.parse(str(bimi.parse(text))).meaning == bimi.parse(text).meaning


@pytest.mark.parametrize(
    ("text", "declines"),
    [
        ("v=BIMI1; l=; a=", True),
        ("v=BIMI1; l=", True),
        (f"v=BIMI1; l={LOGO}", False),
        (f"v=BIMI1; l=; a={EVIDENCE}", False),
    ],
)
def test_nothing_to_show_declines(text: str, declines: bool) -> None:
    assert bimi.parse(text).declines is declines


def test_owner_name() -> None:
    assert bimi.owner_name("default", DomainName("example.com")) == "default._bimi.example.com"
