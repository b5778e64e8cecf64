"""DMARC records: RFC 9989 §4.7 and §4.8 as tables, and what prints reads back."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records import dmarc, dmarc_consent, dmarc_received
from mailauth_dns.records.name import DomainName
from tests.records.strategies import dmarc_records, near_tags

VALID = [
    ("v=DMARC1", "v=DMARC1"),
    ("V = DMARC1 ;", "v=DMARC1"),
    ("v=DMARC1;p=none", "v=DMARC1; p=none"),
    ("v=DMARC1; SP=Reject; p=QUARANTINE; np=None;", "v=DMARC1; p=quarantine; sp=reject; np=none"),
    (
        "v=DMARC1; rua=mailto:a@example.com , mailto:b@example.com!10m; p=none",
        "v=DMARC1; p=none; rua=mailto:a@example.com,mailto:b@example.com!10m",
    ),
    (
        "v=DMARC1; p=none; rua=mailto:a%2Cb%21c@example.com",
        "v=DMARC1; p=none; rua=mailto:a%2Cb%21c@example.com",
    ),
    (
        "v=DMARC1; p=none; fo=1:D:s; ruf=mailto:a@example.com",
        "v=DMARC1; p=none; fo=1:d:s; ruf=mailto:a@example.com",
    ),
    (
        "v=DMARC1; p=reject; pct=10; rf=afrf; ri=86400",
        "v=DMARC1; p=reject; pct=10; rf=afrf; ri=86400",
    ),
    (
        "v=DMARC1; p=reject; psd=n; t=y; adkim=s; aspf=r",
        "v=DMARC1; p=reject; adkim=s; aspf=r; psd=n; t=y",
    ),
    ("v=DMARC1; p=none; polcy=reject", "v=DMARC1; p=none; polcy=reject"),
]
INVALID = [
    ("", "", "expected a tag"),
    ("p=none", "p=none", "expected v=DMARC1 first"),
    ("p=none; v=DMARC1", "p=none", "expected v=DMARC1 first"),
    (" ;v=DMARC1; p=none", " ;v=DMARC1", "expected v=DMARC1 first"),
    ("v=DMARC1; p=none\r\n", "\r\n", "white space in a record is spaces and tabs"),
    ("v=dmarc1; p=none", "v=dmarc1", "expected v=DMARC1 first"),
    ("v=DMARC2; p=none", "v=DMARC2", "expected v=DMARC1 first"),
    ("v=DMARC1 p=none", "v=DMARC1 p=none", "expected v=DMARC1 first"),
    ("v=DMARC1; p=rejct", "rejct", "expected none, quarantine or reject"),
    ("v=DMARC1; p=none; sp=", "sp=", "sp has no value"),
    ("v=DMARC1; p=none; p=reject", "p=reject", "p is given twice"),  # RFC silent, ours
    ("v=DMARC1; p=none; P=reject", "P=reject", "p is given twice"),
    ("v=DMARC1; p=none; V=DMARC1", "V=DMARC1", "v is given twice"),
    ("v=DMARC1; p=none; adkim=strict", "strict", "expected r or s"),
    ("v=DMARC1; p=none; fo=0:1", "0:1", "expected 0 or 1, and d or s"),
    ("v=DMARC1; p=none; fo=d:d", "d:d", "expected 0 or 1, and d or s"),
    (
        "v=DMARC1; p=none; rua=dmarc@example.com",
        "dmarc@example.com",
        "expected an address such as mailto:",
    ),
    ("v=DMARC1; p=none; rua=mailto:a@example.com,", "", "expected an address such as mailto:"),
    ("v=DMARC1; p=none; rua=mailto:a@example.com!b", "!b", "must be written %21"),
    ("v=DMARC1; p=none; pct=101", "101", "expected a number up to 100"),
    ("v=DMARC1; p=none; pct=ten", "ten", "expected a number up to 100"),
    ("v=DMARC1; p=none; t=yes", "yes", "expected y or n"),
    ("v=DMARC1; p=none; psd=1", "1", "expected y, n or u"),
    ("v=DMARC1; p=none; x=caf\xe9", "caf\xe9", "printable ASCII only"),
    ("v=DMARC1; p1=none", "p1", "a DMARC tag's name holds letters only"),
    ("v=DMARC1; p", "p", "expected = between a tag and its value"),
]


@pytest.mark.parametrize(("text", "printed"), VALID)
def test_parse_and_print(text: str, printed: str) -> None:
    record = dmarc.parse(text)
    assert str(record) == printed
    assert dmarc.parse(printed) == record


@pytest.mark.parametrize(("text", "fault", "expected"), INVALID)
def test_parse_refuses(text: str, fault: str, expected: str) -> None:
    with pytest.raises(RecordSyntaxError) as caught:
        dmarc.parse(text)
    assert expected in caught.value.expected
    assert text[caught.value.start : caught.value.end] == fault


@given(dmarc_records)
def test_text_round_trips(record: dmarc.Record) -> None:
    """What we publish reads back as what we meant."""
    assert dmarc.parse(str(record)) == record


@given(st.text() | near_tags)
def test_parse_raises_nothing_else(text: str) -> None:
    with contextlib.suppress(RecordSyntaxError):
        record = dmarc.parse(text)
        assert dmarc.parse(str(record)).meaning == record.meaning
        received = dmarc_received.receive(text)
        assert received == dmarc_received.Received(record)


FALLBACKS = [  # record -> what holds for the domain, its subdomains, and those that do not exist
    ("v=DMARC1", ("none", "none", "none")),
    ("v=DMARC1; p=reject", ("reject", "reject", "reject")),
    ("v=DMARC1; p=reject; sp=none", ("reject", "none", "none")),
    ("v=DMARC1; p=reject; np=none", ("reject", "reject", "none")),
    ("v=DMARC1; p=none; sp=quarantine; np=reject", ("none", "quarantine", "reject")),
]


@pytest.mark.parametrize(("text", "expected"), FALLBACKS)
def test_np_falls_back_to_sp_and_that_to_p(text: str, expected: tuple[str, str, str]) -> None:
    record = dmarc.parse(text)
    assert (record.effective_p, record.effective_sp, record.effective_np) == expected


def test_owner_name() -> None:
    assert dmarc.owner_name(DomainName("example.com")) == "_dmarc.example.com"


HOSTS = [
    ("mailto:dmarc@example.com", "example.com"),
    ("MAILTO:dmarc@Example.COM.", "example.com"),
    ("mailto:a%2Cb%40c@example.com?subject=x@example.net", "example.com"),
    ("mailto:dmarc@fa%C3%9F.example", "xn--fa-hia.example"),
    ("mailto:dmarc", None),
    ("mailto:dmarc@", None),
    ("mailto:dmarc@[192.0.2.1]", None),
    ("mailto:dmarc@*.example", None),
    ("https://example.com/dmarc@example.net", None),
]


@pytest.mark.parametrize(("uri", "host"), HOSTS)
def test_report_host(uri: str, host: str | None) -> None:
    assert dmarc_consent.report_host(uri) == host


@pytest.mark.parametrize(
    ("text", "authorised"),
    [
        ("v=DMARC1", True),
        ("v=DMARC1;", True),
        ("v = DMARC1 ; rua=mailto:other@example.com", True),
        ("v=DMARC1; bogus", True),
        ("v=dmarc1", False),
        ("v=DMARC10", False),
        (" v=DMARC1", False),
        ("p=none; v=DMARC1", False),
    ],
)
def test_a_value_that_opens_as_a_record_lets_reports_through(text: str, authorised: bool) -> None:
    assert dmarc_consent.authorises(text) is authorised


def test_report_name() -> None:
    name = dmarc_consent.report_name(DomainName("example.com"), DomainName("reports.example"))
    assert name == "example.com._report._dmarc.reports.example"
    assert dmarc_consent.report_parties(name) == ("example.com", "reports.example")
