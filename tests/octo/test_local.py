"""The local provider writes one set at a time, and leaves everything else as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from octodns.record import Record

from mailauth_dns.octo.txt_round_trip import txt_record
from tests.octo.local_zone import ODD, ORIGIN, TEXT, plan, provider, read, spf


def test_an_apply_changes_its_set_and_the_serial(folder: Path) -> None:
    mine = provider(folder)
    mine.apply(plan(mine, spf("v=spf1 mx -all")))
    expected = TEXT.replace('        IN TXT  "v=spf1 a ~all"\n', "").replace("( 41 ;", "( 42 ;")
    expected = expected.replace(
        "        IN MX   10 mx\n",
        '        IN MX   10 mx\nexample.com. 3600 IN TXT "v=spf1 mx -all"\n',
    )
    assert (folder / "example.com.zone").read_text() == expected
    assert provider(folder).plan(read(mine)) is None


def test_every_octet_is_written_as_it_was_read(folder: Path) -> None:
    """A new TTL rewrites the foreign value too."""

    def edit(zone: Any) -> None:
        there = zone.get_type("", "TXT")
        zone.add_record(
            txt_record(zone, "", 60, [str(text) for text in there.values]),
            replace=True,
            lenient=True,
        )

    mine = provider(folder)
    mine.apply(plan(mine, edit))
    master = mine.read(ORIGIN)
    assert master is not None
    rrset = master.zone().get((ORIGIN, "TXT"))
    assert rrset is not None
    assert rrset.ttl == 60
    assert rrset.values == {"v=spf1 a ~all", ODD}


def test_sets_are_made_and_deleted(folder: Path) -> None:
    def edit(zone: Any) -> None:
        zone.remove_record(zone.get_type("mx", "A"))
        for name, data in (
            ("s1._domainkey", {"type": "CNAME", "value": "s1.keys.example.net."}),
            ("_dmarc", {"type": "TXT", "value": "v=DMARC1\\; p=none"}),
            ("null", {"type": "MX", "value": {"preference": 0, "exchange": "."}}),
        ):
            zone.add_record(Record.new(zone, name, {"ttl": 60, **data}, lenient=True), lenient=True)

    mine = provider(folder)
    mine.apply(plan(mine, edit))
    text = (folder / "example.com.zone").read_text()
    assert "192.0.2.1" not in text
    assert "mx.example.com.        IN AAAA 2001:db8::1\n" in text
    assert '_dmarc.example.com. 60 IN TXT "v=DMARC1; p=none"\n' in text
    assert "s1._domainkey.example.com. 60 IN CNAME s1.keys.example.net.\n" in text
    assert "null.example.com. 60 IN MX 0 .\n" in text


UNHOLDABLE = [
    'h HTTPS 1 . alpn="h2,h3"',
    "l LOC 1 2 3",
    "c CNAME x\nc CNAME y",
    "c CNAME caf\xc3\xa9",
    "a CAA \\# 3 000102",
    "n NAPTR 1 1",
]


@pytest.mark.parametrize("record", UNHOLDABLE)
def test_a_record_that_octodns_cannot_hold_stays_and_stops_nothing(
    folder: Path, record: str
) -> None:
    path = folder / "example.com.zone"
    path.write_bytes((TEXT + record + "\n").encode("latin-1"))
    mine = provider(folder)
    mine.apply(plan(mine, spf("v=spf1 mx -all")))
    assert path.read_bytes().decode("latin-1").endswith(record + "\n")
    assert "v=spf1 mx -all" in path.read_text("latin-1")


def test_another_set_that_changed_since_is_kept(folder: Path) -> None:
    mine = provider(folder)
    made = plan(mine, spf("v=spf1 mx -all"))
    (folder / "example.com.zone").write_text(TEXT.replace("192.0.2.1", "192.0.2.9"))
    mine.apply(made)
    text = (folder / "example.com.zone").read_text()
    assert "192.0.2.9" in text
    assert "v=spf1 mx -all" in text
