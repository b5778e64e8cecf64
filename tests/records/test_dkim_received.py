"""Keys as the most lenient verifier takes them from a text, right or broken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records import dkim, dkim_received

KEY, OTHER = "MIIBIjANBgkqhkiG9w0BAQEF", "MIIBIjANBgkqhkiG9w0BAQEG"
KEYS: list[tuple[str, set[str], str | None]] = [
    (f"v=DKIM1; p={KEY}", {KEY}, None),
    ("v=DKIM1; p=", {""}, None),
    (f"v=DKIM1;; p={KEY}", {KEY}, "a semicolon has no tag before it"),
    (f"k=rsa; v=DKIM1; p={KEY}", {KEY}, "v must be the first tag"),
    (f"v=DKIM1; p={KEY}; p={OTHER}", {KEY, OTHER}, "p is given twice"),
    (f"v=DKIM1; p=; p={KEY}", {KEY}, "p is given twice"),
    (f'v=DKIM1 k=rsa P = "{KEY[:9]}" "{KEY[9:]}"', {KEY}, "expected v=DKIM1"),
    (f"v=DKIM1; sp={KEY}", set(), "expected p=, the public key"),
    ("k=rsa; v=DKIM1; p=", set(), "v must be the first tag"),
    ("v=DMARC1; p=quarantine", set(), "expected v=DKIM1"),
    ("hello", set(), "expected = between a tag and its value"),
]


@pytest.mark.parametrize(("text", "keys", "fault"), KEYS)
def test_keys(text: str, keys: set[str], fault: str | None) -> None:
    assert dkim_received.keys(text) == keys
    assert dkim_received.fault(text) == fault


@given(
    st.text()
    | st.lists(st.sampled_from(["v=DKIM1", ";", "p=", KEY, "=", " ", "k=rsa", "t", ":", "\\"])).map(
        "".join
    )
)
def test_what_is_right_by_the_letter_is_read_by_the_letter(text: str) -> None:
    try:
        record = dkim.parse(text)
    except RecordSyntaxError:
        assert dkim_received.fault(text)
        assert all(len(dkim_received.octets(key)) <= len(key) for key in dkim_received.keys(text))
    else:
        assert dkim_received.keys(text) == {record.p}
