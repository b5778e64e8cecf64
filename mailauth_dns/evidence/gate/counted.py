"""Which reports count for a step, and what they say in numbers.

A report counts where it is about the policy from which the step goes. Nobody can then make evidence
by a report about something else, or about a time that has not been.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from mailauth_dns.evidence.evidence import Evidence, MailReport, Row, Window
from mailauth_dns.evidence.figures import count
from mailauth_dns.evidence.gate.ramp import Step
from mailauth_dns.evidence.sources.source_kind import AttributedRow, Attribution, SourceKind
from mailauth_dns.records.dmarc import Record, Testing
from mailauth_dns.records.name import DomainName
from mailauth_dns.reports.aggregate import AuthResult, PublishedPolicy

DAY = 86400  # seconds
DECLARED = (SourceKind.ALIGNED, SourceKind.NOT_ALIGNED)
_LONGEST = 8 * DAY  # of one report: some reporters send one a week


class Stream(NamedTuple):
    """Mail of one declared sender with one author domain; None where that is the policy's own.

    What sends for two domains may be right for one, and break all mail of the other.
    """

    sender: str
    author: DomainName | None = None

    def __str__(self) -> str:
        return self.sender if self.author is None else f"{self.sender} for {self.author}"


@dataclass(slots=True)
class Numbers:
    """Messages of one report that the step touches; the first three are by source.

    `declared`, `real` and `messages` are without regard to the step: those of declared senders,
    those that are no spoofs, and all.
    """

    aligned: dict[Stream, int] = field(default_factory=dict)
    failed: dict[Stream, int] = field(default_factory=dict)
    unknown: dict[str, int] = field(default_factory=dict)
    declared: int = 0
    real: int = 0
    messages: int = 0

    @property
    def streams(self) -> frozenset[Stream]:
        """The mail of declared senders that it has."""
        return frozenset((*self.aligned, *self.failed))


@dataclass(frozen=True, slots=True)
class Counted:
    """A report that counts, and its numbers."""

    window: Window
    numbers: Numbers


def counted(
    evidence: Evidence,
    rows: Iterable[AttributedRow],
    step: Step,
    today: date,
    since: date | None,
) -> tuple[tuple[Counted, ...], tuple[str, ...]]:
    """Return the reports that count, and in words why others do not.

    Reports that begin on the day `since`, or before, do not: DNS was another one.
    """
    numbers: dict[Window, Numbers] = {}
    for each in rows:
        _add(numbers.setdefault(each.window, Numbers()), each, evidence.domain, step)
    found, left_out = list[Counted](), dict[str, int]()
    for report in evidence.mail:
        why = _why_not(report, step.record_before, today, since)
        if why is not None:
            left_out[why] = left_out.get(why, 0) + 1
        else:
            found.append(Counted(report.window, numbers.get(report.window) or Numbers()))
    told = (f"{count(number, 'report')} {why}" for why, number in left_out.items())
    return tuple(found), tuple(told)


def name_of(row: Row, by: Attribution) -> str:
    """Return what a source is called: the sender, else its address."""
    return by.sender or row.source or "addresses that were not kept"


def stream_of(row: Row, by: Attribution, domain: DomainName) -> Stream:
    """Return which mail of a declared sender a row is, in the reports of a domain."""
    return Stream(name_of(row, by), row.author if row.author != domain else None)


def is_touched(row: Row, domain: DomainName, step: Step) -> bool:
    """Tell whether a step changes what becomes of a row's messages where they fail."""
    if row.author is None:
        return True
    return step.own if row.author == domain else step.below


def passes(each: AttributedRow, step: Step) -> bool:
    """Tell whether a row's messages pass DMARC after a step; what nobody said does not pass."""
    row = each.row
    if each.undone:
        return False
    if not step.strict:
        return row.aligned is True
    dkim, spf = row.dkim_aligned, row.spf_aligned
    if "adkim" in step.strict:
        dkim = any(one.result is AuthResult.PASS and one.domain == row.author for one in row.dkim)
    if "aspf" in step.strict:
        spf = any(
            one.result is AuthResult.PASS and not one.helo and one.domain == row.author
            for one in row.spf
        )
    return bool(dkim or spf)


def _add(numbers: Numbers, each: AttributedRow, domain: DomainName, step: Step) -> None:
    count, kind = each.row.count, each.by.kind
    numbers.messages += count
    if kind is not SourceKind.SPOOF:
        numbers.real += count
    if kind in DECLARED:
        numbers.declared += count
    if not is_touched(each.row, domain, step):
        return
    good = passes(each, step)
    if kind in DECLARED:
        streams = numbers.aligned if good else numbers.failed
        stream = stream_of(each.row, each.by, domain)
        streams[stream] = streams.get(stream, 0) + count
    elif each.undone or (kind is SourceKind.UNKNOWN and not good):
        # What still passes does so whoever sends it. Of what is gone, forwarded mail is no excuse.
        name = name_of(each.row, each.by)
        numbers.unknown[name] = numbers.unknown.get(name, 0) + count


def _why_not(
    report: MailReport, record: Record | None, today: date, since: date | None
) -> str | None:
    """Return why a report does not count, as the end of a sentence; None where it does."""
    window = report.window
    if not 0 < window.end - window.begin <= _LONGEST:
        return "of no time, or of more than eight days"
    midnight = datetime(today.year, today.month, today.day, tzinfo=UTC) + timedelta(days=1)
    if window.end > midnight.timestamp() + 1:
        return "of a time to come"
    if since is None or window.first_day <= since:
        return "from before the last change of DNS" if since else "while nobody knows how DNS was"
    if record is None or not is_about(report.published, record):
        return "of another policy than the one in force"
    return None


def is_about(published: PublishedPolicy, record: Record) -> bool:
    """Tell whether a report found a record; what it does not say is no difference.

    Where sp or np is not in the record, reporters fill in something, each in their own way.
    """
    said = (
        (published.p, record.effective_p),
        (published.sp, record.sp),
        (published.np, record.np),
        (published.adkim, record.effective_adkim),
        (published.aspf, record.effective_aspf),
    )
    if any(None not in pair and pair[0] is not pair[1] for pair in said):
        return False
    return published.testing is None or published.testing == (record.t is Testing.YES)
