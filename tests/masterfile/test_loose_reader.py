"""Zone files as providers export them and people write them: what import reads and notes."""

from __future__ import annotations

import re

import pytest

from mailauth_dns.masterfile import loose_reader
from mailauth_dns.masterfile.lexer import MasterFileError
from mailauth_dns.records.name import DomainName
from tests.growth import MOST, growth

ORIGIN = DomainName("example.com")
SPF = ("example.com", "TXT", "v=spf1 mx ~all")
DMARC = ("_dmarc.example.com", "TXT", "v=DMARC1; p=none")
DOTLESS = "has no dot behind example.com, and is read as if it had; a name server would read "
TARGET = "no CNAME record of the file has a dot behind its name, so s1.sender.example is read as a whole name; "

Row = tuple[str, str, str]

# What stands in the file, the records of types that say something of mail, and what else is said.
READ: dict[str, tuple[str, list[Row], list[str]]] = {
    "Cloudflare: a SOA without the last dot, TTL 1, tags as comments": (
        ";;\n;; Domain:     example.com.\n;;\n;; SOA Record\n"
        "example.com\t3600\tIN\tSOA\tada.ns.dns.example. dns.dns.example. 204 1 2 3 4\n\n"
        ";; MX Records\nexample.com.\t1\tIN\tMX\t10 mx.example.com.\n\n;; TXT Records\n"
        '_dmarc.example.com.\t1\tIN\tTXT\t"v=DMARC1; p=none" ; cf_tags=cf-proxied:false\n'
        'example.com.\t1\tIN\tTXT\t"v=spf1 mx ~all"\n',
        [("example.com", "MX", "10 mx.example.com."), DMARC, SPF],
        [],
    ),
    "GoDaddy: class between blanks, names without their last dot": (
        "; Domain: example.com\n$ORIGIN example.com.\n\n; SOA Record\n"
        "@\t3600\t IN \tSOA\tns01.dns.example.\thost.dns.example. (\n\t\t1\n"
        '\t\t2 3 4\n\t\t5\n)\n\n; TXT Records\n@\t3600\t IN \tTXT\t"v=spf1 mx ~all"\n\n'
        "; CNAME Records\nwww\t3600\t IN \tCNAME\t@\n"
        "s1._domainkey\t3600\t IN \tCNAME\ts1.sender.example\n\n; MX Records\n"
        "@\t3600\t IN \tMX\t10\tmx\n",
        [
            SPF,
            ("www.example.com", "CNAME", "example.com."),
            ("s1._domainkey.example.com", "CNAME", "s1.sender.example."),
            ("example.com", "MX", "10 mx.example.com."),
        ],
        [f"line 16: {TARGET}a name server would read s1.sender.example.example.com."],
    ),
    "targets without a dot where others have one": (
        "$ORIGIN example.com.\na CNAME b.sub\nc CNAME example.net.\n",
        [
            ("a.example.com", "CNAME", "b.sub.example.com."),
            ("c.example.com", "CNAME", "example.net."),
        ],
        [],
    ),
    "OVH: owners inherited, types of its own": (
        "$TTL 3600\n"
        "@\tIN SOA dns1.dns.example. tech.dns.example. (2026010100 86400 3600 3600000 300)\n"
        "                     IN NS     dns1.dns.example.\n                     IN MX     10 mx\n"
        '                 600 IN SPF    "v=spf1 mx ~all"\n'
        '_dmarc               IN DMARC  ( "v=DMARC1; p=none" )\n'
        's1._domainkey        IN DKIM   ( "v=DKIM1; k=rsa; " "p=AAAA" )\nwww IN A 192.0.2.1\n'
        '    IN TXT "3|welcome"\n',
        [
            ("example.com", "NS", "dns1.dns.example."),
            ("example.com", "MX", "10 mx.example.com."),
            SPF,
            DMARC,
            ("s1._domainkey.example.com", "TXT", "v=DKIM1; k=rsa; p=AAAA"),
            ("www.example.com", "TXT", "3|welcome"),
        ],
        [
            f"line {number}: is of type {type}, by which some providers show a TXT record; it is read as one"
            for number, type in ((5, "SPF"), (6, "DMARC"), (7, "DKIM"))
        ],
    ),
    "Route 53 by cli53: pseudo classes and identifiers": (
        "$ORIGIN example.com.\n@\t172800\tIN\tNS\tns-1.dns.example.\n"
        "@\t300\tAWS\tALIAS\tA dualstack.lb.example. Z1 false\n"
        '_dmarc\t300\tIN\tTXT\t"v=DMARC1; p=none" ; AWS routing="SIMPLE"\n',
        [("example.com", "NS", "ns-1.dns.example."), DMARC],
        [],
    ),
    "Hetzner: words in lower case, class before TTL, tabs": (
        '$ORIGIN example.com.\n$TTL 7200\n; Records\n@ in 300 txt "v=spf1 mx ~all"\n'
        '_dmarc\tin\ttxt\t"v=DMARC1; p=none"\n',
        [SPF, DMARC],
        [],
    ),
    "Namecheap: no $ORIGIN, every name without its last dot": (
        'example.com 1799 IN TXT "v=spf1 mx ~all"\n'
        '_dmarc.example.com 1799 IN TXT "v=DMARC1; p=none"\n'
        "example.com 60 IN URL301 http://example.com/\n",
        [SPF, DMARC],
        [
            f"line 1 and 1 more: {DOTLESS}example.com.example.com.",
            f"line 2: {DOTLESS}_dmarc.example.com.example.com.",
        ],
    ),
    "no SOA, no TTL": ('@ TXT "v=spf1 mx ~all"\n_dmarc TXT "v=DMARC1; p=none"\n', [SPF, DMARC], []),
    "an origin of the root, as servers dump zones": (
        "$ORIGIN .\n$TTL 300\nexample.com IN SOA a. b. 1 2 3 4 5\n"
        '  TXT "v=spf1 mx ~all"\n$ORIGIN example.com.\n_dmarc TXT "v=DMARC1; p=none"\n',
        [SPF, DMARC],
        [],
    ),
    "an origin without its last dot": (
        '$ORIGIN example.com\n@ TXT "v=spf1 mx ~all"\n',
        [SPF],
        [f"line 1: {DOTLESS}example.com.example.com."],
    ),
    "records of other zones": (
        '@ TXT "v=spf1 mx ~all"\nns1.example.net. A 192.0.2.1\n'
        '_dmarc.example.org. TXT "v=DMARC1; p=none"\n$ORIGIN example.net.\nb TXT x\n'
        "version.bind. CH TXT x\n",
        [SPF],
        [
            "outside: line 2: ns1.example.net A",
            "outside: line 3: _dmarc.example.org TXT",
            "outside: line 5: b.example.net TXT",
            "outside: line 6: version.bind CH",
        ],
    ),
    "strings of any length": (
        f'@ TXT "{"x" * 300}" "y"\n',
        [("example.com", "TXT", "x" * 300 + "y")],
        [],
    ),
    "the same record twice": ('@ TXT "v=spf1 mx ~all"\n@ 60 TXT v=spf1\\ mx\\ ~all\n', [SPF], []),
    "escapes, and quotes in a string": (
        '@ TXT "a\\"b\\;c\\195\\169"\n\\095dmarc TXT "v=DMARC1\\; p=none"\n',
        [("example.com", "TXT", 'a"b;c\xc3\xa9'), DMARC],
        [],
    ),
    "octets (RFC 3597)": ("@ TYPE16 \\# 5 04 76 3d 73 31\n", [("example.com", "TXT", "v=s1")], []),
    "a semicolon without quotes opens a comment": (
        "_dmarc TXT v=DMARC1; p=none; rua=mailto:a@example.com\n",
        [("_dmarc.example.com", "TXT", "v=DMARC1")],
        [
            "line 1: a ; outside of quotes opens a comment: what stands behind it is not part of "
            "the value; put all of it in quotes"
        ],
    ),
    "comments of people": ('# ours\n// SPF\n@ TXT "v=spf1 mx ~all" ; a=b\n', [SPF], []),
}
MARKS = {"": b"", "UTF-8 mark": b"\xef\xbb\xbf"}


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("case", READ)
def test_reads(case: str, line_end: str, mark: str) -> None:
    text, expected, said = READ[case]
    found = loose_reader.read(
        ORIGIN, loose_reader.text_of(MARKS[mark] + text.replace("\n", line_end).encode("latin-1"))
    )
    there = {
        (rrset.name, rrset.type, value) for rrset in found.zone.rrsets for value in rrset.values
    }
    assert {row for row in there if row[1] in ("TXT", "MX", "CNAME", "NS")} == set(expected)
    assert [*found.notes, *(f"outside: {each}" for each in found.outside)] == said


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_read(encoding: str) -> None:
    octets = ('\ufeff@ TXT "v=spf1 mx ~all"\n_dmarc TXT "é"\n').encode(encoding)
    found = loose_reader.read(ORIGIN, loose_reader.text_of(octets))
    assert {value for rrset in found.zone.rrsets for value in rrset.values} == {
        "v=spf1 mx ~all",
        "\xc3\xa9",
    }


BROKEN = [
    ("", "holds no record of example.com"),
    (
        "a.example.org. A 192.0.2.1\n",
        "holds no record of example.com; what is there is of other zones: line 1: a.example.org A",
    ),
    ("hello world foo\n", "holds no record of example.com"),
    ("<html>\n", "line 1: is not a record: NAME [TTL] [IN] TYPE VALUE"),
    ("domain: example.com\n", "line 1: has no record type where one belongs"),
    ('@ TXT "x\n', "line 1: a quote is not closed"),
    ("\n@ TXT ( x\n", "line 2: a parenthesis is not closed"),
    ("  TXT x\n", "line 1: opens with a blank and no line before gives its name; write @"),
    ("@ MX mx\na..b TXT x\n@ TXT\n@ TXT \\256\n", "line 2: is not a record"),
    (
        "@ MX mx\na..b TXT x\n@ TXT\n@ TXT \\256\n",
        "line 4: is no TXT record: expected a character or three digits up to 255",
    ),
    ("@ MX mx\n" * 12, "line 10: is no MX record\nand 2 more lines"),
    ("@ TXT x\n$INCLUDE other\n", "$INCLUDE in line 2: some records are not in this file"),
    ("$GENERATE 1-2 a A 192.0.2.$\n", "$GENERATE in line 1"),
    ("$ORIGIN\n", "line 1: is not a record"),
    ("$FROB x\n", "line 1: $FROB is no directive; known are $ORIGIN and $TTL"),
]


@pytest.mark.parametrize(("text", "message"), BROKEN)
def test_what_cannot_be_read_is_told_with_every_line(text: str, message: str) -> None:
    with pytest.raises(MasterFileError, match=re.escape(message)):
        loose_reader.read(ORIGIN, text)


NAMES = [
    ("example.com 60 IN SOA a. b. 1 2 3 4 5\n", ("example.com", "SOA in line 1")),
    ("$TTL 60\n$ORIGIN example.com.\n@ IN SOA a. b. 1 2 3 4 5\n", ("example.com", "SOA in line 3")),
    ("$ORIGIN com.\nexample SOA a. b. 1 2 3 4 5\n", ("example.com", "SOA in line 2")),
    ("$ORIGIN .\nExample.com. 1 SOA a. b. 1 2 3 4 5\n", ("example.com", "SOA in line 2")),
    (
        "$ORIGIN example.com.\n$ORIGIN _domainkey.example.com.\na TXT x\n",
        ("example.com", "$ORIGIN in line 1"),
    ),
    ("$ORIGIN example.com\n@ TXT x\n", ("example.com", "$ORIGIN in line 1")),
    ("@ IN SOA a. b. 1 2 3 4 5\na.example.com. TXT x\n", None),
    ("@ TXT soa\n", None),
    ("", None),
]


@pytest.mark.parametrize(("text", "name"), NAMES)
def test_the_zone_that_a_file_names(text: str, name: tuple[str, str] | None) -> None:
    assert loose_reader.zone_name(text) == name


def test_names_that_each_origin_lengthens_take_time_in_proportion() -> None:
    assert (
        growth(
            lambda text: loose_reader.read(ORIGIN, text),
            "$ORIGIN a\n@ TXT x\n".__mul__,
            5_000,
            MasterFileError,
        )
        <= MOST
    )
