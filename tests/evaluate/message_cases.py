"""Messages for tests, and the DNS that they are judged by."""

from __future__ import annotations

from dataclasses import replace

from mailauth_dns.evaluate.dkim_key import DkimCheck, DkimResult
from mailauth_dns.evaluate.message import Message
from mailauth_dns.records.name import DomainName

SETS: dict[str, str | list[str]] = {
    "example.com TXT": "v=spf1 ip4:192.0.2.10 -all",
    "example.com MX": "10 mx.example.com.",
    "mx.example.com A": "192.0.2.10",
    "mx.example.com TXT": "v=spf1 a -all",
    "bounce.example.com TXT": "v=spf1 ip4:192.0.2.10 ~all",
    "news.example.com A": "192.0.2.1",
    "_dmarc.example.com TXT": "v=DMARC1; p=quarantine; sp=none; np=reject",
    "strict.example TXT": "v=spf1 ip4:192.0.2.10 -all",
    "_dmarc.strict.example TXT": "v=DMARC1; p=reject; adkim=s; aspf=s",
    "_dmarc.strictdkim.example TXT": "v=DMARC1; p=reject; adkim=s",
    "_dmarc.strictspf.example TXT": "v=DMARC1; p=reject; aspf=s",
    "m.strictdkim.example TXT": "v=spf1 ip4:192.0.2.10 -all",
    "m.strictspf.example TXT": "v=spf1 ip4:192.0.2.10 -all",
    "bounce.strict.example TXT": "v=spf1 ip4:192.0.2.10 -all",
    "sender.example TXT": "v=spf1 ip4:192.0.2.10 -all",
    "open.example TXT": "v=spf1 ip4:192.0.2.10 -all",
    "trial.example TXT": "v=spf1 -all",
    "_dmarc.trial.example TXT": "v=DMARC1; p=reject; t=y",
    "broken.example TXT": "v=spf1 nonsense",
    "_dmarc.broken.example TXT": "v=DMARC1; p=rejct",
    "_dmarc.xn--bcher-kva.example TXT": "v=DMARC1; p=reject",
    "_dmarc.two.example TXT": ["v=DMARC1; p=none", "v=DMARC1; p=reject"],
}


def signed(d: str, result: DkimResult = DkimResult.PASS, reason: str | None = None) -> DkimCheck:
    return DkimCheck(DomainName(d), "s1", result, reason)


OURS = Message(
    ("alice@example.com",),
    "alice@example.com",
    "mx.example.com",
    "192.0.2.10",
    (signed("example.com"),),
)
UNSIGNED = replace(OURS, dkim=())
SPOOF = replace(UNSIGNED, ip="203.0.113.66", helo="evil.example")
FORWARDED = replace(OURS, ip="203.0.113.5", mail_from="list@sender.example")


def of(*header_from: str) -> Message:
    """Return a spoof of these addresses."""
    return replace(
        SPOOF, header_from=header_from, mail_from=header_from[0] if header_from else "x@example.com"
    )


def both(domain: str) -> Message:
    """Return mail of a domain that passes SPF and DKIM for a name below it."""
    return replace(
        OURS, header_from=(f"a@{domain}",), mail_from=f"a@m.{domain}", dkim=(signed(f"m.{domain}"),)
    )
