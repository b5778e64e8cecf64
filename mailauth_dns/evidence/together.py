"""Reports about a domain as its evidence: each once, in order."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import TypeVar

from mailauth_dns.evidence.evidence import Evidence, MailReport, SessionReport, Window
from mailauth_dns.evidence.evidence_lines import line_of
from mailauth_dns.records.name import DomainName
from mailauth_dns.reports.aggregate import PublishedPolicy

AnyReport = MailReport | SessionReport
_R = TypeVar("_R", MailReport, SessionReport)
Identity = tuple[Window, PublishedPolicy | None]


def together(domain: DomainName, reports: Iterable[AnyReport]) -> Evidence:
    """Return the evidence that reports make, whatever their order.

    Of two with the same identity, the one that says less good of the mail stays.
    """
    mail: dict[Identity, MailReport] = {}
    sessions: dict[Identity, SessionReport] = {}
    for report in reports:
        if isinstance(report, MailReport):
            _put(domain, mail, report)
        else:
            _put(domain, sessions, report)
    return Evidence(
        domain,
        tuple(sorted(mail.values(), key=rank)),
        tuple(sorted(sessions.values(), key=rank)),
    )


def _put(domain: DomainName, found: dict[Identity, _R], report: _R) -> None:
    before = found.get(identity(report))
    if before is None or (before != report and _worse(domain, report) > _worse(domain, before)):
        found[identity(report)] = report


def identity(report: AnyReport) -> Identity:
    """Return what makes two reports the same one.

    That is more than their id. A false report can have the id of a true one, and must not take its
    place under another name, or with a policy that makes it count for nothing.
    """
    return (report.window, report.published if isinstance(report, MailReport) else None)


def _worse(domain: DomainName, report: AnyReport) -> tuple[int, int, int, str]:
    """Return how little good a report says, so that no two have the same."""
    if isinstance(report, MailReport):
        counts: dict[bool | None, int] = {True: 0, False: 0, None: 0}
        for row in report.rows:
            counts[row.aligned] += row.count
        said = (counts[False], counts[None], -counts[True])
    else:
        secured = sum(each.successful for each in report.policies)
        said = (sum(each.failed for each in report.policies), 0, -secured)
    return (*said, line_of(domain, report))


def rank(report: AnyReport) -> tuple[object, ...]:
    """Return the place of a report in the order of evidence: by day, reporter and id."""
    window = report.window
    tags: tuple[str, ...] = ()
    if isinstance(report, MailReport):
        found = report.published
        tags = tuple(
            str(tag)
            for tag in (
                found.p, found.sp, found.np, found.adkim, found.aspf, found.psd, found.testing,
                found.discovery, found.fo, found.pct,
            )
        )  # fmt: skip
    return (first_day(window), window.reporter, window.id, window.begin, window.end, tags)


def first_day(window: Window) -> date:
    """Return the day on which the time of a report begins, UTC."""
    return datetime.fromtimestamp(window.begin, UTC).date()


def last_day(window: Window) -> date:
    """Return the day on which it ends."""
    # Many reporters end with the first second of the next day.
    return datetime.fromtimestamp(max(window.end - 1, window.begin), UTC).date()
