"""Thirty days of reports, made as reporters make them and read as they are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from mailauth_dns.evidence.evidence import Evidence, MailReport
from mailauth_dns.evidence.kept.fold import short
from mailauth_dns.records.dmarc import Policy
from mailauth_dns.records.name import DomainName
from mailauth_dns.reports.aggregate import (
    AuthResult,
    Disposition,
    DkimResult,
    Override,
    OverrideReason,
    PublishedPolicy,
    Record,
    Report,
    SpfResult,
)
from mailauth_dns.reports.reporter import Reporter

DOMAIN = DomainName("example.com")
FIRST = date(2026, 11, 1)  # of the thirty days; reports of a day come on the next
DAY = 86400

POLICY = """
domain: example.com
senders:
  office: {sender: server, ip: [192.0.2.10], dkim: [mx2026]}
  shop: {sender: server, ip: [192.0.2.20], dkim: [shop2026]}
dkim:
  selectors:
    mx2026: {p: 11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=, k: ed25519}
    shop2026: {p: 11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=, k: ed25519}
spf: {all: fail}
dmarc: {p: none, rua: ["mailto:dmarc@example.com"]}
"""


@dataclass(frozen=True)
class Mail:
    """How one kind of mail looks to a receiver; without `signed` by us, without `spf` not from our return path."""

    source: str
    signed: str | None = None  # our selector
    holds: bool = True  # the signature
    spf: str = ""  # the domain that SPF passes for
    author: str = DOMAIN
    said: OverrideReason | None = None

    def record(self, count: int, source: str | None = None) -> Record:
        signature = AuthResult.PASS if self.holds else AuthResult.FAIL
        path = DomainName(self.spf or DOMAIN)
        passed = AuthResult.PASS if self.spf else AuthResult.FAIL
        return Record(
            source=source or self.source,
            count=count,
            disposition=Disposition.NONE,
            dkim_aligned=self.signed is not None and self.holds,
            spf_aligned=self.spf == DOMAIN,
            overrides=(Override(self.said),) if self.said else (),
            header_from=DomainName(self.author),
            envelope_from=path,
            dkim=(DkimResult(DOMAIN, self.signed, signature),) if self.signed else (),
            spf=(SpfResult(path, passed),),
        )


MAIL: Mapping[str, Mail] = {
    "office": Mail("192.0.2.10", signed="mx2026", spf=DOMAIN),
    "shop": Mail("192.0.2.20", signed="shop2026", spf=DOMAIN),
    "shop_unsigned": Mail("192.0.2.20", spf="shop.example.net"),
    "forgotten": Mail("203.0.113.80"),  # a server that nobody remembers
    "forwarded": Mail("203.0.113.30", signed="mx2026", spf="forward.example.org"),
    "listed": Mail(
        "203.0.113.40",
        signed="mx2026",
        holds=False,
        spf="lists.example.org",
        said=OverrideReason.MAILING_LIST,
    ),
    "news": Mail("192.0.2.10", signed="mx2026", spf=DOMAIN, author="news.example.com"),
    "news_unsigned": Mail("192.0.2.20", spf="shop.example.net", author="news.example.com"),
    "news_forgotten": Mail("203.0.113.80", author="news.example.com"),
    "spoofed": Mail("198.51.100.0"),  # each from another network
}


def days(first: int, last: int | None = None) -> range:
    """Return days of November: one, or all up to the last."""
    return range(first, (first if last is None else last) + 1)


def reports(
    when: Iterable[int],
    reporter: str,
    mail: Mapping[str, int],
    *,
    p: Policy = Policy.NONE,
    hours: int = 24,
    at: int = 0,
) -> Iterator[MailReport]:
    """Yield reports of a reporter on these days of November: each of so many hours from the hour `at`.

    `mail` are messages a report, by what they are in `MAIL`. Days may go on into December.
    """
    start = int(datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC).timestamp())
    for day in when:
        for hour in range(at, at + 24 if hours < 24 else at + 1, hours):
            begin = start + (day - 1) * DAY + hour * 3600
            end = begin + hours * 3600 - 1
            about = Reporter(reporter, DomainName(reporter), f"{begin}", begin, end)
            report = Report(about, PublishedPolicy(DOMAIN, p))
            yield short(report, _records(day, mail))


def _records(day: int, mail: Mapping[str, int]) -> Iterator[Record]:
    for name, count in mail.items():
        if name == "spoofed":
            for number in range(count // 10):
                yield MAIL[name].record(10, f"198.51.{number % 200}.{day}")
        elif count:
            yield MAIL[name].record(count)


def history(*parts: Iterable[MailReport]) -> Evidence:
    """Return the evidence that these reports come to."""
    found = sorted(
        (each for part in parts for each in part),
        key=lambda each: (each.window.begin, each.window.reporter, each.window.id),
    )
    return Evidence(DOMAIN, tuple(found))


def moved(report: MailReport, later: int) -> MailReport:
    """Return a report of so many days later."""
    old = report.window
    new = replace(old, begin=old.begin + later * DAY, end=old.end + later * DAY)
    return replace(report, window=new)
