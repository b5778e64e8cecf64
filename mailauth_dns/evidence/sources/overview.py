"""Evidence as people read it: a line for each source, for each reporter and for each day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from mailauth_dns.evidence.evidence import Evidence, Row, Window
from mailauth_dns.evidence.sources.relays import network_of
from mailauth_dns.evidence.sources.source_kind import AttributedRow, Attribution, SourceKind
from mailauth_dns.records.name import DomainName
from mailauth_dns.reports.aggregate import Disposition, PublishedPolicy

NOT_KEPT = "addresses that were not kept"


@dataclass(slots=True)
class Tally:
    """Messages: all, those that passed DMARC, those that aligned by one way, and by nobody's word.

    `refused` are those that receivers put aside or rejected.
    """

    messages: int = 0
    aligned: int = 0
    dkim: int = 0
    spf: int = 0
    unsaid: int = 0
    refused: int = 0

    def add(self, row: Row) -> None:
        """Count a row in."""
        self.messages += row.count
        self.aligned += row.count * (row.aligned is True)
        self.dkim += row.count * (row.dkim_aligned is True)
        self.spf += row.count * (row.spf_aligned is True)
        self.unsaid += row.count * (row.aligned is None)
        put_aside = (Disposition.QUARANTINE, Disposition.REJECT)
        self.refused += row.count * (row.disposition in put_aside)


@dataclass(slots=True)
class SourceLine:
    """All mail of one sender, or of one network where nobody knows whose it is.

    `places` are the networks and addresses that it comes from, with their messages. `why` and
    `mend` are each said of so many messages.
    """

    kind: SourceKind
    name: str
    is_sender: bool
    tally: Tally = field(default_factory=Tally)
    places: Counter[str] = field(default_factory=Counter)
    counted: int = 0  # addresses that were not kept
    days: set[date] = field(default_factory=set)
    reporters: Counter[str] = field(default_factory=Counter)
    why: Counter[str] = field(default_factory=Counter)
    mend: Counter[str] = field(default_factory=Counter)

    @property
    def addresses(self) -> int:
        """How many addresses it comes from."""
        return len(self.places) + self.counted


@dataclass(slots=True)
class ReporterLine:
    """What one reporter saw."""

    reporter: str
    reports: int = 0
    days: set[date] = field(default_factory=set)
    tally: Tally = field(default_factory=Tally)


@dataclass(frozen=True, slots=True)
class Overview:
    """The evidence of one domain. `sources` come by kind, and most messages first.

    `published` is the policy that the newest report found.
    """

    domain: DomainName
    reports: int
    first: date | None
    last: date | None
    tally: Tally
    sources: tuple[SourceLine, ...]
    reporters: tuple[ReporterLine, ...]
    days: Mapping[date, Counter[SourceKind]]
    published: PublishedPolicy | None

    def messages(self, *kinds: SourceKind) -> int:
        """Return how many messages are of these kinds."""
        return sum(line.tally.messages for line in self.sources if line.kind in kinds)


def overview(
    evidence: Evidence,
    rows: Iterable[AttributedRow],
    hosts: Mapping[str, DomainName],
    since: date | None,
) -> Overview:
    """Return what reports say that begin on the day `since`, in UTC, or later."""
    reports = [each for each in evidence.mail if since is None or day_of(each.window) >= since]
    reporters: dict[str, ReporterLine] = {}
    days: dict[date, Counter[SourceKind]] = {}
    for report in reports:
        line = _reporter(reporters, report.window)
        line.reports += 1
        line.days.add(day_of(report.window))
        days.setdefault(day_of(report.window), Counter())
    whole, sources = Tally(), dict[tuple[SourceKind, str], SourceLine]()
    for each in rows:
        day = day_of(each.window)
        if since is None or day >= since:
            whole.add(each.row)
            _reporter(reporters, each.window).tally.add(each.row)
            days[day][each.by.kind] += each.row.count
            _add(_source(sources, each.row, each.by, hosts), each)
    order = list(SourceKind)
    newest = max(reports, key=lambda report: report.window.end, default=None)
    return Overview(
        evidence.domain,
        len(reports),
        min(days, default=None),
        max(days, default=None),
        whole,
        tuple(
            sorted(
                sources.values(),
                key=lambda line: (order.index(line.kind), -line.tally.messages, line.name),
            )
        ),
        tuple(sorted(reporters.values(), key=lambda line: (-line.tally.messages, line.reporter))),
        dict(sorted(days.items())),
        newest.published if newest is not None else None,
    )


def day_of(window: Window) -> date:
    """Return the day on which a report begins, in UTC."""
    return datetime.fromtimestamp(window.begin, UTC).date()


def _reporter(found: dict[str, ReporterLine], window: Window) -> ReporterLine:
    return found.setdefault(window.reporter, ReporterLine(window.reporter))


def _source(
    found: dict[tuple[SourceKind, str], SourceLine],
    row: Row,
    by: Attribution,
    hosts: Mapping[str, DomainName],
) -> SourceLine:
    name = by.sender or _place(row, hosts)
    key = (by.kind, name)
    if key not in found:
        found[key] = SourceLine(by.kind, name, by.sender is not None)
    return found[key]


def _place(row: Row, hosts: Mapping[str, DomainName]) -> str:
    """Return where mail comes from that is nobody's: the hosts' domain, or the network."""
    host = hosts.get(row.source) if row.source is not None else None
    if host is None:
        return network_of(row) or NOT_KEPT
    above = host.partition(".")[2]
    return above if "." in above else host


def _add(line: SourceLine, each: AttributedRow) -> None:
    row = each.row
    line.tally.add(row)
    if row.source is not None:
        line.places[row.source] += row.count
    else:
        line.counted += row.sources
    line.days.add(day_of(each.window))
    line.reporters[each.window.reporter] += row.count
    line.why[each.by.why] += row.count
    if each.by.mend is not None:
        line.mend[each.by.mend] += row.count
