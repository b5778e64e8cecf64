"""Master files: what is read, and that an edit changes what was asked for and nothing else."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import dns.rdatatype
import dns.zone
import pytest
from dns.rdtypes.ANY.TXT import TXT
from hypothesis import given
from hypothesis import strategies as st

from mailauth_dns.octo.masterfile import MasterFile, MasterFileError, next_serial, parse
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey, RRset, quoted

ORIGIN = DomainName("example.com")
SOA = "@ IN SOA ns1.example.net. hostmaster.example.net. 1 7200 1800 1209600 300\n"
HEAD = "$TTL 3600\n" + SOA + "@ IN NS ns1.example.net.\n"

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
    "TTL units": ("a 1h2m A 192.0.2.1\nb 1W2d3H4M5s A 192.0.2.1\n", [a("a.example.com", ttl=3720), a("b.example.com", ttl=788645)]),
    "$TTL changes": ("a A 192.0.2.1\n$TTL 1h30m\nb A 192.0.2.1\n", [a("a.example.com"), a("b.example.com", ttl=5400)]),
    "$ORIGIN changes": (
        "$ORIGIN sub\na MX 10 mx\n$ORIGIN deep.sub.example.com.\n@ A 192.0.2.1\n$origin .\nb.example.com A 192.0.2.1\n",
        [("a.sub.example.com", 3600, "MX", "10 mx.sub.example.com."), a("deep.sub.example.com"), a("b.example.com")],
    ),
    "owners that look like something else": ("3600 A 192.0.2.1\nin A 192.0.2.1\n", [a("3600.example.com"), a("in.example.com")]),
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
        [txt("_dmarc.example.com", "x"), txt("s1._domainkey.example.com", "x"), a("a\\.b.example.com"), a("c\\032d.example.com")],
    ),
    "odd owners": ("*.W A 192.0.2.1\n0/26 A 192.0.2.1\n", [a("*.w.example.com"), a("0/26.example.com")]),
    "names in values": (
        "a CNAME B\nc NS ns.c\nd MX 010 mx\ne SRV 1 2 5060 sip\nf PTR h.example.net.\ng DNAME @\nh MX 0 .\n",
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
        [("a.example.com", 3600, "CAA", '0 issue "ca.example.net; x=y"'), ("b.example.com", 3600, "TYPE65280", "\\# 2 abcd")],
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
    "no line end at the end": ("a A 192.0.2.1\nb A 192.0.2.1", [a("a.example.com"), a("b.example.com")]),
    "comment at the end": ("a A 192.0.2.1 ; c", [a("a.example.com")]),
}


def rows(file: MasterFile) -> set[Row]:
    return {(rrset.name, rrset.ttl or 0, rrset.type, value) for rrset in file.zone().rrsets for value in rrset.values}


BASE = rows(parse(ORIGIN, HEAD))


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize(("text", "expected"), READ.values(), ids=READ)
def test_reads(text: str, expected: list[Row], line_end: str) -> None:
    assert rows(parse(ORIGIN, (HEAD + text).replace("\n", line_end))) == BASE | set(expected)


@pytest.mark.skipif(not shutil.which("named-checkzone") and not os.environ.get("CI"), reason="named-checkzone (BIND) is not installed")
@pytest.mark.parametrize(("text", "expected"), READ.values(), ids=READ)
def test_bind_reads_the_same(text: str, expected: list[Row], tmp_path: Path) -> None:
    """BIND writes the zone out in its own spelling, which must read as the same records."""
    path = tmp_path / "zone"
    path.write_bytes((HEAD + text).encode("latin-1"))
    command = ["named-checkzone", "-q", "-k", "ignore", "-i", "none", "-r", "ignore", "-D", "-o", "-", ORIGIN, str(path)]
    written = subprocess.run(command, capture_output=True, check=True, timeout=30).stdout.decode("latin-1")
    read = {(*row[:3], row[3].lower() if row[2] == "TYPE65280" else row[3]) for row in rows(parse(ORIGIN, written))}
    assert read == BASE | set(expected)


def test_soa_in_parentheses_with_units() -> None:
    file = parse(ORIGIN, "@ SOA ns1 host\\.master (\n 0041 ; serial\n 2h 30M 2w 5m )\n")
    assert rows(file) == {("example.com", 300, "SOA", "ns1.example.com. host\\.master.example.com. 0041 7200 1800 1209600 300")}
    assert file.serial == 41


TTLS = {
    "SOA minimum where nothing else says it (RFC 2308 §4)": (SOA + "a A 192.0.2.1\n", 300),
    "the last one written (RFC 1035 §5.1)": (SOA.replace("@", "@ 900") + "b 60 A 192.0.2.2\na A 192.0.2.1\n", 60),
    "$TTL before the last one written": ("$TTL 5\n" + SOA.replace("@", "@ 900") + "a A 192.0.2.1\n", 5),
}


@pytest.mark.parametrize(("text", "ttl"), TTLS.values(), ids=TTLS)
def test_ttl_that_is_left_out(text: str, ttl: int) -> None:
    assert a("a.example.com", ttl=ttl) in rows(parse(ORIGIN, text))


BROKEN = [
    ("a A ( 192.0.2.1\n", "line 4: a parenthesis is not closed"),
    ("\na A 192.0.2.1 )\n", "line 5: a parenthesis is closed that was not opened"),
    ('a TXT "x\ny"\n', "line 4: a quote is not closed"),
    ("a TXT x\\\nb TXT y\n", "line 4: a backslash at the end of a line"),  # the next record must not vanish
    ("a MX mx\n", "line 4: not a record"),
    ("a MX ten mx\n", "line 4: not a record"),
    ("a CNAME b c\n", "line 4: not a record"),
    ("a TXT\n", "line 4: not a record"),
    ("a\n", "line 4: not a record"),
    ("a TXT \\# 5 0161\n", "line 4: not a record"),
    ("a\\300 A 192.0.2.1\n", "line 4: not a record"),
    ("$ORIGIN \\300\n", "line 4: not a record"),
    (f'a TXT "{"x" * 256}"\n', "a string has at most 255 octets, this one has 256; split it"),
    ('a TXT "\\256"\n', "three digits up to 255"),
    ("a CH TXT x\n", "line 4: 'CH' is not class IN"),
    ("a CLASS3 TXT x\n", "line 4: 'CLASS3' is not class IN"),
    ("a 192.0.2.1\n", "line 4: '192.0.2.1' is not a record type"),
    ("a 60 IN 70 A 192.0.2.1\n", "line 4: '70' is not a record type"),
    (" $ORIGIN sub\n", "line 4: '$ORIGIN' is not a record type"),
    ("$TTL soon\n", "line 4: $TTL is no directive with its value"),
    ("$FROB x\n", "line 4: $FROB is no directive"),
]


@pytest.mark.parametrize(("text", "message"), BROKEN)
def test_refuses_to_read(text: str, message: str) -> None:
    with pytest.raises(MasterFileError, match=re.escape(message)):
        parse(ORIGIN, HEAD + text)


@pytest.mark.parametrize("text", [" A 192.0.2.1\n", "a A 192.0.2.1\n"])
def test_a_first_record_without_owner_or_ttl_is_refused(text: str) -> None:
    with pytest.raises(MasterFileError, match="line 1: not a record"):
        parse(ORIGIN, text)


REFUSED = [
    ("$INCLUDE other.zone\n", "$INCLUDE in line 4", False),
    ("$GENERATE 1-3 h$ A 192.0.2.$\n", "$GENERATE in line 4", False),
    ("a RRSIG A 8 3 60 20260101000000 20250101000000 1 example.com. AAAA\n", "signed (RRSIG in line 4)", True),
    ("a NSEC b.example.com. A\n", "signed (NSEC in line 4)", True),
]


@pytest.mark.parametrize(("text", "message", "whole"), REFUSED)
def test_reads_and_refuses_to_edit(text: str, message: str, whole: bool) -> None:
    file = parse(ORIGIN, HEAD + text)
    assert file.zone().get((ORIGIN, "NS")) is not None
    assert file.whole is whole
    with pytest.raises(MasterFileError, match=re.escape(message)):
        file.edited({(ORIGIN, "TXT"): RRset(ORIGIN, "TXT", 60, frozenset({"x"}))})


def change(owner: str, type: str, ttl: int, *values: str) -> dict[RRKey, RRset | None]:
    name = DomainName(owner)
    return {(name, type): RRset(name, type, ttl, frozenset(values)) if values else None}


# What stands below HEAD before, the change, and what stands there after.
EDITED: dict[str, tuple[str, dict[RRKey, RRset | None], str]] = {
    "a new owner goes to the end": (
        "a A 192.0.2.1 ; c\n; end\n",
        change("b.example.com", "TXT", 60, 'v"\xff'),
        'a A 192.0.2.1 ; c\n; end\nb.example.com. 60 IN TXT "v\\"\\255"\n',
    ),
    "a new set follows its owner": (
        "a A 192.0.2.1\nb A 192.0.2.1\n",
        change("a.example.com", "MX", 60, "0 ."),
        "a A 192.0.2.1\na.example.com. 60 IN MX 0 .\nb A 192.0.2.1\n",
    ),
    "values that stay keep their lines": (
        'a TXT ( "fo"  ; c\n "reign" )\n  TXT old\n',
        change("a.example.com", "TXT", 3600, "foreign", "new"),
        'a TXT ( "fo"  ; c\n "reign" )\na.example.com. 3600 IN TXT "new"\n',
    ),
    "another TTL rewrites the set": (
        "a TXT x\na TXT y\n",
        change("a.example.com", "TXT", 60, "y", "x"),
        'a.example.com. 60 IN TXT "x"\na.example.com. 60 IN TXT "y"\n',
    ),
    "the owner is written out where its line goes": (
        "b A 192.0.2.2\na TXT x\n\t A 192.0.2.1\n",
        change("a.example.com", "TXT", 0),
        "b A 192.0.2.2\na.example.com.\t A 192.0.2.1\n",
    ),
    "$ORIGIN and $TTL do not matter to new lines": (
        "$ORIGIN sub\n$TTL 5\n",
        change("b.example.com", "MX", 60, "10 mx.example.com."),
        "$ORIGIN sub\n$TTL 5\nb.example.com. 60 IN MX 10 mx.example.com.\n",
    ),
    "the line end that was missing": (
        "a A 192.0.2.1",
        change("a.example.com", "A", 3600, "192.0.2.1", "192.0.2.2"),
        "a A 192.0.2.1\na.example.com. 3600 IN A 192.0.2.2\n",
    ),
    "an escaped owner is the same owner": ("\\095dmarc TXT v=DMARC1\n", change("_dmarc.example.com", "TXT", 0), ""),
}


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize(("before", "changes", "after"), EDITED.values(), ids=EDITED)
def test_edits(before: str, changes: dict[RRKey, RRset | None], after: str, line_end: str) -> None:
    edited = parse(ORIGIN, (HEAD + before).replace("\n", line_end)).edited(changes)
    assert edited == (HEAD.replace(" 1 7200", " 2 7200") + after).replace("\n", line_end)


def test_a_ttl_is_written_out_where_its_line_goes() -> None:
    text = SOA.replace("@", "@ 900") + "a 60 TXT x\n A 192.0.2.1\nb A 192.0.2.2\n"
    edited = parse(ORIGIN, text).edited(change("a.example.com", "TXT", 0))
    assert edited == SOA.replace("@", "@ 900").replace(" 1 7200", " 2 7200") + "a.example.com. 60 A 192.0.2.1\nb A 192.0.2.2\n"


@pytest.mark.parametrize(("before", "after"), [(0, 1), (1, 2), (2**31 - 1, 2**31), (2**32 - 2, 2**32 - 1), (2**32 - 1, 1)])
def test_serial(before: int, after: int) -> None:
    assert next_serial(before) == after


def test_only_the_digits_of_the_serial_change() -> None:
    soa = "@ SOA 41 41 ( ; 41\n\t41 ; serial 41\n\t41 41 41 41 )\n"
    assert parse(ORIGIN, soa).edited(change("a.example.com", "A", 60, "192.0.2.1")).startswith(soa.replace("\t41 ;", "\t42 ;"))


UNWRITABLE = [
    change("a.example.org", "TXT", 60, "x"),  # outside the zone
    change("a.example.com", "TXT", 60, "\u20ac"),  # not an octet
    change("a.example.com", "CNAME", 60, "x.example.net.\nb A 192.0.2.1"),
    change("a.example.com", "CNAME", 60, "x.example.net. ) ("),
    change("a.example.com", "MX", 60, "mx.example.net."),
    {(ORIGIN, "SOA"): None},
]


@pytest.mark.parametrize("changes", UNWRITABLE)
def test_an_edit_that_would_say_something_else_is_refused(changes: Mapping[RRKey, RRset | None]) -> None:
    with pytest.raises(MasterFileError):
        parse(ORIGIN, HEAD).edited(changes)


# Random zones in random styles

OWNERS = [DomainName(name) for name in ("example.com", "a.example.com", "_dmarc.example.com", "*.w.example.com", "x.sub.example.com")]
octets = st.text(st.characters(max_codepoint=255), max_size=12)
values: dict[str, st.SearchStrategy[str]] = {
    "TXT": st.one_of(octets, st.sampled_from(["v=spf1 -all", "a\\", '"q"', "x;y", "(z", "\u00a0", "y" * 300])),
    "A": st.sampled_from(["192.0.2.1", "192.0.2.2", "192.0.2.3"]),
    "MX": st.sampled_from(["0 .", "10 mx.example.com.", "20 mx.example.net."]),
    "CAA": st.sampled_from(['0 issue "ca.example.net"', '0 issue ";"']),
}


@st.composite
def sets(draw: st.DrawFn) -> RRset:
    type = draw(st.sampled_from(sorted(values)))
    return RRset(
        draw(st.sampled_from(OWNERS)),
        type,
        draw(st.sampled_from([60, 300, 3600])),
        draw(st.frozensets(values[type], min_size=1, max_size=3)),
    )


@dataclass
class Style:
    """Writes records, leaving out now and then what the lines before give."""

    draw: st.DrawFn
    origin: str = "example.com."
    owner: str = ""
    default: int | None = None
    last: int | None = None
    lines: list[str] = field(default_factory=list)

    def pick(self, *options: str) -> str:
        return self.draw(st.sampled_from(options))

    def between(self) -> None:
        choice = self.pick("", "", "", '; c ( "\n', "\n", "  \t; indented\n", "$ORIGIN", "$TTL")
        if choice == "$ORIGIN":
            self.origin = self.pick("example.com.", "sub.example.com.", "example.net.")
            self.lines.append(f"$ORIGIN {self.origin} ; o\n")
        elif choice == "$TTL":
            self.default = self.draw(st.sampled_from([300, 3600]))
            self.lines.append(f"$TTL {self.default}\n")
        else:
            self.lines.append(choice)

    def name(self, absolute: str) -> str:
        spellings = [absolute]
        if absolute == self.origin:
            spellings.append("@")
        elif absolute.endswith("." + self.origin):
            spellings.append(absolute[: -len(self.origin) - 1])
        return self.pick(*spellings)

    def text(self, value: str) -> str:
        if value.isalnum() and value.isascii() and len(value) < 256 and self.draw(st.booleans()):
            return value
        if self.draw(st.booleans()):
            return quoted(value)
        halves = (value[: len(value) // 2], value[len(value) // 2 :])
        return self.pick(" ", "\t", " (\n ; c )\n\t ").join(map(quoted, halves))

    def rdata(self, type: str, value: str) -> str:
        if type == "TXT":
            text = self.text(value)
        elif type == "MX":
            preference, name = value.split()
            text = f"{preference} {self.name(name) if name != '.' else name}"
        else:
            text = value
        return f"( {text} )" if "\n" not in text and self.draw(st.booleans()) else text + " )" if "(\n" in text else text

    def record(self, owner: str, ttl: int, type: str, value: str) -> None:
        gap = self.pick(" ", "\t", "  ")
        inherits = owner == self.owner and self.draw(st.booleans())
        implied = self.default if self.default is not None else self.last
        written = [] if implied == ttl and self.draw(st.booleans()) else [str(ttl)]
        if written:
            self.last = ttl
        parts = [*written, *([self.pick("IN", "in")] if self.draw(st.booleans()) else [])]
        parts = self.draw(st.permutations(parts))
        first = "" if inherits else self.name(f"{owner}.")
        self.owner = owner
        self.lines.append(
            gap.join([first, *parts, self.pick(type, type.lower()), self.rdata(type, value)]) + self.pick("", " ; c", "\t") + "\n"
        )


@st.composite
def zones(draw: st.DrawFn) -> tuple[str, dict[RRKey, RRset]]:
    """Return a file's text and the sets in it."""
    chosen = {rrset.key: rrset for rrset in draw(st.lists(sets(), max_size=6))}
    style = Style(draw)
    style.record(
        "example.com",
        900,
        "SOA",
        draw(st.sampled_from(["ns1.example.net. h.example.net. ( 7 ; s\n 1 1 1 300 )", "a.example.net. b.example.net. 7 1 1 1 300"])),
    )
    records = [(rrset, value) for rrset in chosen.values() for value in rrset.values]
    for rrset, value in draw(st.permutations(records)):
        style.between()
        style.record(rrset.name, rrset.ttl or 0, rrset.type, value)
    text = "".join(style.lines)
    return (text[:-1] if draw(st.booleans()) else text), chosen


def without_soa(file: MasterFile) -> dict[RRKey, RRset]:
    return {rrset.key: rrset for rrset in file.zone().rrsets if rrset.type != "SOA"}


@given(zones(), st.sampled_from(["\n", "\r\n"]))
def test_reads_what_was_meant(zone: tuple[str, dict[RRKey, RRset]], line_end: str) -> None:
    text, expected = zone
    assert without_soa(parse(ORIGIN, text.replace("\n", line_end))) == expected


@given(zones())
def test_reads_as_dnspython_does(zone: tuple[str, dict[RRKey, RRset]]) -> None:
    text, _ = zone
    theirs = set()
    for name, ttl, rdata in dns.zone.from_text(text, "example.com.", relativize=False, check_origin=False).iterate_rdatas():
        type = dns.rdatatype.to_text(rdata.rdtype)
        value = b"".join(rdata.strings).decode("latin-1") if isinstance(rdata, TXT) else rdata.to_text()
        theirs.add((name.to_text().rstrip("."), ttl, type, value))
    assert rows(parse(ORIGIN, text)) == theirs


def gaps(file: MasterFile) -> str:
    """Return what stands between the records."""
    ends = [0, *(entry.end for entry in file.entries)]
    starts = [*(entry.start for entry in file.entries), len(file.text)]
    return "".join(file.text[end:start] for end, start in zip(ends, starts, strict=True))


@given(zones(), st.lists(sets(), max_size=3), st.data(), st.sampled_from(["\n", "\r\n"]))
def test_an_edit_touches_nothing_else(zone: tuple[str, dict[RRKey, RRset]], news: list[RRset], data: st.DataObject, line_end: str) -> None:
    text, before = zone
    file = parse(ORIGIN, text.replace("\n", line_end))
    changes: dict[RRKey, RRset | None] = {rrset.key: rrset for rrset in news}
    if before:
        changes |= dict.fromkeys(data.draw(st.sets(st.sampled_from(sorted(before)), max_size=2)))
    expected = {key: rrset for key, rrset in (before | changes).items() if rrset is not None}
    after = parse(ORIGIN, file.edited(changes))
    assert without_soa(after) == expected
    assert after.serial == file.serial + 1
    assert gaps(after).rstrip("\r\n") == gaps(file).rstrip("\r\n")
    kept = [entry for entry in file.entries if entry.key not in changes]
    for old, new in zip(kept, [entry for entry in after.entries if entry.key not in changes], strict=True):
        was, now = file.text[old.start : old.end].rstrip("\r\n"), after.text[new.start : new.end].rstrip("\r\n")
        if old.type != "SOA":
            rest = file.text[old.ttl_at : old.end].rstrip("\r\n")
            assert now == was or ((old.inherits_owner or old.inherits_ttl) and now.endswith(rest))
