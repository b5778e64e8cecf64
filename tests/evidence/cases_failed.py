"""Mail that did not pass, or of which nobody says so: whose it is."""

from __future__ import annotations

from mailauth_dns.records.name import DomainName
from mailauth_dns.reports.aggregate import OverrideReason
from tests.evidence.reported import row
from tests.evidence.senders_of_mail import (
    ALIGNED,
    FORWARDER,
    MX,
    NOT_ALIGNED,
    OURS,
    UNKNOWN,
    Case,
)

CASES = [
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
    # two senders on the same hosts
    Case(
        "one of two senders on the same hosts, told by its key",
        row(
            "198.51.100.200",
            by="spf dkim",
            signed=["parcel._domainkey.example.com pass"],
            path=[OURS],
        ),
        ALIGNED,
        "parcel",
        "SPF passes for example.com",
    ),
    Case(
        "one of two senders on the same hosts, and nothing tells which",
        row("198.51.100.200", by="spf", path=[OURS]),
        ALIGNED,
        "box or parcel",
        "SPF passes for example.com",
    ),
    Case(
        "one of two senders on the same hosts, and it does not align",
        row("198.51.100.200", by="", path=["bounce.box.example pass"]),
        NOT_ALIGNED,
        "box or parcel",
        "if it is box, the policy has no DKIM key for it: give `senders.box.p`. In the console.; "
        "if it is parcel, switch on DKIM for example.com at Parcel",
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
        "SPF lists 198.51.100.200 for box or parcel, which sends for others too",
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
        "box or parcel",
        "if it is box, the policy has no DKIM key for it",
    ),
    Case(
        "a host of a sender, and nothing is proven",
        row("198.51.100.200", by="", path=["example.com none"]),
        NOT_ALIGNED,
        "box or parcel",
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
