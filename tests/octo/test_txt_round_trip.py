"""TXT values come through octoDNS octet by octet."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mailauth_dns.octo.txt_round_trip import internal_text, octets


@given(st.text(st.characters(max_codepoint=255)))
def test_octets_survive_octodns_internal_form(value: str) -> None:
    assert octets(internal_text(value)) == value
