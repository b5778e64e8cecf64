"""What receivers make of DMARC records, broken ones above all (RFC 9989 §4.7, §4.8, §4.10.1)."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mailauth_dns.records import dmarc
from mailauth_dns.records.dmarc_received import receive
from tests.records.strategies import dmarc_records

NO_RECORD = [
    "",
    "v",
    "v=",
    "v=spf1 -all",
    "v=dmarc1; p=none",
    "v=DMARC10; p=none",
    "v=DMARC1 p=none",
    "p=none; v=DMARC1",
    ";v=DMARC1; p=none",
    '"v=DMARC1; p=none"',
    " v=DMARC1; p=none",
    "\tv=DMARC1; p=none",
    "version=DMARC1; p=none",
]


@pytest.mark.parametrize("text", NO_RECORD)
def test_a_wrong_version_is_no_record(text: str) -> None:
    assert receive(text) is None


# text, the record that counts, tags dropped for their values
READ = [
    ("v=DMARC1", "v=DMARC1", set()),
    ("V = DMARC1 ;P = Reject ; ", "v=DMARC1; p=reject", set()),
    ("v=DMARC1;;p=none;;", "v=DMARC1; p=none", set()),
    ("v=DMARC1; p=none; future=x y", "v=DMARC1; p=none; future=x y", set()),
    ("v=DMARC1; p=rejct; sp=none", "v=DMARC1; sp=none", {"p"}),
    ("v=DMARC1; p=; sp=reject", "v=DMARC1; sp=reject", {"p"}),
    (
        "v=DMARC1; p=reject; adkim=strict; aspf=s; t=yes; psd=x",
        "v=DMARC1; p=reject; aspf=s",
        {"adkim", "t", "psd"},
    ),
    # no tags at all, so nothing is dropped from one
    ("v=DMARC1; garbage; =x; p1=reject; p=none", "v=DMARC1; p=none", set()),
    # the first one counts
    ("v=DMARC1; p=none; p=reject; v=DMARC1", "v=DMARC1; p=none", set()),
    ("v=DMARC1; p=rejct; p=reject", "v=DMARC1", {"p"}),
    # addresses, each for itself; the size is nothing to receivers
    (
        "v=DMARC1; p=none; rua=mailto:a@example.com!10m , https://example.com/",
        "v=DMARC1; p=none; rua=mailto:a@example.com!10m,https://example.com/",
        set(),
    ),
    (
        "v=DMARC1; p=none; rua=a@example.com,mailto:b@example.com,",
        "v=DMARC1; p=none; rua=mailto:b@example.com",
        {"rua"},
    ),
    ("v=DMARC1; p=none; rua=mailto:ä@example.com", "v=DMARC1; p=none", {"rua"}),
]


@pytest.mark.parametrize(("text", "record", "dropped"), READ)
def test_reading(text: str, record: str, dropped: set[str]) -> None:
    received = receive(text)
    assert received is not None
    assert str(received.record) == record
    assert received.dropped == dropped


RUA = "rua=mailto:d@example.com"
# text, the record to act on
APPLIED = [
    ("v=DMARC1; p=reject", "v=DMARC1; p=reject"),
    ("v=DMARC1", None),
    ("v=DMARC1; sp=reject", None),
    ("v=DMARC1; rua=nothing", None),
    (f"v=DMARC1; {RUA}", f"v=DMARC1; p=none; {RUA}"),
    (f"v=DMARC1; p=rejct; adkim=s; {RUA}", f"v=DMARC1; p=none; adkim=s; {RUA}"),
    ("v=DMARC1; p=reject; sp=rejct", None),
    ("v=DMARC1; p=reject; np=rejct; ruf=mailto:d@example.com", None),
    (f"v=DMARC1; p=reject; sp=rejct; np=reject; {RUA}", f"v=DMARC1; p=none; {RUA}"),
    (f"v=DMARC1; p=reject; adkim=strict; {RUA}", f"v=DMARC1; p=reject; {RUA}"),
]


@pytest.mark.parametrize(("text", "record"), APPLIED)
def test_what_is_acted_on(text: str, record: str | None) -> None:
    received = receive(text)
    assert received is not None
    assert (None if received.applied is None else str(received.applied)) == record


TABLE = yaml.safe_load(Path(__file__).with_name("dmarc_received.yaml").read_text())


@pytest.mark.parametrize("row", TABLE, ids=[row["text"] for row in TABLE])
def test_the_policy_that_is_applied(row: dict[str, str]) -> None:
    received = receive(row["text"])
    record = received.applied if received is not None else None
    assert (str(record.effective_p) if record is not None else "no record") == row["applied"]


@given(dmarc_records)
def test_what_we_publish_is_received_as_meant(record: dmarc.Record) -> None:
    received = receive(str(record))
    assert received is not None
    assert received.record == record
    assert not received.dropped


@given(st.text(st.characters(max_codepoint=255)).map(lambda rest: f"v=DMARC1;{rest}"))
def test_nothing_after_the_version_drops_the_record(text: str) -> None:
    assert receive(text) is not None
