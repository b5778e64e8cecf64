"""Which senders are there, and what DNS answers for them: nothing is guessed."""

from __future__ import annotations

import pytest

from mailauth_dns.records.name import DomainName
from mailauth_dns.senders.discovery import discovered
from mailauth_dns.senders.published import published
from mailauth_dns.senders.recognition import Recognition
from tests.senders.zone_texts import zone

DOMAIN = DomainName("example.com")
KEY = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAabcdefghijklmnop"
TOKENS = tuple(f"{letter}{'a' * 31}" for letter in "abc")
SES = "".join(f"{each}._domainkey CNAME {each}.dkim.amazonses.com.\n" for each in TOKENS)
BOUNCE = "bounce MX 10 feedback-smtp.eu-west-1.amazonses.com.\n"

Answers = dict[str, object]
FOUND: list[tuple[str, dict[str, Answers]]] = [
    ('@ TXT "v=spf1 include:_spf.google.com ~all"\n', {"google": {}}),
    (
        '@ TXT "v=spf1 include:_spf.google.com ~all"\n'
        f'google._domainkey TXT "v=DKIM1; k=rsa; p={KEY}"\n',
        {"google": {"p": KEY}},
    ),
    (SES + BOUNCE, {"ses": {"region": "eu-west-1", "mail_from": "bounce", "tokens": TOKENS}}),
    (
        "em1234 CNAME u1.wl2.sendgrid.net.\n"
        "S1._domainkey CNAME S1.DomainKey.u1.WL2.sendgrid.net.\n",
        {"sendgrid": {"return_path": "em1234", "target": "u1.wl2.sendgrid.net"}},
    ),
    (
        f'send MX 10 feedback-smtp.us-east-1.amazonses.com.\nresend._domainkey TXT "p={KEY}"\n',
        {"resend": {"region": "us-east-1", "p": KEY}},
    ),
    (
        "protonmail._domainkey CNAME protonmail.domainkey.dabc.domains.proton.ch.\n",
        {"proton": {"hash": "dabc"}},
    ),
    ("k2._domainkey CNAME dkim2.mcsv.net.\n", {"mailchimp": {}}),
    ("www CNAME shops.example.net.\n", {}),
    (f'mail._domainkey TXT "v=DKIM1; p={KEY}"\n', {}),
    ('google._domainkey TXT "v=DKIM1; p="\n', {}),
    ('@ TXT "v=spf1 include:_spf.google.com ~all"\n@ TXT "v=spf1 -all"\n', {}),
    ('@ TXT "v=spf1 include:_spf.google.com include: ~all"\n', {}),
]


@pytest.mark.parametrize(("text", "wanted"), FOUND)
def test_what_is_published_answers(text: str, wanted: dict[str, Answers]) -> None:
    found = discovered(published(zone(DOMAIN, text), DOMAIN), Recognition())
    assert {each.sender: dict(each.answers) for each in found} == wanted
    assert all(each.is_whole for each in found)


OPEN: list[tuple[str, str, tuple[str, ...]]] = [
    (SES, "ses", ("region", "mail_from")),
    (BOUNCE, "ses", ("tokens",)),
    (SES.partition("\n")[0] + "\n" + BOUNCE, "ses", ("tokens",)),
    ('@ TXT "v=spf1 include:_spf.protonmail.ch ~all"\n', "proton", ("hash",)),
    (
        '@ TXT "v=spf1 include:spf.protection.outlook.com ~all"\n'
        "selector1._domainkey CNAME selector1-example-com._domainkey.t.n-v1.dkim.mail.microsoft.\n",
        "microsoft-365",
        ("selector2",),
    ),
    ("s1._domainkey CNAME s1.domainkey.u1.wl2.sendgrid.net.\n", "sendgrid", ("return_path",)),
]


@pytest.mark.parametrize(("text", "sender", "missing"), OPEN)
def test_what_dns_does_not_tell_stays_open(
    text: str, sender: str, missing: tuple[str, ...]
) -> None:
    [found] = discovered(published(zone(DOMAIN, text), DOMAIN), Recognition())
    assert (found.sender, found.missing) == (sender, missing)


def test_a_record_belongs_to_one_sender() -> None:
    text = (
        SES
        + BOUNCE
        + "send MX 10 feedback-smtp.us-east-1.amazonses.com.\n"
        + f'resend._domainkey TXT "p={KEY}"\n'
    )
    found = discovered(published(zone(DOMAIN, text), DOMAIN), Recognition())
    assert [(each.sender, each.return_path) for each in found] == [
        ("ses", "bounce"),
        ("resend", "send"),
    ]
