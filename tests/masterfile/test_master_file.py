"""Master files that are read."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import dns.rdatatype
import dns.zone
import pytest
from dns.rdtypes.ANY.TXT import TXT
from hypothesis import given
from hypothesis import strategies as st

from mailauth_dns.masterfile import loose_reader
from mailauth_dns.masterfile.master_file import MasterFile, parse
from mailauth_dns.records.zone import RRKey, RRset
from tests.conftest import need
from tests.masterfile.masterfiles import HEAD, ORIGIN, SOA, without_soa, zones

Row = tuple[str, int, str, str]  # owner, TTL in seconds, type, value


def a(owner: str, address: str = "192.0.2.1", ttl: int = 3600) -> Row:
    return (owner, ttl, "A", address)


def txt(owner: str, value: str, ttl: int = 3600) -> Row:
    return (owner, ttl, "TXT", value)


# The records below HEAD, and what they are.
READ: dict[str, tuple[str, list[Row]]] = {
    "relative, absolute and apex": (
        "a A 192.0.2.1\nb.example.com. A 192.0.2.1\n@ A 192.0.2.1\n",
        [a("a.example.com"), a("b.example.com"), a("example.com")],
    ),
    "owner inherited over comments, blank lines and tabs": (
        'a IN A 192.0.2.1\n; c\n\n\tIN\tTXT\t"x"\n   \n  A 192.0.2.2\n',
        [a("a.example.com"), txt("a.example.com", "x"), a("a.example.com", "192.0.2.2")],
    ),
    "TTL and class in either order, any case": (
        "A 60 In a 192.0.2.1\nB iN 60 A 192.0.2.1\nC CLASS1 A 192.0.2.1\n",
        [a("a.example.com", ttl=60), a("b.example.com", ttl=60), a("c.example.com")],
    ),
    "TTL units": (
        "a 1h2m A 192.0.2.1\nb 1W2d3H4M5s A 192.0.2.1\n",
        [a("a.example.com", ttl=3720), a("b.example.com", ttl=788645)],
    ),
    "$TTL changes": (
        "a A 192.0.2.1\n$TTL 1h30m\nb A 192.0.2.1\n",
        [a("a.example.com"), a("b.example.com", ttl=5400)],
    ),
    "$ORIGIN changes": (
        "$ORIGIN sub\na MX 10 mx\n$ORIGIN deep.sub.example.com.\n@ A 192.0.2.1\n$origin .\n"
        "b.example.com A 192.0.2.1\n",
        [
            ("a.sub.example.com", 3600, "MX", "10 mx.sub.example.com."),
            a("deep.sub.example.com"),
            a("b.example.com"),
        ],
    ),
    "owners that look like something else": (
        "3600 A 192.0.2.1\nin A 192.0.2.1\n",
        [a("3600.example.com"), a("in.example.com")],
    ),
    "parentheses": (
        'a TXT ( "x" ; one\n\n  "y;" ) ; two\n( b A\n 192.0.2.1 )\nc A (192.0.2.1)\n',
        [txt("a.example.com", "xy;"), a("b.example.com"), a("c.example.com")],
    ),
    "quotes": (
        'a TXT "a;b" "(c)"\nb TXT "q\\"q" "b\\\\"\nc TXT "x""y"\nd TXT ab"cd"ef\ne TXT ""\n',
        [
            txt("a.example.com", "a;b(c)"),
            txt("b.example.com", 'q"qb\\'),
            txt("c.example.com", "xy"),
            txt("d.example.com", "abcdef"),
            txt("e.example.com", ""),
        ],
    ),
    "octets": ('a TXT "\\255\\000" \\065\\;b\n', [txt("a.example.com", "\xff\0A;b")]),
    # To Python NBSP and NEL are white space; in a file they are octets, here of "à" and "…".
    "octets that are not ASCII": (
        'a TXT caf\xc3\xa0x\nb TXT ( \xe2\x80\xa6 "\xc2\x85" )\n',
        [txt("a.example.com", "caf\xc3\xa0x"), txt("b.example.com", "\xe2\x80\xa6\xc2\x85")],
    ),
    "escapes in owners are the names they mean": (
        "\\095dmarc TXT x\n\\S1._domainkey TXT x\na\\.b A 192.0.2.1\nc\\032d A 192.0.2.1\n",
        [
            txt("_dmarc.example.com", "x"),
            txt("s1._domainkey.example.com", "x"),
            a("a\\.b.example.com"),
            a("c\\032d.example.com"),
        ],
    ),
    "odd owners": (
        "*.W A 192.0.2.1\n0/26 A 192.0.2.1\n",
        [a("*.w.example.com"), a("0/26.example.com")],
    ),
    "names in values": (
        "a CNAME B\nc NS ns.c\nd MX 010 mx\ne SRV 1 2 5060 sip\nf PTR h.example.net.\ng DNAME @\n"
        "h MX 0 .\n",
        [
            ("a.example.com", 3600, "CNAME", "b.example.com."),
            ("c.example.com", 3600, "NS", "ns.c.example.com."),
            ("d.example.com", 3600, "MX", "10 mx.example.com."),
            ("e.example.com", 3600, "SRV", "1 2 5060 sip.example.com."),
            ("f.example.com", 3600, "PTR", "h.example.net."),
            ("g.example.com", 3600, "DNAME", "example.com."),
            ("h.example.com", 3600, "MX", "0 ."),
        ],
    ),
    "other types keep their words and quotes": (
        'a CAA 0 issue "ca.example.net; x=y"\nb TYPE65280 \\# 2 ( ab\n cd )\n',
        [
            ("a.example.com", 3600, "CAA", '0 issue "ca.example.net; x=y"'),
            ("b.example.com", 3600, "TYPE65280", "\\# 2 abcd"),
        ],
    ),
    "TXT by its number and in octets (RFC 3597)": (
        "a TYPE16 x\nb TXT \\# 5 02 6162 ( 01\n 63 )\n",
        [txt("a.example.com", "x"), txt("b.example.com", "abc")],
    ),
    "what lies outside is not in the zone": (
        "a.example.org. A 192.0.2.1\n  A 192.0.2.2\naexample.com. A 192.0.2.1\nb A 192.0.2.1\n",
        [a("b.example.com")],
    ),
    "one TTL a set, the first (RFC 2181 §5.2)": (
        "a 60 A 192.0.2.1\na 30 A 192.0.2.2\n",
        [a("a.example.com", ttl=60), a("a.example.com", "192.0.2.2", 60)],
    ),
    "no line end at the end": (
        "a A 192.0.2.1\nb A 192.0.2.1",
        [a("a.example.com"), a("b.example.com")],
    ),
    "comment at the end": ("a A 192.0.2.1 ; c", [a("a.example.com")]),
}


def rows(file: MasterFile) -> set[Row]:
    return {
        (rrset.name, rrset.ttl or 0, rrset.type, value)
        for rrset in file.zone().rrsets
        for value in rrset.values
    }


BASE = rows(parse(ORIGIN, HEAD))


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize(("text", "expected"), READ.values(), ids=READ)
def test_reads(text: str, expected: list[Row], line_end: str) -> None:
    assert rows(parse(ORIGIN, (HEAD + text).replace("\n", line_end))) == BASE | set(expected)


@pytest.mark.parametrize(("text", "expected"), READ.values(), ids=READ)
def test_bind_reads_the_same(text: str, expected: list[Row], tmp_path: Path) -> None:
    """BIND writes the zone out in its own spelling, which must read as the same records."""
    need(
        None
        if shutil.which("named-checkzone")
        else "named-checkzone is not installed (script/servers gets BIND)"
    )
    path = tmp_path / "zone"
    path.write_bytes((HEAD + text).encode("latin-1"))
    command = [
        "named-checkzone",
        "-q",
        "-k",
        "ignore",
        "-i",
        "none",
        "-r",
        "ignore",
        "-D",
        "-o",
        "-",
        ORIGIN,
        str(path),
    ]
    written = subprocess.run(command, capture_output=True, check=True, timeout=30).stdout.decode(
        "latin-1"
    )
    read = {
        (*row[:3], row[3].lower() if row[2] == "TYPE65280" else row[3])
        for row in rows(parse(ORIGIN, written))
    }
    assert read == BASE | set(expected)


def test_soa_in_parentheses_with_units() -> None:
    file = parse(ORIGIN, "@ SOA ns1 host\\.master (\n 0041 ; serial\n 2h 30M 2w 5m )\n")
    assert rows(file) == {
        (
            "example.com",
            300,
            "SOA",
            "ns1.example.com. host\\.master.example.com. 0041 7200 1800 1209600 300",
        )
    }
    assert file.serial == 41


def test_soa_by_its_number() -> None:
    file = parse(ORIGIN, "@ 900 IN TYPE6 ns1 host 7 7200 1800 1209600 300\n")
    assert rows(file) == {
        ("example.com", 900, "SOA", "ns1.example.com. host.example.com. 7 7200 1800 1209600 300")
    }
    assert file.serial == 7


TTLS = {
    "SOA minimum where nothing else says it (RFC 2308 §4)": (SOA + "a A 192.0.2.1\n", 300),
    "the last one written (RFC 1035 §5.1)": (
        SOA.replace("@", "@ 900") + "b 60 A 192.0.2.2\na A 192.0.2.1\n",
        60,
    ),
    "$TTL before the last one written": (
        "$TTL 5\n" + SOA.replace("@", "@ 900") + "a A 192.0.2.1\n",
        5,
    ),
}


@pytest.mark.parametrize(("text", "ttl"), TTLS.values(), ids=TTLS)
def test_ttl_that_is_left_out(text: str, ttl: int) -> None:
    assert a("a.example.com", ttl=ttl) in rows(parse(ORIGIN, text))


# Random zones in random styles


@given(zones(), st.sampled_from(["\n", "\r\n"]))
def test_reads_what_was_meant(zone: tuple[str, dict[RRKey, RRset]], line_end: str) -> None:
    text, expected = zone
    assert without_soa(parse(ORIGIN, text.replace("\n", line_end))) == expected


@given(zones())
def test_import_reads_the_same(zone: tuple[str, dict[RRKey, RRset]]) -> None:
    """Import reads a valid file in the same way as editing does."""
    text, expected = zone
    loose = loose_reader.read(ORIGIN, text)
    assert loose.notes == ()
    found = {rrset.key: rrset.values for rrset in loose.zone.rrsets if rrset.type in ("TXT", "MX")}
    assert found == {
        key: rrset.values for key, rrset in expected.items() if rrset.type in ("TXT", "MX")
    }


@given(zones())
def test_reads_as_dnspython_does(zone: tuple[str, dict[RRKey, RRset]]) -> None:
    text, _ = zone
    theirs = set()
    for name, ttl, rdata in dns.zone.from_text(
        text, "example.com.", relativize=False, check_origin=False
    ).iterate_rdatas():
        type = dns.rdatatype.to_text(rdata.rdtype)
        value = (
            b"".join(rdata.strings).decode("latin-1") if isinstance(rdata, TXT) else rdata.to_text()
        )
        theirs.add((name.to_text().rstrip("."), ttl, type, value))
    assert rows(parse(ORIGIN, text)) == theirs
