"""What `reports read` found, as text and as JSON data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from rich.text import Text

from mailauth_dns.evidence.kept.kept_files import KeptFiles
from mailauth_dns.render import evidence_kept
from mailauth_dns.render.json_data import FORMAT
from mailauth_dns.render.terminal_text import count, styled
from mailauth_dns.reports.containers import PassedOver, Unread
from mailauth_dns.reports.read_reports import Outcome, ReadAggregate, ReadTls, Repeated
from mailauth_dns.reports.reporter import Reporter
from mailauth_dns.reports.tally import Tally
from mailauth_dns.reports.tolerated import Odd

_SHOWN = 20  # files that are named of those that are no reports
_ALIKE = 3  # reports that are named of those with the same problem

Read = ReadAggregate[Tally] | ReadTls


@dataclass
class _Row:
    """What one reporter said of one domain."""

    reports: int = 0
    last_added: Reporter | None = None
    first: str = "9999"
    last: str = ""
    counts: list[int] = field(default_factory=lambda: [0, 0, 0])

    def add(self, reporter: Reporter, *counts: int) -> None:
        # A TLS report has several policies for a domain, one behind the other.
        self.reports += reporter is not self.last_added
        self.last_added = reporter
        self.first = min(self.first, reporter.first_day)
        self.last = max(self.last, reporter.last_day)
        self.counts = [one + other for one, other in zip(self.counts, counts, strict=True)]

    @property
    def days(self) -> str:
        return self.first if self.first == self.last else f"{self.first} to {self.last}"


class ReadSummary:
    """What a run read, added up by domain and reporter; it grows with these and not with mail."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str, bool], _Row] = {}
        self._told: dict[tuple[str, Odd], tuple[str, int]] = {}
        self.unread: list[Unread | Repeated[Tally]] = []
        self._others: list[PassedOver] = []
        self.read = self.repeated = 0

    def add(self, outcome: Outcome[Tally]) -> None:
        """Count one outcome in."""
        match outcome:
            case ReadAggregate(report=report, value=tally):
                row = self._row(report.policy.domain, report.reporter.org, tls=False)
                row.add(report.reporter, tally.aligned, tally.not_aligned, tally.unknown)
                self._count(outcome)
            case ReadTls(report=report):
                for policy in report.policies:
                    row = self._row(policy.domain or "", report.reporter.org, tls=True)
                    row.add(report.reporter, policy.successful, policy.failed, 0)
                self._count(outcome)
            case Repeated(same=True):
                self.repeated += 1
            case Repeated() | Unread():
                self.unread.append(outcome)
            case PassedOver():
                self._others.append(outcome)

    def _row(self, domain: str, org: str, *, tls: bool) -> _Row:
        return self._rows.setdefault((domain, org, tls), _Row())

    def _count(self, outcome: Read) -> None:
        self.read += 1
        for each in outcome.told:
            kind = (outcome.report.reporter.org, each.odd)
            first, number = self._told.get(kind, (f"{outcome.place}: {each}", 0))
            self._told[kind] = (first, number + 1)

    @property
    def domains(self) -> list[str]:
        """The domains that reports were about."""
        return sorted({domain for domain, _, _ in self._rows if domain})

    @property
    def found(self) -> bool:
        """Whether there was a report, be it one that cannot be read."""
        return bool(self.read or self.repeated or self.unread)

    def lines(self) -> Iterator[Text]:
        """Yield the lines for people."""
        domain = None
        for (of, org, tls), row in sorted(self._rows.items()):
            if of != domain:
                yield styled(0, (of or "without a domain", "bold"))
                domain = of
            yield styled(2, *_said(org or "nobody", row, tls=tls))
        yield from evidence_kept.section("Tolerated", self._tolerated(), "yellow")
        yield from evidence_kept.section("Not counted", self._not_counted(), "red")
        named = [f"{each.place}: {each.what}" for each in self._others[:_SHOWN]]
        more = len(self._others) - len(named)
        yield from evidence_kept.section(
            "Passed over", [*named, *([f"and {more} more"] if more else [])], "dim"
        )
        yield Text(self._total())

    def _tolerated(self) -> Iterator[str]:
        """Yield what each reporter gets wrong: most do so every day."""
        for (org, _), (first, number) in self._told.items():
            yield first + (f"; {number} reports of {org or 'nobody'} do so" if number > 1 else "")

    def _not_counted(self) -> Iterator[str]:
        """Yield what was wrong; the same problem of many reports is told with their number."""
        alike: dict[str | None, list[Unread | Repeated[Tally]]] = {}
        for each in self.unread:
            alike.setdefault(each.why if isinstance(each, Unread) else None, []).append(each)
        for found in alike.values():
            yield from (f"{each.place}: {_problem(each)}" for each in found[:_ALIKE])
            if more := len(found[_ALIKE:]):
                yield f"and {count(more, 'report')} more with this problem"

    def _total(self) -> str:
        parts = [f"Read {count(self.read, 'report')}"]
        parts += [f"{self.repeated} repeated"] if self.repeated else []
        parts += [f"{len(self.unread)} not counted"] if self.unread else []
        return "; ".join(parts)


def _said(org: str, row: _Row, *, tls: bool) -> Sequence[str | tuple[str, str]]:
    good, bad, unknown = row.counts
    total = good + bad + unknown
    noun, fared = ("session", "secured") if tls else ("message", "aligned")
    head = f"{org}: {count(row.reports, 'TLS report' if tls else 'report')}, {row.days}: "
    if not total:
        return (head, f"no {noun}s")
    # Never rounded up to a hundred: that is what a step of the policy waits for.
    share = f"{good * 1000 // total / 10:g} %"
    tail = f", {unknown} unknown" if unknown else ""
    return (head, f"{count(total, noun)}, ", (f"{share} {fared}", "red" if bad else "green"), tail)


def _problem(found: Unread | Repeated[Tally]) -> str:
    if isinstance(found, Unread):
        return found.why
    return f"says something else than {found.first}, which is the same report by its id"


class ReadDocument:
    """What a run read, report by report, as JSON data."""

    def __init__(self) -> None:
        self._reports: list[dict[str, Any]] = []
        self._repeated: list[dict[str, Any]] = []
        self._unread: list[dict[str, Any]] = []
        self._others: list[dict[str, Any]] = []

    def add(self, outcome: Outcome[Tally]) -> None:
        """Take one outcome in."""
        match outcome:
            case ReadAggregate() | ReadTls():
                self._reports.append(_report(outcome))
            case Repeated(place=place, first=first, same=True):
                self._repeated.append({"place": place, "first": first})
            case Repeated() | Unread():
                self._unread.append({"place": outcome.place, "problem": _problem(outcome)})
            case PassedOver(place=place, what=what):
                self._others.append({"place": place, "what": what})

    def data(self, kept: KeptFiles | None) -> dict[str, Any]:
        """Return the document; `kept` is what became of the files of evidence."""
        return {
            "format": FORMAT,
            "read": len(self._reports),
            "reports": self._reports,
            "repeated": self._repeated,
            "not_counted": self._unread,
            "passed_over": self._others,
            "evidence": None if kept is None else evidence_kept.data(kept),
        }


def _report(outcome: Read) -> dict[str, Any]:
    reporter = outcome.report.reporter
    return {
        "place": outcome.place,
        "kind": "dmarc" if isinstance(outcome, ReadAggregate) else "tls",
        "org": reporter.org,
        "org_domain": reporter.domain,
        "id": reporter.report_id,
        "begin": _time(reporter.begin),
        "end": _time(reporter.end),
        **(_aggregate(outcome) if isinstance(outcome, ReadAggregate) else _tls(outcome)),
        "tolerated": [
            {"code": each.code, "text": str(each), "times": each.times} for each in outcome.told
        ],
    }


def _aggregate(outcome: ReadAggregate[Tally]) -> dict[str, Any]:
    policy, tally = outcome.report.policy, outcome.value
    return {
        "domains": [policy.domain],
        "policy": {
            "p": policy.p,
            "sp": policy.sp,
            "np": policy.np,
            "adkim": policy.adkim,
            "aspf": policy.aspf,
            "psd": policy.psd,
            "testing": policy.testing,
            "discovery": policy.discovery,
            "fo": policy.fo,
            "pct": policy.pct,
        },
        "records": tally.records,
        "messages": {
            "aligned": tally.aligned,
            "not_aligned": tally.not_aligned,
            "unknown": tally.unknown,
        },
        "sessions": None,
    }


def _tls(outcome: ReadTls) -> dict[str, Any]:
    policies = outcome.report.policies
    return {
        "domains": list(outcome.report.domains),
        "policy": None,
        "records": sum(len(each.failures) for each in policies),
        "messages": None,
        "sessions": {
            "successful": sum(each.successful for each in policies),
            "failed": sum(each.failed for each in policies),
        },
    }


def _time(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
