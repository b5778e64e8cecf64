"""Whether reports may go outside (RFC 9990, "Verifying External Destinations")."""

from __future__ import annotations

import pytest

from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.evaluate.report_destination import destination, destination_host
from mailauth_dns.records.dmarc import Uri
from mailauth_dns.records.name import DomainName
from tests.evaluate.zones import Recorded

COM = DomainName("example.com")
NAME = "example.com._report._dmarc.r.example"
BOTH = {
    "_dmarc.example.com TXT": "v=DMARC1; p=none",
    "_dmarc.sub.example.com TXT": "v=DMARC1; p=none",
}

# records at the authorisation's name, addresses that get reports, part of the reason why none does
EXTERNAL = [
    (["v=DMARC1"], ["mailto:d@r.example"], None),
    (["v=DMARC1;"], ["mailto:d@r.example"], None),
    (["v=DMARC1; p=rejct; nonsense"], ["mailto:d@r.example"], None),
    (["other", "v=DMARC1"], ["mailto:d@r.example"], None),
    (["v=DMARC1; rua=mailto:x@r.example"], ["mailto:x@r.example"], None),
    # unlike policy records, several are as good as one
    (["v=DMARC1", "v=DMARC1;"], ["mailto:d@r.example"], None),
    ([], [], "has no TXT record with v=DMARC1"),
    (["v=spf1 -all"], [], "has no TXT record with v=DMARC1"),
    (["v=dmarc1"], [], "has no TXT record with v=DMARC1"),
    # sent on to another host: nobody gets any
    (
        ["v=DMARC1; rua=mailto:x@victim.example"],
        [],
        "mailto:x@victim.example, which is not at r.example",
    ),
    (["v=DMARC1; rua=mailto:x@r.example,mailto:x@sub.r.example"], [], "which is not at r.example"),
]


@pytest.mark.parametrize(("texts", "addresses", "reason"), EXTERNAL)
def test_external(texts: list[str], addresses: list[str], reason: str | None) -> None:
    judged = destination(
        COM, Uri("mailto:d@r.example"), Recorded({f"{NAME} TXT": texts} if texts else {})
    )
    assert judged.authorisation == NAME
    assert judged.accepted is bool(addresses)
    assert [str(uri) for uri in judged.addresses] == addresses
    assert (reason or "None") in str(judged.reason)


@pytest.mark.parametrize(
    "uri", ["mailto:d@example.com", "mailto:d@sub.example.com", "https://sub.example.com/dmarc"]
)
def test_the_same_organization_needs_none(uri: str) -> None:
    resolver = Recorded(BOTH)
    judged = destination(COM, Uri(uri), resolver)
    assert (judged.accepted, judged.authorisation, judged.addresses) == (True, None, (Uri(uri),))
    assert not any("_report" in question for question in resolver.asked)


def test_a_subdomain_of_another_organization_needs_its_own() -> None:
    """The name holds the host, not its organizational domain, and the domain with the record."""
    sets = {
        "_dmarc.r.example TXT": "v=DMARC1; p=none",
        "example.com._report._dmarc.r.example TXT": "v=DMARC1",
    }
    judged = destination(COM, Uri("mailto:d@in.r.example"), Recorded(sets))
    assert (judged.accepted, judged.authorisation) == (
        False,
        "example.com._report._dmarc.in.r.example",
    )


def test_a_wildcard_accepts_all_domains() -> None:
    assert (
        destination(
            COM, Uri("mailto:d@r.example"), Recorded({"*._report._dmarc.r.example TXT": "v=DMARC1"})
        ).accepted
        is True
    )


# host, name that does not answer
DARK = [
    ("r.example", NAME),
    ("in.example.com", "_dmarc.example.com"),
    ("in.example.com", "_dmarc.in.example.com"),
    ("in.example.com", "_dmarc.com"),
    ("other.com", "_dmarc.com"),
]


@pytest.mark.parametrize(("host", "dark"), DARK)
def test_what_cannot_be_asked_is_unknown(host: str, dark: str) -> None:
    judged = destination(
        COM, Uri(f"mailto:d@{host}"), Recorded({f"{NAME} TXT": "v=DMARC1"}, [dark])
    )
    assert judged.accepted == Unknown(f"{dark} TXT: SERVFAIL")


@pytest.mark.parametrize(
    "dark", ["_dmarc.example.com", "_dmarc.com", "_dmarc.r.example", "_dmarc.example"]
)
def test_a_host_that_cannot_be_of_the_same_organization_is_known_to_need_consent(dark: str) -> None:
    judged = destination(
        COM, Uri("mailto:d@r.example"), Recorded({f"{NAME} TXT": "v=DMARC1"}, [dark])
    )
    assert (judged.accepted, judged.authorisation) == (True, NAME)


def test_a_name_that_is_too_long_cannot_accept() -> None:
    long = DomainName(".".join(["x" * 60] * 4))
    assert "too long" in str(destination(long, Uri("mailto:d@r.example"), Recorded({})).reason)


HOSTS = [
    ("mailto:d@example.com", "example.com"),
    ("MAILTO:d@Example.COM?subject=x", "example.com"),
    ("mailto:d@bücher.example", "xn--bcher-kva.example"),
    ("https://user@host.example:8443/path@x", "host.example"),
    ("mailto:example.com", None),
    ("mailto:d@", None),
    ("mailto:d@[192.0.2.1]", None),
    ("https:///dmarc", None),
    ("https://[2001:db8::1]/", None),
    ("https://[2001:db8::1/", None),
    ("mailto:a@example.com,b@example.net", None),
]


@pytest.mark.parametrize(("uri", "host"), HOSTS)
def test_host(uri: str, host: str | None) -> None:
    assert destination_host(Uri(uri)) == host
    if host is None:
        judged = destination(COM, Uri(uri), Recorded({}))
        assert (judged.accepted, judged.reason) == (False, f"{uri} names no host")
