"""What a receiver says of the mail of nine senders, in an internet that is written down here.

Nothing in it is made from the catalogue: MAIL FROM, and what each sender publishes, are as its own
pages say. A wrong include, target or selector in the catalogue fails here.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.evaluate.dkim_key import claimed
from mailauth_dns.evaluate.message import Message, judge
from mailauth_dns.evaluate.resolver import ZoneResolver
from mailauth_dns.policy.load import load_repo
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRset, Zone
from tests.conftest import RepoFolder
from tests.evaluate.messages import rsa_key

DOMAIN = DomainName("example.com")
KEY = rsa_key().record
P = KEY.partition("p=")[2]
SES_TOKENS = [f"{letter * 31}2" for letter in "xyz"]
TOKENS = [f"{letter * 31}2" for letter in "abcdef"]
POLICY = f"""domain: example.com
senders:
  google: {{p: {P}}}
  ses: {{region: eu-west-1, mail_from: bounce, tokens: [{", ".join(SES_TOKENS)}]}}
  sendgrid: {{return_path: em1234, target: u1234567.wl123.sendgrid.net}}
  mailchimp: {{}}
  postmark: {{selector: 20260102030405pm, p: {P}}}
  mailgun: {{target: a1b2c3.dkim1.mailgun.com}}
  fastmail: {{}}
  stripe: {{return_path: stripe-bounce, tokens: [{", ".join(TOKENS)}]}}
  microsoft-365:
    selector1: selector1-example-com._domainkey.contoso.n-v1.dkim.mail.microsoft
    selector2: selector2-example-com._domainkey.contoso.n-v1.dkim.mail.microsoft
dmarc: {{p: reject}}
"""
RECORD = (
    "v=spf1 include:_spf.google.com include:mailgun.org include:spf.messagingengine.com "
    "include:spf.protection.outlook.com ~all"
)
CONTOSO = "example-com._domainkey.contoso.n-v1.dkim.mail.microsoft"


@dataclass(frozen=True)
class Facts:
    """How a sender sends: MAIL FROM, the name that publishes its address, and its DKIM keys.

    `keys` are the selectors at example.com, each with the name at the sender that holds the key, or
    None where the key itself stands at example.com.
    """

    mail_from: str
    addresses_at: str
    keys: dict[str, str | None]
    by_spf: str = "pass"


FACTS = {
    "google": Facts("example.com", "_spf.google.com", {"google": None}),
    "ses": Facts(
        "bounce.example.com",
        "amazonses.com",
        {each: f"{each}.dkim.amazonses.com" for each in SES_TOKENS},
    ),
    "sendgrid": Facts(
        "em1234.example.com",
        "u1234567.wl123.sendgrid.net",
        {each: f"{each}.domainkey.u1234567.wl123.sendgrid.net" for each in ("s1", "s2")},
    ),
    "mailchimp": Facts(
        "mail1.mcsv.net",
        "mail1.mcsv.net",
        {"k2": "dkim2.mcsv.net", "k3": "dkim3.mcsv.net"},
        by_spf="fail",
    ),
    "postmark": Facts("pm-bounces.example.com", "pm.mtasv.net", {"20260102030405pm": None}),
    "mailgun": Facts(
        "example.com",
        "mailgun.org",
        {each: f"{each}._domainkey.a1b2c3.dkim1.mailgun.com" for each in ("pdk1", "pdk2")},
    ),
    "fastmail": Facts(
        "example.com",
        "spf.messagingengine.com",
        {each: f"{each}.example.com.dkim.fmhosted.com" for each in ("fm1", "fm2", "fm3")},
    ),
    "stripe": Facts(
        "stripe-bounce.example.com",
        "custom-email-domain.stripe.com",
        {each: f"{each}.dkim.custom-email-domain.stripe.com" for each in TOKENS},
    ),
    "microsoft-365": Facts(
        "example.com",
        "spf.protection.outlook.com",
        {each: f"{each}-{CONTOSO}" for each in ("selector1", "selector2")},
    ),
}
ADDRESSES = {sender: f"198.51.100.{number}" for number, sender in enumerate(FACTS, 1)}


def internet() -> Zone:
    texts = {
        facts.addresses_at: f"v=spf1 ip4:{ADDRESSES[sender]} -all"
        for sender, facts in FACTS.items()
    }
    texts |= {at: KEY for facts in FACTS.values() for at in facts.keys.values() if at is not None}
    sets = {RRset(DomainName(name), "TXT", None, frozenset({text})) for name, text in texts.items()}
    return Zone(DomainName(""), frozenset(sets))


@pytest.fixture
def resolver(repo: RepoFolder) -> ZoneResolver:
    repo.policy(POLICY)
    [publication] = compile_repo(load_repo(repo.root))
    return ZoneResolver([publication.zone, internet()])


def test_the_record_has_the_includes_that_align_and_no_other(resolver: ZoneResolver) -> None:
    assert resolver.lookup(DOMAIN, "TXT") == (RECORD,)


@pytest.mark.parametrize("sender", FACTS)
def test_mail_aligns_by_spf(resolver: ZoneResolver, sender: str) -> None:
    facts, ip = FACTS[sender], ADDRESSES[sender]
    verdict = judge(Message((f"a@{DOMAIN}",), f"x@{facts.mail_from}", "", ip), resolver)
    assert str(verdict.spf.result) == "pass", verdict.why
    assert str(verdict.dmarc) == facts.by_spf, verdict.why


@pytest.mark.parametrize("sender", FACTS)
def test_mail_aligns_by_each_dkim_key(resolver: ZoneResolver, sender: str) -> None:
    for selector in FACTS[sender].keys:
        signed = (claimed(DOMAIN, selector, resolver),)
        message = Message((f"a@{DOMAIN}",), "", "", "203.0.113.66", signed)
        verdict = judge(message, resolver)
        assert str(verdict.dmarc) == "pass", (selector, verdict.why)
