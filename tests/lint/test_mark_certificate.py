"""Logos and mark certificates, in the details that the rules' cases do not show."""

from __future__ import annotations

import base64
import gzip
import random
import socket
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.compile.publication import Publication
from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.evaluate.web_page import FetchResult, Nothing, Page, Pages, Request
from mailauth_dns.lint import mark_certificate, svg_tiny_ps
from mailauth_dns.lint.catalog import RULES
from mailauth_dns.lint.finding import Finding
from mailauth_dns.lint.live_rules import pages_of
from mailauth_dns.lint.subject import Subject, subjects
from mailauth_dns.policy.load import load_repo
from tests.conftest import RepoFolder
from tests.lint import worlds
from tests.lint.test_cases import PAGES, findings

LOGO = (PAGES / "logo.svg").read_bytes()
DAY = date(2026, 6, 1)


def pem(der: bytes | bytearray) -> bytes:
    return (
        b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(der) + b"-----END CERTIFICATE-----\n"
    )


def certificate(file: str) -> mark_certificate.Mark:
    found = mark_certificate.read((PAGES / file).read_bytes())
    assert found is not None
    return found


def test_a_certificate_tells_its_names_days_purpose_and_logo() -> None:
    assert certificate("mark.pem") == mark_certificate.Mark(
        frozenset({"example.com"}), date(2026, 1, 1), date(2036, 1, 1), True, LOGO
    )


def test_every_fault_of_a_certificate_is_told() -> None:
    assert list(
        mark_certificate.faults(certificate("other-mark.pem"), "example.com", "default", DAY, LOGO)
    ) == [
        "it is not made for marks",
        "it expired on 2026-05-01",
        "it is for example.net",
        "the logo in it is another one",
    ]
    assert "it is valid from 2026-01-01 on" in list(
        mark_certificate.faults(
            certificate("mark.pem"), "example.com", "default", date(2025, 1, 1), None
        )
    )


COVERED = [
    ("mark.pem", "example.com", "default", True),
    (
        "mark.pem",
        "news.example.com",
        "default",
        True,
    ),  # a certificate for the organizational domain
    ("mark.pem", "notexample.com", "default", False),
    ("other-logo.pem", "example.com", "default", True),  # for default._bimi.example.com
    ("other-logo.pem", "example.com", "brand", False),
]


@pytest.mark.parametrize(("file", "domain", "selector", "covered"), COVERED)
def test_which_domains_a_certificate_is_for(
    file: str, domain: str, selector: str, covered: bool
) -> None:
    told = [
        fault
        for fault in mark_certificate.faults(certificate(file), domain, selector, DAY, None)
        if fault.startswith("it is for")
    ]
    assert (told == []) is covered


def test_a_strange_certificate_is_read_or_is_none() -> None:
    """What cryptography cannot read is no certificate, whatever error it raises."""
    der = x509.load_pem_x509_certificate((PAGES / "mark.pem").read_bytes()).public_bytes(
        Encoding.DER
    )
    chance = random.Random(1)
    for _ in range(400):
        octets = bytearray(der)
        for _ in range(chance.randint(1, 3)):
            octets[chance.randrange(len(octets))] = chance.randrange(256)
        found = mark_certificate.read(pem(octets))
        assert (
            found is None
            or list(mark_certificate.faults(found, "example.com", "default", DAY, None)) is not None
        )


def test_a_version_that_does_not_exist_is_no_certificate() -> None:
    der = x509.load_pem_x509_certificate((PAGES / "mark.pem").read_bytes()).public_bytes(
        Encoding.DER
    )
    at = der.index(b"\xa0\x03\x02\x01\x02")
    assert mark_certificate.read(pem(der[: at + 4] + b"\x08" + der[at + 5 :])) is None


@pytest.mark.parametrize(
    "junk", [b"", b"hello", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", LOGO]
)
def test_what_is_no_certificate_is_none(junk: bytes) -> None:
    assert mark_certificate.read(junk) is None


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
    gzip.compress(LOGO)[:-9],
    gzip.compress(b"<" + b"x" * (2 << 20)),
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


def test_a_logo_without_evidence_is_told_whatever_the_web_says(repo: RepoFolder) -> None:
    [vmc] = [rule for rule in RULES if rule.id == "BIMI005"]
    policy = 'domain: example.com\nbimi: {default: {l: "https://www.example.com/logo.svg"}}\n'
    found: list[Finding] = findings(
        repo, vmc, {"policy": policy, "zone": "www.example.com A 192.0.2.80\n"}
    )
    assert [finding.message for finding in found] == [
        "there is no evidence for the logo: most mailbox providers do not show it"
    ]


POLICY = """domain: example.com
dmarc: {p: reject}
bimi: {default: {l: "https://www.example.com/logo.svg", a: "https://www.example.com/vmc.pem"}}
"""


def evidence(repo: RepoFolder, logo: FetchResult) -> list[Finding]:
    """Return what the rule about evidence says when only what it asks for is answered."""
    [vmc] = [rule for rule in RULES if rule.id == "BIMI005"]
    pem = Page(200, "text/plain", (PAGES / "other-logo.pem").read_bytes(), True, "")
    pages = {"https://www.example.com/vmc.pem": pem, "https://www.example.com/logo.svg": logo}

    def beside(
        subjects: Sequence[Subject], publications: Sequence[Publication]
    ) -> Iterator[Subject]:
        for subject in worlds.unanswered(subjects, publications):
            assert vmc.requests is not None
            yield replace(
                subject, pages={request: pages[request.url] for _, request in vmc.requests(subject)}
            )

    return findings(repo, vmc, POLICY, beside)


def test_the_web_is_asked_once_for_all_that_the_rules_want(repo: RepoFolder) -> None:
    class Recorded:
        def __init__(self) -> None:
            self.asked: list[list[str]] = []

        def fetch(self, requests: Iterable[Request]) -> Pages:
            wanted = list(requests)
            self.asked.append([request.url for request in wanted])
            return dict.fromkeys(wanted, Nothing("nobody is there"))

    repo.policy(POLICY)
    repo.policy("domain: example.net\ndmarc: {p: reject}\n", "net")
    loaded = load_repo(repo.root)
    looked_at = subjects(loaded, compile_repo(loaded), DAY)
    web = Recorded()
    pages = pages_of(looked_at, RULES, web)
    [asked] = web.asked
    logo, evidence = "https://www.example.com/logo.svg", "https://www.example.com/vmc.pem"
    assert asked == [logo, logo, evidence]  # BIMI004, and BIMI005 with both
    assert {request.url for request in pages} == {logo, evidence}


def test_evidence_is_compared_with_the_logo_where_its_rule_is_selected_alone(
    repo: RepoFolder,
) -> None:
    [found] = evidence(repo, Page(200, "image/svg+xml", LOGO, True, ""))
    assert found.message == "the certificate is no evidence: the logo in it is another one"
    [found] = evidence(repo, Unknown("no answer"))
    assert (found.unknown, found.message) == (
        True,
        "whether it is for the logo: https://www.example.com/logo.svg: no answer",
    )
    assert not evidence(repo, Nothing("www.example.com has no address"))
