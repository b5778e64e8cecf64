"""Set-up templates: what they come to, and what is risky in them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mailauth_dns.errors import MailAuthError
from mailauth_dns.senders import catalogue_files, template_draft
from mailauth_dns.senders.domain_connect import MAX_TEXT, read, warnings
from mailauth_dns.senders.recognition import Recognition


def template(*records: dict[str, Any], **more: object) -> str:
    return json.dumps(
        {
            "providerId": "mailer.example",
            "providerName": "Mailer",
            "serviceId": "send",
            "records": list(records),
            **more,
        }
    )


def alias(host: str, led: str) -> dict[str, Any]:
    return {"type": "CNAME", "host": host, "pointsTo": led, "ttl": 3600}


REFUSED = [
    ("", "line 1, column 1: is not JSON"),
    ('{"records": [}', "is not JSON"),
    ("[" * 100_000, "too deep"),
    ("1" * 10_000, "too long a number"),
    ("[]", "is no Domain Connect template"),
    ('{"records": {}}', "is no Domain Connect template"),
    ("{}", "is no Domain Connect template"),
    ('{"records": []}', "providerId: expected a text"),
    ('{"providerId": 1, "serviceId": "x", "records": []}', "providerId: expected a text"),
    (template({"type": 5}), "records[0].type: expected a type"),
    (template(alias("a", "b"), 7), "records[1]: expected an object"),  # type: ignore[arg-type]
    (template({"type": "TXT", "host": ["a"]}), "records[0].host: expected a text, not a list"),
    (template({"type": "TXT", "data": {}}), "records[0].data: expected a text, not an object"),
    (template(*[alias("a", "b")] * 501), "has 501 records; at most 500"),
    (" " * (MAX_TEXT + 1), "at most 1000000 are read"),
]


@pytest.mark.parametrize(("text", "said"), REFUSED)
def test_what_is_no_template_is_told(text: str, said: str) -> None:
    with pytest.raises(MailAuthError) as raised:
        read(text)
    assert said in str(raised.value)


RISKY: list[tuple[dict[str, Any], str]] = [
    (
        {"type": "TXT", "host": "s._domainkey", "data": "k=rsa; p=MIIBIjANBgkqhkiG9w0BAQ"},
        "the key MIIBIjANBgkq... is fixed",
    ),
    (alias("s1._domainkey", "s1.domainkey.u1234567.wl.mailer.example"), "u1234567 looks like"),
    (alias("em", "3f2a9c0d1b.mailer.example"), "3f2a9c0d1b looks like the token"),
    (
        {"type": "TXT", "host": "@", "data": "mailer-verification=a1b2c3d4e5f6a7b8c9"},
        "a1b2c3d4e5f6a7b8c9 looks like the token",
    ),
    (
        {
            "type": "TXT",
            "host": "_dmarc",
            "data": "v=DMARC1; p=none",
            "txtConflictMatchingMode": "All",
        },
        "a DMARC policy replaces whatever is there",
    ),
    ({"type": "TXT", "host": "_dmarc.%domain%", "data": "v=DMARC1"}, "a DMARC policy is set"),
    ({"type": "SPFM", "host": "@", "spfRules": "include:mailer.example"}, "merges include:mailer"),
    ({"type": "TXT", "host": "@", "data": "v=spf1 a ~all"}, "a whole SPF record"),
    ({"type": "TXT", "data": "%v%", "txtConflictMatchingMode": "ALL"}, "replaces every other"),
    ({"type": "TXT", "host": "@", "data": "mailer-verification=%code%"}, "set it by hand"),
    (
        {"type": "MX", "host": "@", "pointsTo": "mx1.mailer.example", "priority": 10},
        "mail to the domain goes to mx1.mailer.example",
    ),
    ({"type": "NS", "host": "send", "pointsTo": "ns1.mailer.example"}, "other name servers"),
    ({"type": "A", "host": "@", "pointsTo": "192.0.2.1"}, "leads the domain itself to 192.0.2.1"),
]


@pytest.mark.parametrize(("record", "said"), RISKY)
def test_what_is_risky_is_told(record: dict[str, Any], said: str) -> None:
    [found] = warnings(read(template(record)))
    assert said in found.text


@pytest.mark.parametrize(
    "record",
    [
        alias("s1._domainkey", "s1.domainkey.%user%.wl.mailer.example"),
        {"type": "TXT", "host": "s._domainkey", "data": "v=DKIM1; k=rsa; p=%key%"},
        {"type": "MX", "host": "bounce", "pointsTo": "mx1.mailer.example", "priority": 10},
        alias("autodiscover", "autodiscover.mailer.example"),
    ],
)
def test_a_variable_or_a_name_for_everybody_is_no_risk(record: dict[str, Any]) -> None:
    assert not list(warnings(read(template(record))))


def test_a_template_of_variables_alone_is_known_by_its_provider() -> None:
    text = template(alias("%em%", "%target%")).replace("mailer.example", "sendgrid.com")
    assert template_draft.sender_of(read(text), Recognition()) == "sendgrid"


def test_a_known_sender_gives_what_a_policy_says() -> None:
    text = template(
        alias("%token%._domainkey", "%token%.dkim.amazonses.com"),
        {"type": "MX", "host": "bounce", "pointsTo": "feedback-smtp.%region%.amazonses.com"},
    )
    found = Recognition()
    sender = template_draft.sender_of(read(text), found)
    assert sender == "ses"
    entry = found.catalogue.get("ses")
    assert entry is not None
    block = template_draft.block("ses", entry)
    assert block.startswith(
        "senders:\n  ses: {region: , mail_from: , tokens: }\n  # region: In the"
    )


DRAFTS: list[tuple[list[dict[str, Any]], dict[str, Any]]] = [
    (
        [
            alias("s1._domainkey", "s1.%acct%.dkim.mailer.example"),
            alias("bounces", "rp.mailer.example"),
        ],
        {"form": "cname-account-token", "class": "own-subdomain-cname", "asks": ["acct"]},
    ),
    (
        [alias("m._domainkey", "m._domainkey.mailer.example")],
        {"form": "cname-fixed", "class": "vendor-domain", "asks": []},
    ),
    (
        [
            {"type": "TXT", "host": "mm._domainkey", "data": "v=DKIM1; p=%Pub-Key%"},
            {"type": "SPFM", "host": "@", "spfRules": "include:_spf.mailer.example"},
        ],
        {"form": "txt-account-key", "class": "own-domain", "asks": ["pub_key"]},
    ),
    (
        [
            {"type": "MX", "host": "%sub%", "pointsTo": "mx.mailer.example", "priority": "20"},
            {"type": "TXT", "host": "%sub%", "data": "v=spf1 include:_spf.mailer.example ~all"},
            alias("k._domainkey", "k.%domain%.mailer.example"),
        ],
        {"form": "cname-derived", "class": "own-subdomain-mx+spf", "asks": ["sub"]},
    ),
    (
        [{"type": "NS", "host": "send", "pointsTo": "ns1.mailer.example"}],
        {"form": None, "class": "subdomain-ns", "asks": []},
    ),
]


@pytest.mark.parametrize(("records", "wanted"), DRAFTS)
def test_another_sender_becomes_a_draft_that_loads_once_its_source_is_told(
    records: list[dict[str, Any]], wanted: dict[str, Any]
) -> None:
    made = read(template(*records))
    assert template_draft.draft_id(made) == "mailer-example"
    text = template_draft.draft(made).replace(
        "url: , read: ", 'url: "https://mailer.example/help", read: 2026-11-28'
    )
    entry = catalogue_files.read("zones/senders/mailer-example.yaml", text.encode(), "x-mailer")
    assert entry.return_path is not None
    assert entry.return_path.class_ == wanted["class"]
    assert (entry.dkim.form if entry.dkim is not None else None) == wanted["form"]
    assert list(entry.asks) == wanted["asks"]
