"""Which reports stay where there is no room for all that came about a domain.

Anybody may send reports. So the room is shared by reporter: who floods makes room for itself alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from mailauth_dns.errors import MailAuthError
from mailauth_dns.evidence.evidence import Evidence
from mailauth_dns.evidence.kept.evidence_lines import line_of
from mailauth_dns.evidence.kept.together import AnyReport, rank, together, worse

_AROUND = 300  # octets of a file that are no report
# Of older reports the newest stay. Of these days those that say the least good do: who sends more
# good ones than there is room for, under whatever name, brings no step nearer.
NEWEST = timedelta(days=60)
# Parts of the room. Who has no more than this is safe from few that flood, and many are told apart
# by nobody: then nothing is to be pushed out.
_LEAST = 100


@dataclass(frozen=True, slots=True)
class Fitted:
    """What stays; `crowded` counts the reports of the newest days that do not, by reporter."""

    evidence: Evidence
    crowded: Mapping[str, int]


class _Sized(NamedTuple):
    report: AnyReport
    octets: int


def fitted(evidence: Evidence, room: int, newest: date) -> Fitted:
    """Return the reports for which there is room; `newest` is the last day that has one.

    Raises:
        MailAuthError: there is no room for what many reporters say of the newest 60 days.
    """
    left = room - _AROUND
    of: dict[str, list[_Sized]] = {}
    every: tuple[AnyReport, ...] = (*evidence.mail, *evidence.sessions)
    for report in every:
        octets = len(line_of(evidence.domain, report)) + 2
        of.setdefault(report.window.reporter, []).append(_Sized(report, octets))
    sums = {reporter: sum(each.octets for each in theirs) for reporter, theirs in of.items()}
    if sum(sums.values()) <= left:
        return Fitted(evidence, {})
    share = _share(sums.values(), left)
    kept: list[AnyReport] = []
    crowded: dict[str, int] = {}
    for reporter, theirs in of.items():
        if sums[reporter] <= share:
            kept += (each.report for each in theirs)
            continue
        stay, out = _of_one(evidence, theirs, share, newest - NEWEST)
        kept += stay
        if out:
            crowded[reporter] = out
    if crowded and share < left // _LEAST:
        raise MailAuthError(
            f"the reports about {evidence.domain} of the last {NEWEST.days} days, of "
            f"{len(of)} reporters, take more than {room} octets, which is more than reporters "
            "send: look for false ones, and read the others"
        )
    return Fitted(together(evidence.domain, kept), dict(sorted(crowded.items())))


def _share(sums: Collection[int], room: int) -> int:
    """Return how much each may have at most, so that all together have room."""
    left, number = room, len(sums)
    for each in sorted(sums):
        if each * number > left:
            break
        left, number = left - each, number - 1
    return left // max(number, 1)


def _of_one(
    evidence: Evidence, theirs: Collection[_Sized], share: int, since: date
) -> tuple[list[AnyReport], int]:
    """Return what stays of one reporter, and how many others end on `since` or later."""
    stay: list[AnyReport] = []
    left = share
    for report, octets in _in_order(evidence, theirs, since):
        left -= octets
        if left < 0:
            break
        stay.append(report)
    recent = sum(each.report.window.last_day >= since for each in theirs)
    return stay, recent - sum(each.window.last_day >= since for each in stay)


def _in_order(evidence: Evidence, theirs: Collection[_Sized], since: date) -> Iterator[_Sized]:
    """Yield the reports, and first what is to stay above all."""
    recent = (each for each in theirs if each.report.window.last_day >= since)
    older = (each for each in theirs if each.report.window.last_day < since)
    yield from sorted(recent, key=lambda each: worse(evidence.domain, each.report), reverse=True)
    yield from sorted(older, key=lambda each: rank(each.report), reverse=True)
