"""What reports say of a change: whether a stricter policy may come, and what a weaker one costs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from mailauth_dns.diff.change import Asked
from mailauth_dns.diff.dmarc_requests import LEVEL
from mailauth_dns.evidence.evidence import Evidence
from mailauth_dns.evidence.gate.counted import DAY, is_touched, name_of
from mailauth_dns.evidence.gate.gate import Gate, Loss, Verdict
from mailauth_dns.evidence.gate.ramp import Step, step_between
from mailauth_dns.evidence.gate.verdict import verdict
from mailauth_dns.evidence.sources.source_kind import AttributedRow
from mailauth_dns.plan.evidence_entry import About, EvidenceEntry, Outcome
from mailauth_dns.records.dmarc import Policy
from mailauth_dns.reports.aggregate import Disposition
from mailauth_dns.senders.use import Use

MAX_LOST = 20  # sources that a plan names
_FATES = {
    Policy.NONE: "would have been delivered",
    Policy.QUARANTINE: "would have been quarantined",
    Policy.REJECT: "would have been rejected",
}
_LEVELS: dict[Disposition | None, int] = {
    Disposition.QUARANTINE: LEVEL[Policy.QUARANTINE],
    Disposition.REJECT: LEVEL[Policy.REJECT],
}


@dataclass(frozen=True, slots=True)
class KnownMail:
    """What is known of a domain's mail on a day, in UTC.

    `sends` tells whether its policy says that somebody sends, None where it does not say.
    `sends_below` tells the same of policies for names below it that follow its DMARC record.
    """

    evidence: Evidence
    rows: tuple[AttributedRow, ...]
    gate: Gate
    today: date
    sends: bool | None
    sends_below: bool


def about(asked: Asked) -> About | None:
    """Tell what a change of a DMARC record does, as far as evidence has something to say of it."""
    if step_between(asked.before, asked.after) is not None:
        return "tightens"
    return "weakens" if step_between(asked.after, asked.before) is not None else None


def of_dmarc(asked: Asked, known: KnownMail, since: date | None, why: str) -> EvidenceEntry | None:
    """Return what reports say of a change of a DMARC record; None where it asks for no evidence.

    `since` is the day on which SPF or DKIM of the domain last changed. It is None where nobody
    knows, and `why` says why; then no report counts.
    """
    step = step_between(asked.before, asked.after)
    if step is not None:
        return _stricter(step, asked, known, since, why)
    back = step_between(asked.after, asked.before)
    return None if back is None else _weaker(back, known)


def _stricter(
    step: Step, asked: Asked, known: KnownMail, since: date | None, why: str
) -> EvidenceEntry | None:
    touched = [row for row in known.rows if is_touched(row.row, known.evidence.domain, step)]
    parked = not _touches_mail(step, asked, known, touched)
    if parked and not known.evidence.mail:
        return None
    rows = touched if parked else known.rows
    # Silence is not that nobody sends: of who is parked, the latest reports are looked at.
    today = min(known.today, _last_known(known)) if parked and rows else known.today
    said = verdict(known.evidence, rows, known.gate, step, today, since=since, parked=parked)
    gate: Outcome = "not met" if not said.met else "not asked" if parked else "met"
    asks = step.record_after.effective_p if step.own else step.record_after.effective_sp
    notes = said.left_out if parked else (*said.left_out, *_remarks(known.gate, why))
    begun = EvidenceEntry("tightens", gate, _FATES[asks], parts=said.parts, notes=notes)
    return _entry(begun, said)


def _remarks(gate: Gate, why: str) -> Iterator[str]:
    if why:
        yield why
    if gate.lowered:
        yield gate.lowered


def _touches_mail(
    step: Step, asked: Asked, known: KnownMail, touched: Iterable[AttributedRow]
) -> bool:
    """Tell whether a step may touch mail that somebody sends.

    Who sends for a domain may write from any name below it, without a record there. Else policies,
    the zone and, for names below the domain, the reports show whether somebody sends.
    """
    if known.sends or (known.sends is None and asked.mail is not None):
        return True
    seen = any(each.row.aligned and each.row.author != known.evidence.domain for each in touched)
    return step.below and (known.sends_below or asked.mail_below is not None or seen)


def _entry(begun: EvidenceEntry, said: Verdict) -> EvidenceEntry:
    window = replace(begun, first=said.first, last=said.last, messages=said.messages)
    when = said.not_before if begun.gate == "not met" else None
    return _with_lost(replace(window, not_before=when), said.lost)


def _weaker(back: Step, known: KnownMail) -> EvidenceEntry:
    """Return what the policy in force stopped of late, and the weaker one would not have."""
    left = back.record_before
    own, below = (
        Policy.NONE if left is None else getattr(left, field)
        for field in ("effective_p", "effective_sp")
    )
    began = EvidenceEntry("weakens", "not asked", _FATES[own if back.own else below])
    reports = [each for each in known.evidence.mail if each.window.last_day <= known.today]
    end = max((each.window.end for each in reports), default=0)
    since = end - known.gate.days * DAY
    shown = {each.window: each for each in reports if each.window.end > since}
    if not shown:
        return began
    stopped: dict[tuple[str, str], int] = {}
    for each in known.rows:
        row, domain = each.row, known.evidence.domain
        asks = own if row.author in (None, domain) else below
        if (
            each.window in shown
            and is_touched(row, domain, back)
            and _LEVELS.get(row.disposition, 0) > LEVEL[asks]
        ):
            source = (name_of(row, each.by), each.by.kind.value)
            stopped[source] = stopped.get(source, 0) + row.count
    first, last = min(each.first_day for each in shown), max(each.last_day for each in shown)
    messages = sum(row.count for each in shown.values() for row in each.rows)
    found = replace(began, first=first, last=last, messages=messages)
    return _with_lost(found, (Loss(*source, count) for source, count in stopped.items()))


def of_gone(uses: Collection[Use], known: KnownMail) -> EvidenceEntry:
    """Return whether the latest reports still show mail of senders whose records are to go.

    Silence is not that a sender has stopped: what counts are the latest reports that there are,
    however old, but for those from before it was retired.
    """
    began = EvidenceEntry("ends", "not asked", "would fail DMARC once its records are gone")
    retired = {use.key: use.life.retired or date.min for use in uses}
    reports = [each for each in known.evidence.mail if each.window.last_day <= known.today]
    end = _last_known(known)
    if end <= min(retired.values(), default=date.max):
        return began
    since = end - known.gate.newest
    shown = {each.window: each for each in reports if each.window.last_day > since}
    sent: dict[tuple[str, str], int] = {}
    last: dict[str, date] = {}
    for each in known.rows:
        name = each.by.sender or ""
        day, keys = each.window.last_day, set(name.split(" or "))
        counts = each.window in shown and each.row.aligned and retired.keys() >= keys
        if counts and day > max(retired[key] for key in keys):
            source = (name, each.by.kind.value)
            sent[source] = sent.get(source, 0) + each.row.count
            last[name] = max(day, last.get(name, day))
    found = replace(
        began,
        gate="not met" if sent else "met",
        first=min(each.first_day for each in shown),
        last=max(each.window.last_day for each in reports),
        messages=sum(row.count for each in shown.values() for row in each.rows),
        notes=tuple(f"{name} was last seen on {day}" for name, day in last.items()),
    )
    return _with_lost(found, (Loss(*source, count) for source, count in sent.items()))


def _last_known(known: KnownMail) -> date:
    """Return the last day that reports tell of; one false report does not move it."""
    found = (each.window.last_day for each in known.evidence.mail)
    days = sorted((day for day in found if day <= known.today), reverse=True)
    return days[min(1, len(days) - 1)] if days else date.min


def unknown(does: About, why: str) -> EvidenceEntry:
    """Return that nobody knows what reports say, which never speaks for a change."""
    gate: Outcome = "not asked" if does == "weakens" else "not met"
    return EvidenceEntry(does, gate, "", unknown=why)


def _with_lost(entry: EvidenceEntry, lost: Iterable[Loss]) -> EvidenceEntry:
    """Return an entry with what would have been lost, the most first, as far as a plan names it."""
    ordered = sorted(lost, key=lambda each: (-each.messages, each.source, each.kind))
    rest = ordered[MAX_LOST:]
    return replace(
        entry,
        lost=tuple(ordered[:MAX_LOST]),
        more_sources=len(rest),
        more_messages=sum(each.messages for each in rest),
    )
