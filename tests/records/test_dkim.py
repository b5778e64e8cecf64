"""DKIM key records: RFC 6376 §3.6.1 as tables, and what prints reads back."""

from __future__ import annotations

import base64
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailauth_dns.errors import Fault, RecordSyntaxError
from mailauth_dns.records import dkim
from mailauth_dns.records.name import DomainName
from tests.records.strategies import dkim_records, near_tags

# A 2048-bit key as opendkim-genkey makes them: published by its owner as one line.
ARTICLE = (
    "v=DKIM1; k=rsa; "
    "p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAy9qfhh+9ngAdCpTVmxy9KHNkgZwSjZsp4NfMV+0zZ0+K8vVWDpo8/MhfVoemYjpLCASw"
    "X7yyufXWMbdRNs3rhiulNpEFhopT2AJyhe9BdcyvR/MEQoa+HMeEE+SCqQ0Z8cgkXdEQdGhrw807KjAjTlxoQ+gCsvRn1okXJ6OproJrzvfD/ol/RuIcyaGiQl/OG5ZSKpM4SBPyFCDH73T9l9apZ45Vlo6u"
    "yoj9tOOAwx9VFn5U98rqMPWoVKPuV+EgrR0DhmVmDKVHMlM/Sc/vHY8JzM5CJLHCsYPm3Rb4AWR4bMcDGNrKnc2IUcf+0NWPCQkax9S2iNkmCo0AM43PAwIDAQAB"
)

VALID = [
    (ARTICLE, ARTICLE),
    ("p=", "p="),
    ("v=DKIM1; p=", "v=DKIM1; p="),
    ("k=rsa;p=AAAA;t=y:s;h=sha256", "h=sha256; k=rsa; t=y:s; p=AAAA"),
    ("v = DKIM1 ;\r\n p = AA\r\n AA ; s = email : * ", "v=DKIM1; s=email:*; p=AAAA"),
    (
        "v=DKIM1; n=a note, with = and spaces; p=AAAA; x=1",
        "v=DKIM1; n=a note, with = and spaces; x=1; p=AAAA",
    ),
    ("v=DKIM1;; p=AAAA;;", "v=DKIM1; p=AAAA"),
    (
        "k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
        "k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
    ),
]
INVALID = [
    ("", "", "expected a tag"),
    (" ; ;", " ; ;", "expected a tag"),
    ("v=DKIM1", "", "expected p=, the public key"),
    ("v=DKIM1; k=rsa", "", "expected p=, the public key"),
    ("p=AAAA; v=DKIM1", "v=DKIM1", "v must be the first tag"),
    ("v=DKIM2; p=AAAA", "DKIM2", "expected v=DKIM1"),
    ("v=dkim1; p=AAAA", "dkim1", "expected v=DKIM1"),
    ("p=AAAA; p=BBBB", "p=BBBB", "p is given twice"),
    ("p=AAA", "AAA", "p is not base64"),
    ('p=AA"" "AA', 'AA"" "AA', "p is not base64"),
    ("p=AAAA-_==", "AAAA-_==", "p is not base64"),
    ("p AAAA", "p AAAA", "expected = between a tag and its value"),
    ("v=DKIM1\\; p=AAAA", "DKIM1\\", "expected v=DKIM1"),
    ("=x; p=AAAA", "", "a tag's name holds letters, digits and _"),
    ("1a=x; p=AAAA", "1a", "a tag's name holds letters, digits and _"),
    ("k=; p=AAAA", "", "expected a key type"),
    ("h=sha1,sha256; p=AAAA", "sha1,sha256", "expected hashes such as sha256"),
    ("t=y:; p=AAAA", "y:", "expected flags such as y or s"),
]


@pytest.mark.parametrize(("text", "printed"), VALID)
def test_parse_and_print(text: str, printed: str) -> None:
    record = dkim.parse(text)
    assert str(record) == printed
    assert dkim.parse(printed).meaning == record.meaning


@pytest.mark.parametrize(("text", "fault", "expected"), INVALID)
def test_parse_refuses(text: str, fault: str, expected: str) -> None:
    with pytest.raises(RecordSyntaxError) as caught:
        dkim.parse(text)
    assert expected in caught.value.expected
    assert text[caught.value.start : caught.value.end] == fault


FAULTS = [
    ("v=DKIM1; k=rsa; k=rsa; p=AAAA", Fault.SYNTAX),
    ("v=DKIM1; p=!", Fault.SYNTAX),
    ("k=rsa; v=DKIM1", Fault.VERSION),
    ("v=DKIM2; p=!", Fault.VERSION),
    ("v=DKIM1; h=!", Fault.NO_KEY),
]


@pytest.mark.parametrize(("text", "kind"), FAULTS)
def test_the_error_says_which_fault_it_is(text: str, kind: Fault) -> None:
    with pytest.raises(RecordSyntaxError) as caught:
        dkim.parse(text)
    assert caught.value.fault is kind


@given(dkim_records)
def test_text_round_trips(record: dkim.Record) -> None:
    """What we publish reads back as what we meant."""
    assert dkim.parse(str(record)) == record


@given(st.text() | near_tags)
def test_parse_raises_nothing_else(text: str) -> None:
    with contextlib.suppress(RecordSyntaxError):
        assert dkim.parse(str(dkim.parse(text))).meaning == dkim.parse(text).meaning


def test_owner_name() -> None:
    assert dkim.owner_name("a.b", DomainName("example.com")) == "a.b._domainkey.example.com"


def test_key_material() -> None:
    assert dkim.parse("p=AAEC").key_bytes == b"\0\1\2"
    assert dkim.parse("p=").key_bytes == b""


@given(
    st.integers(0, 127).flatmap(lambda size: st.binary(min_size=size, max_size=size)),
    st.sampled_from([b"\x02\x01", b"\x02\x02", b"\x30\x0d"]),
    st.binary(max_size=600),
)
def test_a_key_is_private_by_how_it_begins(length: bytes, then: bytes, rest: bytes) -> None:
    """The beginning of a text tells it, however long the length in DER is."""
    der = bytes([0x30, 0x80 | len(length)]) + length + then + rest
    padded = der + bytes(-len(der) % 3)
    text = base64.b64encode(padded).decode()
    if len(text) >= 12:
        assert dkim.holds_private_key(text) is dkim.is_private_key(padded)
