"""What becomes of a domain's evidence when reports come."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from mailauth_dns.evidence.evidence import Evidence, MailReport
from mailauth_dns.evidence.kept.merge import merged, pruned
from mailauth_dns.evidence.kept.room import fitted
from mailauth_dns.evidence.kept.together import AnyReport, rank, together

KEPT = timedelta(days=400)
MAX_WRITTEN = 20_000_000  # octets of a file; git forges refuse files of 100 000 000


@dataclass(frozen=True, slots=True)
class Kept:
    """The evidence as it is then, the reports that are new in it, and how many are too old for it.

    `contradicted` are the places, in what came, of reports that the evidence has otherwise.
    `crowded` counts by reporter what has no room of the newest days.
    """

    evidence: Evidence
    added: tuple[AnyReport, ...]
    too_old: int
    contradicted: tuple[int, ...]
    crowded: Mapping[str, int]


def keep(before: Evidence, came: Sequence[AnyReport], room: int = MAX_WRITTEN) -> Kept:
    """Return what becomes of evidence when reports come; it takes no more octets than `room`.

    Reports are kept for 400 days before the newest. No clock is asked: a wrong one would drop all,
    and what is known of a domain that gets no more reports stays.

    Raises:
        MailAuthError: there is no room for what many reporters say of the newest 60 days.
    """
    whole = merged(before, together(before.domain, came))
    newest = max((each.window.last_day for each in _all(whole)), default=date.min)
    recent = pruned(whole, newest - KEPT) if size(whole) else whole
    found = fitted(recent, room, newest)
    after = found.evidence
    had = set(map(_key, _all(before)))
    return Kept(
        after,
        added=tuple(each for each in _all(after) if _key(each) not in had),
        too_old=size(whole) - size(after) - sum(found.crowded.values()),
        contradicted=tuple(_contradicted(before, came)),
        crowded=found.crowded,
    )


def size(evidence: Evidence) -> int:
    """Return how many reports there are."""
    return len(evidence.mail) + len(evidence.sessions)


def _all(evidence: Evidence) -> Iterator[AnyReport]:
    """Yield the reports in the order of the file."""
    return heapq.merge(evidence.mail, evidence.sessions, key=rank)


def _key(report: AnyReport) -> Hashable:
    return (type(report), report.window)


def _contradicted(before: Evidence, came: Sequence[AnyReport]) -> Iterator[int]:
    said: dict[str, set[Hashable]] = {}
    for report in _all(before):
        said.setdefault(report.window.id, set()).add(_said(report))
    for index, report in enumerate(came):
        known = said.setdefault(report.window.id, set())
        if known and _said(report) not in known:
            yield index
        known.add(_said(report))


def _said(report: AnyReport) -> Hashable:
    """Return what every form of a report says, parsedmarc's too."""
    if isinstance(report, MailReport):
        counts: Counter[Hashable] = Counter()
        for row in report.rows:
            counts[row.source, row.author, row.dkim_aligned, row.spf_aligned] += row.count
        return frozenset(counts.items())
    return frozenset((each.type, each.successful, each.failed) for each in report.policies)
