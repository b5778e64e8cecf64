"""Whether TLS reports permit to enforce an MTA-STS policy (RFC 8460, RFC 8461).

One false report can keep a policy from being enforced, and never bring it about: every number is
also taken without the report that speaks most for it, and the share without any one reporter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from mailauth_dns.evidence.evidence import Evidence, Window
from mailauth_dns.evidence.figures import count, reaches, share
from mailauth_dns.evidence.gate.counted import Counted, Numbers
from mailauth_dns.evidence.gate.gate import Measured, Part, TlsGate
from mailauth_dns.evidence.gate.window import reporters, without_largest
from mailauth_dns.evidence.tls.sessions import FailedAlike, Sessions, alike, sessions_of
from mailauth_dns.policy.sections.mta_sts import MtaStsSection

LONGEST = 90  # days: what failed before says little of today's certificates
_SOME = 3  # failed sessions of a few: fewer are an accident


@dataclass(frozen=True, slots=True)
class TlsVerdict:
    """What the evidence says of mode enforce.

    `first` and `last` are the days of the window, None without evidence. `days` are those with a
    report. `apart` are sessions in the window under no policy, another one, or DANE, and those that
    were secured at exchangers that nobody names: they do not count. `not_before` is the day on
    which the step may come if mail goes on as it does; None where time alone does not mend what
    blocks.
    """

    parts: tuple[Measured, ...]
    first: date | None
    last: date | None
    days: int
    sessions: int
    secured: int
    failures: tuple[FailedAlike, ...]
    reporters: tuple[str, ...]
    apart: int
    not_before: date | None

    @property
    def met(self) -> bool:
        """Whether every part is met."""
        return bool(self.parts) and all(each.met for each in self.parts)

    @property
    def blocks(self) -> tuple[Measured, ...]:
        """The parts that are not met."""
        return tuple(each for each in self.parts if not each.met)


def tls_gate_of(section: MtaStsSection) -> TlsGate:
    """Return what a policy asks of its TLS reports; what it does not say is as in `TlsGate`."""
    said = section.gate.model_dump(exclude_none=True) if section.gate is not None else {}
    return TlsGate(**said)


def tls_verdict(
    evidence: Evidence, exchangers: Collection[str], gate: TlsGate, today: date
) -> TlsVerdict:
    """Return what reports say of a policy that lists these exchangers.

    The window is the shortest one that has the days and the sessions that the gate asks for: who
    gets little mail waits longer.
    """
    every = tuple(sessions_of(evidence, exchangers, today))
    counted = [each for each in every if each.counts and each.total]
    last = max((each.day for each in counted), default=None)
    if last is None:
        parts = tuple(_measured([], gate, today))
        return TlsVerdict(parts, None, None, 0, 0, 0, (), (), sum(x.total for x in every), None)
    begin = _begin(counted, last, gate)
    seen = [each for each in counted if each.day >= begin]
    parts = tuple(_measured(seen, gate, today))
    return TlsVerdict(
        parts=parts,
        first=min(each.day for each in seen),
        last=last,
        days=len({each.day for each in _told(seen)}),
        sessions=_total(seen),
        secured=sum(each.secured for each in seen),
        failures=alike(seen),
        reporters=tuple(sorted({each.reporter for each in seen})),
        apart=sum(each.total for each in every if not each.counts and begin <= each.day <= last),
        not_before=_not_before(parts, seen, gate, today),
    )


def _begin(counted: Sequence[Sessions], last: date, gate: TlsGate) -> date:
    """Return the first day of the window, with or without a report."""
    shortest = last - timedelta(days=gate.days - 1)
    longest = last - timedelta(days=max(LONGEST, gate.days) - 1)
    told = _told(counted)
    for day in sorted({each.day for each in told if longest <= each.day}, reverse=True):
        seen = [each for each in told if each.day >= day]
        if _days(seen) >= gate.days and _volume(seen) >= gate.sessions:
            return min(day, shortest)
    return longest


def _told(seen: Sequence[Sessions]) -> Sequence[Sessions]:
    """Return what may advance: without the failures at exchangers that nobody names.

    Where there is nothing else, these are all that is known, and no share of them is secured.
    """
    return [each for each in seen if each.told] or seen


def _days(seen: Sequence[Sessions]) -> int:
    """Return how many days have a report, whichever report is left out."""
    reports = Counter(day for _, day in {(each.window, each.day) for each in seen})
    return len(reports) - (1 in reports.values())


def _volume(seen: Sequence[Sessions]) -> int:
    """Return how many sessions there are without the largest report."""
    by_report: Counter[Window] = Counter()
    for each in seen:
        by_report[each.window] += each.total
    return without_largest(by_report.values())


def _total(seen: Sequence[Sessions]) -> int:
    return sum(each.total for each in seen)


def _measured(seen: Sequence[Sessions], gate: TlsGate, today: date) -> Iterator[Measured]:
    told = _told(seen)
    days, every = _days(told), len({each.day for each in told})
    words = f"{count(every, 'day')} with a report, {gate.days} needed"
    if days < gate.days <= every:
        words += ": one day has a single report, which alone cannot decide"
    yield Measured(Part.DAYS, days >= gate.days, words)
    volume, total = _volume(told), _total(told)
    words = f"{count(total, 'session')}, {gate.sessions} needed"
    if volume < gate.sessions <= total:
        words += f": {volume} without the largest report, which alone cannot decide"
    yield Measured(Part.SESSIONS, volume >= gate.sessions, words)
    yield _secured(seen, gate)
    names = {each.reporter for each in told}
    number = reporters([Counted(window, Numbers()) for window in {each.window for each in told}])
    words = f"{count(len(names), 'reporter')}, {gate.reporters} needed"
    if number < gate.reporters <= len(names):
        words += ": one has sent a single report, which alone cannot decide"
    yield Measured(Part.REPORTERS, number >= gate.reporters, words)
    yield _newest(told, gate, today)


def _secured(seen: Sequence[Sessions], gate: TlsGate) -> Measured:
    good, total = sum(each.secured for each in seen), _total(seen)
    if not total:
        words = f"no session, {gate.secured:g} percent secured needed"
        return Measured(Part.SECURED, met=False, words=words)
    words = f"{share(good, total)} percent secured, {gate.secured:g} needed"
    if not reaches(good, total, gate.secured):
        worst = alike(seen)[0]
        return Measured(Part.SECURED, met=False, words=f"{words}: {said(worst)}")
    for who, some in _subsets(seen):
        good, total = sum(each.secured for each in some), _total(some)
        if not reaches(good, total, gate.secured) and total - good >= _SOME:
            words += f": {who} {share(good, total)} percent: {said(alike(some)[0])}"
            return Measured(Part.SECURED, met=False, words=words)
    return Measured(Part.SECURED, met=True, words=words)


def said(failed: FailedAlike) -> str:
    """Return a reason, and where, such as `certificate-expired at mx.example.com (12 sessions)`."""
    at = f" at {failed.exchanger}" if failed.exchanger else ""
    return f"{failed.reason}{at} ({count(failed.sessions, 'session')})"


def _by_reporter(seen: Sequence[Sessions]) -> dict[str, list[Sessions]]:
    found: dict[str, list[Sessions]] = {}
    for each in seen:
        found.setdefault(each.reporter, []).append(each)
    return found


def _subsets(seen: Sequence[Sessions]) -> Iterator[tuple[str, list[Sessions]]]:
    """Yield each reporter's own sessions, and then all but those of one."""
    by_reporter = sorted(_by_reporter(seen).items())
    yield from ((f"{reporter} has", own) for reporter, own in by_reporter)
    for reporter, _ in by_reporter:
        if others := [each for each in seen if each.reporter != reporter]:
            yield f"without {reporter} it is", others


def _newest(seen: Sequence[Sessions], gate: TlsGate, today: date) -> Measured:
    most = count(gate.newest.days, "day")
    days = sorted((day for _, day in {(each.window, each.day) for each in seen}), reverse=True)
    if len(days) < 2:
        return Measured(Part.NEWEST, met=False, words=f"no two reports, of the last {most} needed")
    # The second, so that one false report cannot stand for all that have stopped.
    met = today - days[1] <= gate.newest
    words = f"last report {days[0]}, not more than {most} old needed"
    if not met and today - days[0] <= gate.newest:
        words += ": it is the only one so new"
    return Measured(Part.NEWEST, met, words)


def _not_before(
    parts: Sequence[Measured], seen: Sequence[Sessions], gate: TlsGate, today: date
) -> date | None:
    missing = {each.part for each in parts if not each.met}
    if not missing:
        return today
    told = _told(seen)
    waits = [
        (needed - have, have)
        for needed, have in ((gate.days, _days(told)), (gate.sessions, _volume(told)))
        if 0 < have < needed
    ]
    if not missing <= {Part.DAYS, Part.SESSIONS} or not waits:
        return None
    first, last = min(each.day for each in told), max(each.day for each in told)
    span = (last - first).days + 1
    wait = max(-(-more * span // have) for more, have in waits)
    # The report of a day comes on the next one.
    return last + timedelta(days=wait + 1) if span + wait <= LONGEST else None
