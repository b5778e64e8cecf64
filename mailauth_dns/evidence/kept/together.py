"""Reports about a domain as its evidence: each once, in order."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TypeVar

from mailauth_dns.evidence.evidence import Evidence, MailReport, SessionReport, Window
from mailauth_dns.evidence.kept.evidence_lines import line_of
from mailauth_dns.records.name import DomainName

AnyReport = MailReport | SessionReport
_R = TypeVar("_R", MailReport, SessionReport)


def together(domain: DomainName, reports: Iterable[AnyReport]) -> Evidence:
    """Return the evidence that reports make, whatever their order.

    Of two with the same reporter, time and id, the one that says less good of the mail stays: a
    false report can hold a step back, and never bring one on.
    """
    mail: dict[Window, MailReport] = {}
    sessions: dict[Window, SessionReport] = {}
    for report in reports:
        if isinstance(report, MailReport):
            _put(domain, mail, report)
        else:
            _put(domain, sessions, report)
    return Evidence(
        domain, tuple(sorted(mail.values(), key=rank)), tuple(sorted(sessions.values(), key=rank))
    )


def _put(domain: DomainName, found: dict[Window, _R], report: _R) -> None:
    before = found.get(report.window)
    if before is None or (before != report and worse(domain, report) > worse(domain, before)):
        found[report.window] = report


def worse(domain: DomainName, report: AnyReport) -> tuple[int, int, int, str]:
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


def rank(report: AnyReport) -> tuple[date, str, str, int, int]:
    """Return the place of a report in the order of evidence: by day, reporter and id."""
    window = report.window
    return (window.first_day, window.reporter, window.id, window.begin, window.end)
