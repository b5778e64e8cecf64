"""Whose mail it is: a table of rows, and what they are with which policy."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from ipaddress import ip_network

import pytest

from mailauth_dns.evidence.attribution import attributed
from mailauth_dns.evidence.declared_sources import Declared, declared_of
from mailauth_dns.evidence.evidence import Row
from mailauth_dns.evidence.source_kind import Attribution, SourceKind
from mailauth_dns.policy.load import load_repo
from mailauth_dns.policy.spf_lock import Lock
from mailauth_dns.records.addresses import addresses_of
from mailauth_dns.records.name import DomainName
from mailauth_dns.reports.aggregate import OverrideReason
from tests.conftest import RepoFolder
from tests.evidence.reported import DOMAIN, evidence, report, row
from tests.policy.locks import locked_name
from tests.senders.mailers import with_mailers

TODAY = date(2026, 3, 1)
KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
# Everybody who may send, in one policy; `posthog` sends over the hosts of `ses`.
POLICY = f"""
domain: example.com
senders:
  server: {{ip: [192.0.2.10, "2001:db8::/48"], dkim: [mx2026]}}
  zendesk: {{}}
  box: {{}}
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


BOX = DomainName("_spf.box.example")  # its networks are in the lock


@pytest.fixture
def declared(repo: RepoFolder) -> Declared:
    with_mailers(repo)
    repo.policy(POLICY)
    repo.policy(BELOW, "news")
    loaded = load_repo(repo.root, today=TODAY)
    held = locked_name(BOX, addresses_of([ip_network("198.51.100.192/26")]))
    [policy] = loaded.of([DOMAIN])
    return declared_of(replace(loaded, lock=Lock({BOX: held})), policy)


@dataclass(frozen=True)
class Case:
    """A row, what it is, and words of the reason or of what to mend."""

    title: str
    row: Row
    kind: SourceKind
    sender: str | None
    words: str
    beside: tuple[Row, ...] = ()
    hosts: dict[str, DomainName] = field(default_factory=dict)
    strict: bool = False

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
        hosts={"203.0.113.81": DomainName("out7.zendesk.com")},
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
        "SPF passes for mail.example.com, and the policy lists no such host",
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
        "others have your key: replace it",
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
        "`dkim check example.com` says whether DNS has the key",
    ),
    Case(
        "own host that signs with a revoked key",
        row("198.51.100.3", by="", signed=["old._domainkey.example.com permerror"]),
        NOT_ALIGNED,
        "ip4:198.51.100.0/28",
        "selector old, which is revoked in the policy",
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
    # strict alignment
    Case(
        "a return path below the domain, where alignment is strict",
        row("203.0.113.80", by="", path=["bounce.example.com pass"]),
        NOT_ALIGNED,
        "ses",
        "aspf: s asks for example.com itself: have it sign with DKIM",
        strict=True,
    ),
    Case(
        "a signature for a domain below, where alignment is strict",
        row("203.0.113.80", by="", signed=["n1._domainkey.news.example.com pass"]),
        NOT_ALIGNED,
        "selector n1 of news.example.com",
        "adkim: s asks for example.com itself",
        strict=True,
    ),
    Case(
        "a reporter that contradicts itself",
        row("203.0.113.80", by="", path=["bounce.example.com pass"], signed=[f"{MX} pass"]),
        UNKNOWN,
        "server",
        "one of the two is wrong",
    ),
    # hosts that many use
    Case(
        "a host of a sender, and mail of another customer",
        row("198.51.100.200", by="", path=["other.example pass"]),
        UNKNOWN,
        None,
        "SPF lists 198.51.100.200 for box, which sends for others too",
    ),
    Case(
        "a host of a sender, and mail that the sender signs",
        row(
            "198.51.100.200",
            by="",
            path=["other.example pass"],
            signed=["x._domainkey.box.example pass"],
        ),
        NOT_ALIGNED,
        "box",
        "the policy has no DKIM key for it: give `senders.box.p`. In the console",
    ),
    Case(
        "a host of a sender, and nothing is proven",
        row("198.51.100.200", by="", path=["example.com none"]),
        NOT_ALIGNED,
        "box",
        "the policy has no DKIM key",
    ),
    Case(
        "forwarded by a sender, as the receiver says",
        row("198.51.100.200", by="", path=["other.example pass"], said=[OverrideReason.FORWARDED]),
        FORWARDER,
        None,
        "the receiver says so",
    ),
    Case(
        "forwarded by a service for that",
        row("203.0.113.90", by="", path=["srs.improvmx.com pass"]),
        FORWARDER,
        "ImprovMX",
        "ImprovMX passes mail on",
    ),
    Case(
        "signed mail that came through a gateway",
        row("203.0.113.91", by="", path=["us.barracudanetworks.com pass"], signed=[f"{MX} fail"]),
        FORWARDER,
        "Barracuda Email Gateway Defense",
        "passes mail on",
    ),
    Case(
        "unsigned mail that came through a gateway",
        row("203.0.113.91", by="", path=["us.barracudanetworks.com pass"]),
        UNKNOWN,
        "Barracuda Email Gateway Defense",
        "the policy does not declare Barracuda Email",
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
        hosts={"203.0.113.82": DomainName("cron.example.com")},
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
    there = evidence(report(case.row, *case.beside, strict=case.strict))
    by = attributed(there, declared, case.hosts)[0].by
    assert (by.kind, by.sender) == (case.kind, case.sender), by
    assert case.words in f"{by.why} | {by.mend}"


# A policy whose addresses files tell, all of them; `letters` signs, and nobody knows its hosts.
CLOSED = f"""
domain: example.com
spf: {{terms: ["ip4:192.0.2.10"], all: fail}}
dkim:
  selectors:
    mx2026: {{p: {KEY}, k: ed25519}}
    l1: {{cname: l1.letters.example}}
"""
L1 = ["l1._domainkey.example.com pass"]


def in_closed(repo: RepoFolder, *rows: Row) -> list[Attribution]:
    repo.policy(CLOSED)
    loaded = load_repo(repo.root)
    there = evidence(report(*rows))
    return [each.by for each in attributed(there, declared_of(loaded, loaded.policies[0]))]


def test_a_host_that_spf_named_once_is_not_taken_for_one_that_it_names_now(
    repo: RepoFolder,
) -> None:
    [by] = in_closed(repo, row("203.0.113.9", by="spf", path=[OURS]))
    assert (by.kind, by.sender) == (UNKNOWN, None)
    assert by.why == "SPF passes for example.com, and the policy lists no such host"


def test_the_way_by_which_most_mail_of_a_sender_comes_is_its_own(repo: RepoFolder) -> None:
    """Nobody lists the hosts of this sender, and no forwarder has more than half of its mail."""
    own, forwarded = in_closed(
        repo,
        row("203.0.113.9", 60, by="dkim", signed=L1, path=["bounce.unheard.example pass"]),
        row("198.51.100.9", 50, by="dkim", signed=L1, path=["alumni.example pass"]),
    )
    assert (own.kind, own.sender, own.mend) == (ALIGNED, "selector l1", None)
    assert (forwarded.kind, forwarded.sender) == (FORWARDER, "selector l1")


def test_with_our_own_key_and_no_host_of_ours_all_is_forwarded(repo: RepoFolder) -> None:
    [by] = in_closed(
        repo, row("203.0.113.9", 60, by="dkim", signed=[f"{MX} pass"], path=["alumni.example pass"])
    )
    assert (by.kind, by.sender) == (FORWARDER, "selector mx2026")


def test_a_parked_domain_declares_nobody(repo: RepoFolder) -> None:
    repo.policy("domain: example.com\nparked: true\n")
    loaded = load_repo(repo.root)
    assert declared_of(loaded, loaded.policies[0]).sources == ()
