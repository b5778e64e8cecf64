"""Master files that are refused, and the message that says why."""

from __future__ import annotations

import re

import pytest

from mailauth_dns.masterfile.lexer import MasterFileError
from mailauth_dns.masterfile.master_file import parse
from tests.masterfile.masterfiles import HEAD, ORIGIN, SOA

BROKEN = [
    ("a A ( 192.0.2.1\n", "line 4: a parenthesis is not closed"),
    ("\na A 192.0.2.1 )\n", "line 5: a parenthesis is closed that was not opened"),
    ('a TXT "x\ny"\n', "line 4: a quote is not closed"),
    (
        "a TXT x\\\nb TXT y\n",
        "line 4: a backslash at the end of a line",
    ),  # the next record must not vanish
    ("a MX mx\n", "line 4: not a record"),
    ("a MX ten mx\n", "line 4: not a record"),
    ("a CNAME b c\n", "line 4: not a record"),
    ("a..b A 192.0.2.1\n", "line 4: not a record"),
    (".b A 192.0.2.1\n", "line 4: not a record"),
    ("a\\\\..b A 192.0.2.1\n", "line 4: not a record"),
    ("a CNAME b..\n", "line 4: not a record"),
    ("$ORIGIN a..b.\n", "line 4: not a record"),
    ("a TXT\n", "line 4: not a record"),
    (
        f"a {'1' * 99}IN A 192.0.2.1\n",
        f"line 4: '{'1' * 60}' is not a record type",
    ),  # told at once, not after as many steps as numbers can be split in
    (f"a {'1' * 5000} A 192.0.2.1\n", f"line 4: '{'1' * 60}' is not a record type"),
    (SOA.replace(" 1 ", f" {'1' * 5000} "), "line 4: not a record"),
    ("$ORIGIM\x1b[31m x\n", r"line 4: $ORIGIM\027[31m is no directive"),
    (SOA.replace(" 1 ", " \xb2 "), "line 4: not a record"),
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
