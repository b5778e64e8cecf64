"""Identifier alignment: whether two names belong to one organization (RFC 9989 §4.10.2)."""

from __future__ import annotations

import pytest

from mailauth_dns.evaluate.dmarc import compare, discover
from mailauth_dns.records.dmarc import Alignment
from mailauth_dns.records.name import DomainName
from tests.evaluate.dmarc_records import NONE, OWN, PSD, queries, records
from tests.evaluate.zones import Recorded

R, S = Alignment.RELAXED, Alignment.STRICT
HOSTED: dict[str, str | list[str]] = {
    "tenant.example.com": OWN,
    "other.example.com": OWN,
    "example.com": NONE,
}
BANKS: dict[str, str | list[str]] = {
    "bank.example": PSD,
    "giant.bank.example": NONE,
}  # RFC 9989 B.4.3
# author domain, identifier, mode, records, aligned, domains asked for after discovery
ALIGNMENTS: list[tuple[str, str, Alignment, dict[str, str | list[str]], bool, list[str]]] = [
    ("example.com", "example.com", S, {"example.com": NONE}, True, []),
    ("example.com", "example.com", R, {"example.com": NONE}, True, []),
    ("a.example.com", "a.example.com", R, {"example.com": NONE}, True, []),
    ("example.com", "mail.example.com", S, {"example.com": NONE}, False, []),
    (
        "example.com",
        "mail.example.com",
        R,
        {"example.com": NONE},
        True,
        ["mail.example.com", "example.com", "com"],
    ),
    ("mail.example.com", "example.com", R, {"example.com": NONE}, True, ["example.com", "com"]),
    (
        "a.example.com",
        "b.example.com",
        R,
        {"example.com": NONE},
        True,
        ["b.example.com", "example.com", "com"],
    ),
    (
        "a.example.com",
        "b.example.com",
        R,
        dict.fromkeys(["a.example.com", "b.example.com", "example.com"], NONE),
        True,
        ["b.example.com", "example.com", "com"],
    ),
    # without a record above, each is on its own
    ("a.example.com", "b.example.com", R, {"a.example.com": NONE}, False, []),
    (
        "a.example.com",
        "b.example.com",
        R,
        {"a.example.com": NONE, "b.example.com": NONE},
        False,
        [],
    ),
    # not at or below the author's organizational domain: no question is needed
    ("example.com", "example.net", R, {"example.com": NONE, "example.net": NONE}, False, []),
    ("example.com", "badexample.com", R, {"example.com": NONE}, False, []),
    ("a.example.com", "example.com", R, {"a.example.com": OWN, "example.com": NONE}, False, []),
    # psd=n cuts a tenant off from its host
    ("tenant.example.com", "example.com", R, HOSTED, False, []),
    (
        "a.tenant.example.com",
        "b.tenant.example.com",
        R,
        HOSTED,
        True,
        ["b.tenant.example.com", "tenant.example.com"],
    ),
    ("tenant.example.com", "other.example.com", R, HOSTED, False, []),
    # psd=y keeps its registrants apart
    (
        "giant.bank.example",
        "mail.giant.bank.example",
        R,
        BANKS,
        True,
        ["mail.giant.bank.example", "giant.bank.example", "bank.example"],
    ),
    ("giant.bank.example", "mail.mega.bank.example", R, BANKS, False, []),
    ("giant.bank.example", "bank.example", R, {"bank.example": PSD}, False, []),
    # a top-level domain's record without psd=y makes one organization of all below it
    ("example.com", "other.com", R, {"com": NONE}, True, ["other.com", "com"]),
]


@pytest.mark.parametrize(("author", "identifier", "mode", "at", "aligned", "domains"), ALIGNMENTS)
def test_alignment(
    author: str,
    identifier: str,
    mode: Alignment,
    at: dict[str, str | list[str]],
    aligned: bool,
    domains: list[str],
) -> None:
    resolver = Recorded(records(at))
    found = discover(DomainName(author), resolver)
    resolver.asked.clear()
    assert compare(DomainName(identifier), mode, found, resolver).aligned is aligned
    assert resolver.asked == queries(*domains)
