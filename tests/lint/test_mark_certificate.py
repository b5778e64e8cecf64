"""Mark certificates, in the details that the rules' cases do not show."""

from __future__ import annotations

import base64
import random
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
from mailauth_dns.lint import mark_certificate
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
