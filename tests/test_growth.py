"""No reader of text from outside gets slow when a hostile text grows: four times the text takes about four times as long."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mailauth_dns.errors import MailAuthError, octets, printable
from mailauth_dns.octo import masterfile
from mailauth_dns.policy import document, edit, keys
from mailauth_dns.records import genkey, masterloose
from mailauth_dns.records.dkim import holds_private_key
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import unquoted
from mailauth_dns.signing import keypair
from tests.growth import seconds

ORIGIN = DomainName("example.com")
SOA = "@ 300 IN SOA ns1.example.net. h.example.net. 1 2 3 4 5\n"
FLOOR = 0.2  # seconds of this process: below it, on a busy machine, nothing is learned
SMALL = 20_000  # characters; four times as many are what a stranger may bring


def policy(text: str) -> object:
    return document.read("p.yaml", text.encode())


READERS: dict[str, Callable[[str], object]] = {
    "a zone file for import": lambda text: masterloose.read(ORIGIN, text),
    "the zone's name": masterloose.zone_name,
    "a zone file for editing": lambda text: masterfile.parse(ORIGIN, SOA + text),
    "a key file": lambda text: genkey.parse(text, ORIGIN, "s1"),
    "a TXT value": unquoted,
    "a policy": policy,
    "a policy to be edited": lambda text: edit.with_selector("p.yaml", text, "s1", {"key": "s1.pem"}),
    "a private key": lambda text: keypair.read(text.encode()),
    "a public key": lambda text: keys.read(text.encode()),
    "a text that may hold a private key": holds_private_key,
    "a text for a terminal": printable,
    "octets for a terminal": octets,
}
# What is repeated, and what stands before and behind it.
TEXTS = {
    "semicolons": ("default._domainkey IN TXT x", ";", "\n"),
    "comments with a domain": ("default._domainkey IN TXT x ; ", " for", "\n"),
    "quotes": ("a TXT ", '"', ""),
    "empty strings": ("a TXT ", '"" ', "\n"),
    "backslashes": ("a TXT ", "\\", ""),
    "escapes": ("a TXT ", "\\065", "\n"),
    "parentheses": ("a TXT ", "(", ""),
    "pairs of parentheses": ("a TXT ", "()", "\n"),
    "blanks": ("a TXT ", " ", "x\n"),
    "tabs and carriage returns": ("a TXT ", "\t\r", "\n"),
    "empty lines": ("", "\n", "a TXT x\n"),
    "labels": ("", "a.", " TXT x\n"),
    "escapes in a name": ("", "\\097", " TXT x\n"),
    "digits": ("a ", "1", "IN A 192.0.2.1\n"),
    "times": ("a ", "1h", "! A 192.0.2.1\n"),
    "records": ("", "a TXT x\n", ""),
    "records of one set": ("", 'a TXT "x" (\n )\n', ""),
    "records of another zone": ("", "a.example.net. A 192.0.2.1\n", ""),
    "names without a dot": ("", "example.com TXT x\n", ""),
    "records that are none": ("", "a\n", ""),
    "origins": ("", "$ORIGIN a\n", "@ TXT x\n"),
    "keys": ("", "s1._domainkey TXT p=AAAA\n", ""),
    "tags": ('s1._domainkey TXT "', "a=;", '"\n'),
    "base64": ("s1._domainkey TXT p=", "A", "\n"),
    "heads of PEM": ("", "-----BEGIN PUBLIC KEY-----\n", ""),
    "a long head of PEM": ("-----BEGIN ", "A ", ""),
    "a value alone": ("v=DKIM1; p=", "A\n", ""),
    "JSON": ("[", '{"a": "b"},', '{"a": "v=DKIM1; p="}]'),
    "deep JSON": ("", "[", ""),
    "keys of a mapping": ("domain: example.com\n", "", ""),
    "a list of YAML": ("a: [", "b, ", "c]\n"),
    "deep YAML": ("a: ", "[", ""),
    "deep mappings of YAML": ("", "? ", ""),
    "lines of YAML": ("a:\n", "  - b\n", ""),
    "quotes of YAML": ('a: "', '""', ""),
    "anchors of YAML": ("a: &a b\nc: [", "*a, ", "d]\n"),
    "a block of YAML": ("a: |\n", "  b\n", ""),
    "tags of YAML": ("a: ", "!", " b\n"),
    "colons of YAML": ("", "a:", "\n"),
    "octets": ("", "\xc3\xa9\xc3", ""),
    "octets that are half": ("", "\xf0\x80", ""),
    "blanks in base64": ("", "AAAA AAAA\n", ""),
}


def spent(read: Callable[[str], object], text: str) -> float:
    return seconds(read, text, MailAuthError, document.DocumentError, keys.KeyFileError)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("kind", TEXTS)
def test_time_grows_with_the_text_and_no_faster(kind: str, reader: str) -> None:
    read = READERS[reader]
    before, part, behind = TEXTS[kind]

    def text(size: int) -> str:
        if part:
            return before + part * (size // len(part)) + behind
        return before + "".join(f"k{number}: v\n" for number in range(size // 8)) + behind

    four = spent(read, text(4 * SMALL))
    if four < FLOOR:
        return
    # Again, since a machine that does other things can only add: the least of several is nearest to what the reader takes.
    one = min(spent(read, text(SMALL)) for _ in range(3))
    four = min(four, *(spent(read, text(4 * SMALL)) for _ in range(2)))
    assert four < max(8 * one, FLOOR), (one, four)
