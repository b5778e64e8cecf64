"""Whether TLS reports permit to enforce an MTA-STS policy (RFC 8460, RFC 8461).

One false report can keep a policy from being enforced, and cannot hide what others say: the share
has to hold for each reporter, and for all without any one of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from mailauth_dns.evidence.evidence import Evidence
from mailauth_dns.evidence.gate import Measured, Part, TlsGate
from mailauth_dns.evidence.shares import reaches, share
from mailauth_dns.evidence.tls_sessions import FailedAlike, Sessions, alike, sessions_of

LONGEST = 90  # days: what failed before says little of today's certificates
_SOME = 3  # failed sessions of a few: fewer are an accident
_OTHERS = 10  # percent of the sessions asked for that are not of the largest reporter


@dataclass(frozen=True, slots=True)
class TlsVerdict:
    """What the evidence says of mode enforce.

    `first` and `last` are the days of the window, None without evidence. `days` are those with a
    report. `apart` are sessions in the window under no policy, another one, or DANE: they do not
    count. `not_before` is the day on which the step may come if mail goes on as it does; None where
    time alone does not mend what blocks.
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
        days=_days(seen),
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
    for day in sorted({each.day for each in counted if longest <= each.day}, reverse=True):
        seen = [each for each in counted if each.day >= day]
        if _days(seen) >= gate.days and _total(seen) >= gate.sessions:
            return min(day, shortest)
    return longest


def _days(seen: Sequence[Sessions]) -> int:
    return len({each.day for each in seen})


def _total(seen: Sequence[Sessions]) -> int:
    return sum(each.total for each in seen)


def _measured(seen: Sequence[Sessions], gate: TlsGate, today: date) -> Iterator[Measured]:
    days = _days(seen)
    words = f"{days} days with a report, {gate.days} needed"
    yield Measured(Part.DAYS, days >= gate.days, words)
    yield _volume(seen, gate)
    yield _secured(seen, gate)
    reporters = len({each.reporter for each in seen})
    words = f"reporters {reporters}, {gate.reporters} needed"
    yield Measured(Part.REPORTERS, reporters >= gate.reporters, words)
    yield _newest(seen, gate, today)


def _volume(seen: Sequence[Sessions], gate: TlsGate) -> Measured:
    total = _total(seen)
    words = f"sessions {total}, {gate.sessions} needed"
    if total < gate.sessions or gate.reporters < 2:
        return Measured(Part.SESSIONS, total >= gate.sessions, words)
    by = {name: _total(own) for name, own in _by_reporter(seen).items()}
    largest = max(sorted(by), key=lambda name: by[name])
    others, needed = total - by[largest], -(-gate.sessions * _OTHERS // 100)
    if others < needed and len(by) > 1:
        words += f": {others} of reporters other than {largest}, {needed} needed"
    return Measured(Part.SESSIONS, others >= needed or len(by) == 1, words)


def _secured(seen: Sequence[Sessions], gate: TlsGate) -> Measured:
    good, total = sum(each.secured for each in seen), _total(seen)
    words = f"secured {share(good, total)} percent, {gate.secured:g} needed"
    if not total:
        return Measured(Part.SECURED, met=False, words=f"secured unknown, {gate.secured:g} needed")
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
    number = f"{failed.sessions} session{'s' if failed.sessions != 1 else ''}"
    return f"{failed.reason}{at} ({number})"


def _by_reporter(seen: Sequence[Sessions]) -> dict[str, list[Sessions]]:
    found: dict[str, list[Sessions]] = {}
    for each in seen:
        found.setdefault(each.reporter, []).append(each)
    return found


def _subsets(seen: Sequence[Sessions]) -> Iterator[tuple[str, list[Sessions]]]:
    """Yield each reporter's own sessions, and all but those."""
    for reporter, own in sorted(_by_reporter(seen).items()):
        yield f"{reporter} has", own
        if others := [each for each in seen if each.reporter != reporter]:
            yield f"without {reporter} it is", others


def _newest(seen: Sequence[Sessions], gate: TlsGate, today: date) -> Measured:
    most = _days_said(gate.newest.days)
    if not seen:
        return Measured(Part.NEWEST, met=False, words=f"no report, one of the last {most} needed")
    age = today - max(each.day for each in seen)
    words = f"the last report is of {_days_said(age.days)} ago, at most {most}"
    return Measured(Part.NEWEST, age <= gate.newest, words)


def _days_said(days: int) -> str:
    return f"{days} day{'s' if days != 1 else ''}"


def _not_before(
    parts: Sequence[Measured], seen: Sequence[Sessions], gate: TlsGate, today: date
) -> date | None:
    open_ = {each.part for each in parts if not each.met}
    if not open_ <= {Part.DAYS, Part.SESSIONS}:
        return None
    first, last = min(each.day for each in seen), max(each.day for each in seen)
    span = (last - first).days + 1
    waits = [
        -(-(needed - have) * span // have)
        for needed, have in ((gate.days, _days(seen)), (gate.sessions, _total(seen)))
        if have < needed
    ]
    wait = max(waits, default=0 if not open_ else None)
    if wait is None or span + wait > LONGEST:
        return None
    return max(today, last + timedelta(days=wait))
