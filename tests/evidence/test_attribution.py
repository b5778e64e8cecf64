"""Whose mail it is: a table of rows, and what they are with which policy."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import pytest

from mailauth_dns.evidence.attribution import attributed
from mailauth_dns.evidence.declared_sources import Declared, declared_of
from mailauth_dns.evidence.evidence import Row
from mailauth_dns.evidence.source_kind import Attribution, SourceKind
from mailauth_dns.policy.load import load_repo
from mailauth_dns.reports.aggregate import OverrideReason
from tests.conftest import RepoFolder
from tests.evidence.reported import DOMAIN, evidence, report, row

TODAY = date(2026, 3, 1)
KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
# Everybody who may send, in one policy; `posthog` sends over the hosts of `ses`.
POLICY = f"""
domain: example.com
senders:
  server: {{ip: [192.0.2.10, "2001:db8::/48"], dkim: [mx2026]}}
  zendesk: {{}}
  google: {{selector: google, p: {KEY}}}
  ses: {{region: eu-west-1, mail_from: bounce, tokens: [aaa, bbb, ccc]}}
  mailchimp: {{retired: 2026-02-20}}
  sendgrid: {{return_path: em1, target: u1.wl1.sendgrid.net, retired: 2025-11-01}}
spf: {{terms: ["ip4:198.51.100.0/28", "include:_spf.sender.example"], all: softfail}}
dkim:
  selectors:
    mx2026: {{p: {KEY}, k: ed25519}}
    old: {{state: revoked}}
    s1x: {{cname: s1.domainkey.u1.sender.example}}
dmarc: {{p: none}}
"""
BELOW = f"""
domain: news.example.com
zone: example.com
spf: {{terms: ["ip4:192.0.2.77"], all: fail}}
dkim: {{selectors: {{n1: {{p: {KEY}, k: ed25519}}}}}}
"""

ALIGNED, NOT_ALIGNED = SourceKind.ALIGNED, SourceKind.NOT_ALIGNED
FORWARDER, MAILING_LIST = SourceKind.FORWARDER, SourceKind.MAILING_LIST
UNKNOWN, SPOOF = SourceKind.UNKNOWN, SourceKind.SPOOF


@pytest.fixture
def declared(repo: RepoFolder) -> Declared:
    repo.policy(POLICY)
    repo.policy(BELOW, "news")
    loaded = load_repo(repo.root, today=TODAY)
    [policy] = loaded.of([DOMAIN])
    return declared_of(loaded, policy)


def judged(declared: Declared, *rows: Row, hosts: dict[str, str] | None = None) -> Attribution:
    """Return what the first row is, beside the others."""
    return attributed(evidence(report(*rows)), declared, hosts or {})[0].by


@dataclass(frozen=True)
class Case:
    """A row, what it is, and words of the reason or of what to mend."""

    title: str
    row: Row
    kind: SourceKind
    sender: str | None
    words: str
    beside: tuple[Row, ...] = ()
    hosts: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.title


MX = "mx2026._domainkey.example.com"
OURS = "example.com pass"
CASES = [
    # declared, aligned
    Case(
        "own host by ip4",
        row("192.0.2.10", by="spf dkim", signed=[f"{MX} pass"], path=[OURS]),
        ALIGNED,
        "server",
        "SPF passes for example.com",
    ),
    Case(
        "own host in an IPv6 network",
        row("2001:db8::5:9", by="spf", path=[OURS]),
        ALIGNED,
        "server",
        "SPF passes for example.com",
    ),
    Case(
        "a network of the policy that no sender brings",
        row("198.51.100.3", by="spf", path=[OURS]),
        ALIGNED,
        "ip4:198.51.100.0/28",
        "SPF passes",
    ),
    Case(
        "SPF result left out by the reporter",
        row("192.0.2.10", by="spf"),
        ALIGNED,
        "server",
        "SPF passes",
    ),
    Case(
        "return path of its own",
        row("203.0.113.80", by="spf", path=["bounce.example.com pass"]),
        ALIGNED,
        "ses",
        "bounce.example.com",
    ),
    Case(
        "Google, which signs with a key that the policy has",
        row(
            "209.85.220.41",
            by="spf dkim",
            signed=["google._domainkey.example.com pass"],
            path=[OURS],
        ),
        ALIGNED,
        "google",
        "SPF passes for example.com",
    ),
    Case(
        "several senders behind SPF, told apart by the other signature",
        row("203.0.113.81", by="spf", signed=["x._domainkey.zendesk.com pass"], path=[OURS]),
        ALIGNED,
        "zendesk",
        "SPF passes for example.com",
    ),
    Case(
        "several senders behind SPF, told apart by the name of the host",
        row("203.0.113.81", by="spf", path=[OURS]),
        ALIGNED,
        "zendesk",
        "SPF passes for example.com",
        hosts={"203.0.113.81": "out7.zendesk.com"},
    ),
    Case(
        "several senders behind SPF, and nothing tells which",
        row("203.0.113.81", by="spf", path=[OURS]),
        ALIGNED,
        "zendesk or google or include:_spf.sender.example",
        "SPF passes for example.com",
    ),
    Case(
        "signed by a vendor with our key, and with its own return path",
        row(
            "203.0.113.82",
            by="dkim",
            signed=["k2._domainkey.example.com pass"],
            path=["mail9.mcsv.net pass"],
        ),
        ALIGNED,
        "mailchimp",
        "mail9.mcsv.net is of it; retired since 2026-02-20",
    ),
    Case(
        "signed by a sender that is gone",
        row(
            "203.0.113.83",
            by="dkim",
            signed=["s1._domainkey.example.com pass"],
            path=["u1.wl1.sendgrid.net pass"],
        ),
        ALIGNED,
        "sendgrid",
        "retired since 2025-11-01",
    ),
    Case(
        "return path of a sender that is gone",
        row("203.0.113.83", by="spf", path=["em1.example.com pass"]),
        ALIGNED,
        "sendgrid",
        "retired since 2025-11-01",
    ),
    Case(
        "signed by a sender that the catalogue does not know",
        row(
            "203.0.113.84",
            by="dkim",
            signed=["s1x._domainkey.example.com pass"],
            path=["bounce.sender.example pass"],
        ),
        ALIGNED,
        "include:_spf.sender.example",
        "bounce.sender.example is of it",
    ),
    Case(
        "own host whose return path is another domain",
        row("192.0.2.10", by="dkim", signed=[f"{MX} pass"], path=["other.example pass"]),
        ALIGNED,
        "server",
        "SPF lists 192.0.2.10",
    ),
    Case(
        "signed for a domain below, which has a policy of its own",
        row(
            "192.0.2.77",
            by="spf dkim",
            signed=["n1._domainkey.news.example.com pass"],
            path=["news.example.com pass"],
            author="news.example.com",
        ),
        ALIGNED,
        "ip4:192.0.2.77 of news.example.com",
        "SPF passes for news.example.com",
    ),
    # aligned by records that no policy has
    Case(
        "aligned by a key that the policy does not have",
        row(
            "203.0.113.85",
            by="dkim",
            signed=["k1._domainkey.example.com pass"],
            path=["mail.other.example pass"],
        ),
        UNKNOWN,
        None,
        "selector k1 of example.com, which the policy does not declare",
    ),
    Case(
        "aligned by a return path that the policy does not have",
        row(
            "203.0.113.85",
            by="spf",
            path=["mail.example.com pass"],
            author="mail.example.com",
            signed=["s._domainkey.mandrillapp.com pass"],
        ),
        UNKNOWN,
        "Mailchimp Transactional (Mandrill)",
        "SPF passes for mail.example.com, which the policy declares no sender for",
    ),
    # forwarders, lists, and keys in other hands
    Case(
        "a forwarder that keeps the return path",
        row("203.0.113.9", by="dkim", signed=[f"{MX} pass"], path=["example.com fail"]),
        FORWARDER,
        "server",
        "selector mx2026 of example.com, and SPF does not pass",
    ),
    Case(
        "a forwarder with its own return path",
        row("203.0.113.9", by="dkim", signed=[f"{MX} pass"], path=["alumni.example pass"]),
        FORWARDER,
        "server",
        "SPF does not pass",
        beside=(row("192.0.2.10", 1, by="spf dkim", signed=[f"{MX} pass"], path=[OURS]),),
    ),
    Case(
        "a host that sends more with our key than we do",
        row("203.0.113.9", 40, by="dkim", signed=[f"{MX} pass"], path=["example.com fail"]),
        ALIGNED,
        "server",
        "if not, its mail is signed with a key that others have: replace it",
        beside=(row("192.0.2.10", 30, by="spf dkim", signed=[f"{MX} pass"], path=[OURS]),),
    ),
    Case(
        "a host with our key that names itself ours",
        row(
            "203.0.113.9",
            by="dkim",
            signed=[f"{MX} pass"],
            path=["mx2.example.com fail helo", "example.com fail"],
        ),
        ALIGNED,
        "server",
        "if it is yours, list it in SPF",
    ),
    Case(
        "forwarded, and the receiver says so",
        row(
            "203.0.113.9",
            by="",
            path=["alumni.example pass"],
            said=[OverrideReason.TRUSTED_FORWARDER],
        ),
        FORWARDER,
        None,
        "the receiver says so",
    ),
    Case(
        "a mailing list, and the receiver says so",
        row("203.0.113.9", by="", signed=[f"{MX} fail"], said=[OverrideReason.MAILING_LIST]),
        MAILING_LIST,
        "server",
        "the receiver says so",
    ),
    Case(
        "a mailing list that breaks our signature",
        row(
            "203.0.113.9",
            by="",
            path=["lists.example.org pass"],
            signed=[f"{MX} fail", "d._domainkey.lists.example.org pass"],
        ),
        MAILING_LIST,
        "server",
        "lists.example.org sent it on",
    ),
    Case(
        "a broken signature of ours, and nothing else",
        row("203.0.113.9", by="", signed=[f"{MX} fail"], path=["example.com fail"]),
        UNKNOWN,
        None,
        "a signature of yours (mx2026) that does not hold",
    ),
    # declared, not aligned
    Case(
        "own host that does not sign, with another return path",
        row("192.0.2.10", by="", path=["other.example pass"]),
        NOT_ALIGNED,
        "server",
        "have the server sign with DKIM for example.com",
    ),
    Case(
        "own host whose signature breaks",
        row("192.0.2.10", by="", path=["other.example pass"], signed=[f"{MX} fail"]),
        NOT_ALIGNED,
        "server",
        "`mailauth-dns dkim check` compares the keys",
    ),
    Case(
        "own host that signs with a revoked key",
        row("198.51.100.3", by="", signed=["old._domainkey.example.com permerror"]),
        NOT_ALIGNED,
        "ip4:198.51.100.0/28",
        "selector old",
    ),
    Case(
        "a sender that signs for itself alone",
        row(
            "203.0.113.82",
            by="",
            signed=["x._domainkey.zendesk.com pass"],
            path=["zendesk.com pass"],
        ),
        NOT_ALIGNED,
        "zendesk",
        "switch on DKIM for example.com at Zendesk",
    ),
    Case(
        "a retired sender that goes on, unsigned",
        row("203.0.113.82", by="", path=["mail9.mcsv.net pass"]),
        NOT_ALIGNED,
        "mailchimp",
        "should send no more",
    ),
    # not declared
    Case(
        "a sender of the catalogue that the policy does not have",
        row("203.0.113.82", by="", path=["a.mandrillapp.com pass"]),
        UNKNOWN,
        "Mailchimp Transactional (Mandrill)",
        "the policy does not declare Mailchimp Transactional",
    ),
    Case(
        "a host of ours that the policy does not have",
        row("203.0.113.82", by="", path=["example.com fail"]),
        UNKNOWN,
        None,
        "cron.example.com, which is yours",
        hosts={"203.0.113.82": "cron.example.com"},
    ),
    Case(
        "a sender that is named and not proven",
        row("203.0.113.82", 500, by="", path=["a.mandrillapp.com fail"]),
        UNKNOWN,
        None,
        "names a sender and does not prove it",
    ),
    Case(
        "somebody who proves another name",
        row("203.0.113.82", 500, by="", path=["unheard.example pass"]),
        UNKNOWN,
        None,
        "mail of unheard.example, which nobody here knows",
    ),
    Case(
        "a stranger in one report",
        row("203.0.113.82", 500, by="", path=["example.com fail"]),
        UNKNOWN,
        None,
        "nothing tells whose it is",
    ),
    # not said
    Case(
        "nobody says whether it aligned",
        row("203.0.113.82", 500, by=None, path=["example.com fail"]),
        UNKNOWN,
        None,
        "the reporter does not say whether it aligned",
    ),
    Case(
        "nobody says whether mail of our own host aligned",
        row("192.0.2.10", by=None),
        UNKNOWN,
        "server",
        "the reporter does not say whether it aligned",
    ),
    Case(
        "no address, and aligned",
        row(None, 9, by="spf", path=["bounce.example.com pass"], sources=4),
        ALIGNED,
        "ses",
        "SPF passes",
    ),
    Case(
        "no address, and nothing aligned",
        row(None, 9, by="", sources=4),
        UNKNOWN,
        None,
        "nothing tells whose it is",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_row_is(case: Case, declared: Declared) -> None:
    by = judged(declared, case.row, *case.beside, hosts=case.hosts)
    assert (by.kind, by.sender) == (case.kind, case.sender), by
    assert case.words in f"{by.why} | {by.mend}"
