"""Mail that passed, or that somebody sent on: whose it is."""

from __future__ import annotations

from mailauth_dns.records.name import DomainName
from mailauth_dns.reports.aggregate import OverrideReason
from tests.evidence.reported import row
from tests.evidence.senders_of_mail import (
    ALIGNED,
    FORWARDER,
    MAILING_LIST,
    MX,
    OURS,
    UNKNOWN,
    Case,
)

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
        "several senders behind SPF, and the host gives itself a name of ours",
        row("203.0.113.81", by="spf", path=["mx9.example.com none helo", OURS]),
        ALIGNED,
        "mx",
        "SPF passes for example.com",
    ),
    Case(
        "several senders behind SPF, and nothing tells which",
        row("203.0.113.81", by="spf", path=[OURS]),
        ALIGNED,
        "zendesk or google or mx or include:_spf.sender.example",
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
]
