"""Logos, in the details that the rules' cases do not show."""

from __future__ import annotations

import gzip
import socket

import pytest

from mailauth_dns.lint import svg_tiny_ps
from tests.lint.test_cases import PAGES

LOGO = (PAGES / "logo.svg").read_bytes()


def test_a_logo_may_be_compressed() -> None:
    assert list(svg_tiny_ps.faults(gzip.compress(LOGO))) == []


DRAWN = [
    ('<g onclick="move()"/>', ["it is active: the attribute onclick"]),
    ('<g fill="url(#a)"/><g style="fill: url( \'#a\' )"/>', []),
    ('<g fill="url(https://example.net/a)"/>', ["it refers to something outside"]),
    ("<g style=\"fill: url('//example.net/a#b')\"/>", ["it refers to something outside"]),
    ('<style>@import "https://example.net/a.css";</style>', ["it refers to something outside"]),
    ('<style>g {fill: url("#a")}</style>', []),
    ("<!-- <!ENTITY -->", []),
    ("<?hidden <!-- ?><!-- -->", []),
]


@pytest.mark.parametrize(("content", "told"), DRAWN)
def test_what_may_stand_in_a_logo(content: str, told: list[str]) -> None:
    assert list(svg_tiny_ps.faults(LOGO.replace(b"</svg>", content.encode() + b"</svg>"))) == told


ENTITIES = [
    '<!DOCTYPE svg [<!ENTITY x "y">]>',
    '<?hidden <!-- ?><!DOCTYPE svg [<!ENTITY x "-->">]>',
    '<!DOCTYPE svg [<!ENTITY % x "y">]>',
]


@pytest.mark.parametrize("head", ENTITIES)
def test_entities_are_found_wherever_they_are_declared(head: str) -> None:
    assert list(svg_tiny_ps.faults(head.encode() + LOGO)) == ["it declares entities"]


HOSTILE = [
    gzip.compress(LOGO, mtime=0)[:-9],  # the octets are the test's name: the same in every worker
    gzip.compress(b"<" + b"x" * (2 << 20), mtime=0),
    b"\x1f\x8b",
    b"\xff\xfe" + "<!DOCTYPE svg [<!ENTITY x 'y'>]><svg>&x;</svg>".encode("utf-16-le"),
    b'<?xml version="1.0" encoding="nonsense"?><svg/>',
    b"<svg" + b"<a>" * 10000,
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1e999 x"/>',
]


@pytest.mark.parametrize("octets", HOSTILE)
def test_hostile_logos_are_faulted_and_nothing_else_happens(octets: bytes) -> None:
    assert list(svg_tiny_ps.faults(octets))


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"'
MANY = b"".join(b"a%d CDATA 'b' " % number for number in range(1500))
SWELLING = [
    b"<!DOCTYPE svg [<!ATTLIST a " + MANY + b">]>" + SVG + b">" + b"<a/>" * 100_000 + b"</svg>",
    b"<!DOCTYPE svg [<!ELEMENT svg "
    + b"(" * 200_000
    + b"a"
    + b")" * 200_000
    + b">]>"
    + SVG
    + b"/>",
    SVG + b">" + b"<a>" * 100_000 + b"</a>" * 100_000 + b"</svg>",
    SVG + b' viewBox="0 0 ' + b"1" * 1_000_000 + b'x 1"/>',
    SVG + b' width="1' + b" " * 1_000_000 + b'x" height="1"/>',
    SVG + b' fill="url(' + b" " * 1_000_000 + b'#"/>',
]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("octets", SWELLING, ids=range(len(SWELLING)))
def test_a_small_file_does_not_become_much_work(octets: bytes) -> None:
    """Each is a few kilobytes as it is fetched, and was an hour or gigabytes to a naive reader."""
    assert list(svg_tiny_ps.faults(gzip.compress(octets)))


DECLARED = [
    ('<!DOCTYPE svg [<!ENTITY x SYSTEM "http://127.0.0.1/x">]>', ["it declares entities"]),
    ('<!DOCTYPE svg [<!ENTITY % x SYSTEM "file:///etc/passwd"> %x;]>', ["it declares entities"]),
    (
        '<!DOCTYPE svg [<!NOTATION n SYSTEM "n"><!ENTITY x SYSTEM "x" NDATA n>]>',
        ["it declares entities"],
    ),
    ('<!DOCTYPE svg [<!ATTLIST svg onload CDATA "move()">]>', ["it declares attributes"]),
    ('<!DOCTYPE svg SYSTEM "http://127.0.0.1/svg.dtd">', []),
    ('<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://127.0.0.1/svg11.dtd">', []),
]


@pytest.mark.parametrize(("head", "told"), DECLARED)
def test_a_document_type_fetches_nothing(
    monkeypatch: pytest.MonkeyPatch, head: str, told: list[str]
) -> None:
    monkeypatch.setattr(socket, "socket", lambda *_, **__: pytest.fail("connected"))
    monkeypatch.setattr("builtins.open", lambda *_, **__: pytest.fail("opened a file"))
    assert list(svg_tiny_ps.faults(head.encode() + LOGO)) == told


ENCODINGS = ["utf-8-sig", "utf-16", "utf-16-be", "iso-8859-15", "cp037", "utf-32", "utf-7"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_entities_are_found_or_the_file_is_no_xml_in_any_encoding(encoding: str) -> None:
    named = encoding.removesuffix("-sig").removesuffix("-be")
    head = f'<?xml version="1.0" encoding="{named}"?><!DOCTYPE svg [<!ENTITY x "y">]>'
    [told] = svg_tiny_ps.faults((head + LOGO.decode()).encode(encoding))
    assert told == "it declares entities" or told.startswith("it is no XML: ")
