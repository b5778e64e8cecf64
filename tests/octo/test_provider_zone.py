"""Octets of TXT values as octoDNS holds them, also those on which its own chunking never ends."""

from __future__ import annotations

import pytest
from octodns.zone import Zone

from mailauth_dns.octo.provider_zone import rrset_of
from mailauth_dns.octo.txt_round_trip import txt_record

TEXTS = {
    "v=DKIM1\\; p=": "v=DKIM1; p=",
    'a "quoted" word': 'a "quoted" word',
    "café": "caf\xc3\xa9",  # octoDNS decodes what it transfers as UTF-8
    "café\\": "caf\xc3\xa9\\",
    "é" * 300 + "\\" * 300: "\xc3\xa9" * 300 + "\\" * 300,
    "": "",
}


@pytest.mark.parametrize("text", TEXTS)
def test_txt_is_read_as_octets(text: str) -> None:
    record = txt_record(Zone("example.com.", set()), "", 300, [text])
    assert rrset_of(record).values == {TEXTS[text]}
