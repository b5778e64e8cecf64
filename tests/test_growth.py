"""The time of every reader grows in proportion to a hostile text, not faster."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pytest

from mailauth_dns.errors import MailAuthError, octets, printable
from mailauth_dns.evaluate.resolver import ZoneResolver
from mailauth_dns.evaluate.spf_addresses import passing
from mailauth_dns.importing import dkim_key_files
from mailauth_dns.keys import keypair
from mailauth_dns.masterfile import loose_reader, master_file
from mailauth_dns.policy import provider_stanza, public_key_files, selector_edit, spf_lock_file
from mailauth_dns.records import (
    bimi,
    dkim,
    dmarc,
    dmarc_received,
    family,
    mailbox,
    mta_sts,
    name,
    server_address,
    spf,
    tls_rpt,
    zone,
)
from mailauth_dns.records.name import DomainName
from mailauth_dns.typed_yaml import yaml_reader
from mailauth_dns.typed_yaml.pasted_records import rewritten
from tests.evaluate.zones import zone as of_sets
from tests.growth import MOST, growth

SIZE = 64_000  # characters; the SPF lock reads no record above 65535
NAME = DomainName("example.com")
SOA = "@ 300 IN SOA ns1.example.net. h.example.net. 1 2 3 4 5\n"
ERRORS = (MailAuthError, yaml_reader.DocumentError, public_key_files.KeyFileError)


def addresses(text: str) -> object:
    """Evaluate what may be a record, as `spf lock` does."""
    return (
        passing(NAME, ZoneResolver([of_sets("", {"example.com TXT": text})]))
        if len(text) <= spf_lock_file.MAX_RECORD
        else None
    )


# Readers, and the openings after which each reads in another way.
READERS: dict[str, tuple[Callable[[str], object], tuple[str, ...]]] = {
    "spf": (
        spf.parse,
        (
            "",
            "v=spf1 ",
            "v=spf1 exists:",
            "v=spf1 exists:%{",
            "v=spf1 ip4:",
            "v=spf1 a",
            "v=spf1 include:",
        ),
    ),
    "term": (spf.parse_term, ("", "exists:%{i}", "exp=", "ip6:", "mx/")),
    "dmarc": (
        dmarc.parse,
        (
            "",
            "v=DMARC1; p=none; ",
            "v=DMARC1; p=none; rua=",
            "v=DMARC1; p=none; rua=mailto:a@b.example!",
        ),
    ),
    "dmarc as received": (
        dmarc_received.receive,
        ("", "v=DMARC1; p=none; ", "v=DMARC1; p=none; rua=mailto:"),
    ),
    "dkim": (dkim.parse, ("", "v=DKIM1; p=", "v=DKIM1; h=", "v=DKIM1; t=", "p=AAAA; n=")),
    "bimi": (bimi.parse, ("", "v=BIMI1; l=", "v=BIMI1; l=https://a.example/")),
    "mta-sts": (mta_sts.parse, ("", "v=STSv1; ", "v=STSv1; id=")),
    "mta-sts policy": (
        mta_sts.parse_policy,
        ("", "version: STSv1\nmode: none\nmax_age: 1\n", "version: STSv1\nmax_age: "),
    ),
    "tlsrpt": (tls_rpt.parse, ("", "v=TLSRPTv1; rua=", "v=TLSRPTv1; rua=mailto:")),
    "name": (name.domain_name, ("", "a.")),
    "mailbox": (mailbox.domain_of, ("", "a@", '"', "a <")),
    "server": (server_address.parse, ("", "[", "192.0.2.1:")),
    "genkey": (
        partial(dkim_key_files.parse, domain=NAME),
        ("", 'a._domainkey IN TXT ( "', "a._domainkey IN TXT ( "),
    ),
    "unquoted": (zone.unquoted, ("", '"')),
    "family": (lambda text: family.family(NAME, "TXT", text), ("", "v=")),
    "addresses": (addresses, ("v=spf1 ",)),
    "private key": (dkim.holds_private_key, ("", "-----BEGIN ", "p=")),
    "rewritten": (rewritten, ("v=spf1 ", "v=DMARC1; ")),
    "policy": (
        lambda text: yaml_reader.read("x", text.encode("utf-8", "replace")),
        ("", "a: ", "a: [", "a: '", "a: |\n "),
    ),
    "stanza": (
        lambda text: provider_stanza.read("x", "x", text.encode("utf-8", "replace")),
        ("class: a.B\nx: ", "class: a.B\nx: ["),
    ),
    "lock": (
        lambda text: spf_lock_file.read("x", text.encode("utf-8", "replace")),
        ("", '{"format": 1, "a": "', '{"format": '),
    ),
    "key": (
        lambda text: public_key_files.read(text.encode("utf-8", "replace")),
        ("-----BEGIN PUBLIC KEY-----\n",),
    ),
    "zone file for editing": (
        lambda text: master_file.parse(NAME, SOA + text),
        ("", "@ IN TXT ", '@ IN TXT "'),
    ),
    "start of authority": (lambda text: master_file.parse(NAME, text), ("@ IN SOA ",)),
    "zone file for import": (lambda text: loose_reader.read(NAME, text), ("",)),
    "name of a zone": (loose_reader.zone_name, ("",)),
    "named key file": (lambda text: dkim_key_files.parse(text, NAME, "s1"), ("",)),
    "policy to be edited": (
        lambda text: selector_edit.with_selector("p.yaml", text, "s1", {"key": "s1.pem"}),
        ("",),
    ),
    "private key in a file": (lambda text: keypair.read(text.encode()), ("",)),
    "text for a terminal": (printable, ("",)),
    "octets for a terminal": (octets, ("",)),
}
# What is repeated after each opening.
PIECES = {
    *(
        " ",
        "a",
        ".",
        ";",
        "=",
        ":",
        "/",
        "%",
        "%{",
        "%{i",
        "(",
        ")",
        '"',
        "\\",
        "\\(",
        "<",
        ">",
        "@",
        ",",
        "-",
        "\n",
        "\r\n",
        "\t",
        "\0",
    ),
    *(
        "é",
        "ß",
        "xn--a.",
        "a.",
        "1",
        "00:",
        "[",
        "{",
        "{a: ",
        "&a ",
        "*a ",
        "- ",
        "# ",
        "a: b\n",
        "? ",
        "'",
        "|\n",
        "!!a ",
        "::",
        "~",
        "+",
    ),
    *(
        "v=spf1 ",
        "ip4:192.0.2.1 ",
        "include:a.example ",
        "v=DMARC1; ",
        "p=none; ",
        "rua=mailto:a@b.example,",
        "x=y; ",
        "mx: a.example\n",
    ),
    *("IN TXT ", '"a" ', "( ", "p=AAAA", "\ufeff", "\u2028", "%{d}.", "a@", "(a", "a:b:"),
}
# What comes first, what is repeated (nothing: distinct keys), and what comes last.
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


def hostile(heads: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    yield from TEXTS.values()
    yield from ((head, piece, "") for head in heads for piece in sorted(PIECES))


def text_of(before: str, part: str, behind: str, size: int) -> str:
    inner = (
        part * (size // len(part))
        if part
        else "".join(f"k{number}: v\n" for number in range(size // 8))
    )
    return before + inner + behind


@pytest.mark.parametrize("reader", READERS)
def test_no_reader_grows_faster_than_its_text(reader: str) -> None:
    read, heads = READERS[reader]
    times = {text: growth(read, partial(text_of, *text), SIZE, *ERRORS) for text in hostile(heads)}
    assert {text: many for text, many in times.items() if many > MOST} == {}


def test_a_quadratic_reader_is_found() -> None:
    assert (
        growth(
            lambda text: [text.count("b") for _ in range(0, len(text), 5)],
            partial(text_of, "", "a", ""),
            SIZE,
        )
        > MOST
    )
