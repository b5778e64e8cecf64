"""Whether the evidence of a domain meets the gate of a step, and when it may."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from mailauth_dns.evidence.evidence import Evidence, Window
from mailauth_dns.evidence.gate.counted import (
    DECLARED,
    counted,
    is_touched,
    name_of,
    passes,
    stream_of,
)
from mailauth_dns.evidence.gate.forecast import not_before
from mailauth_dns.evidence.gate.gate import Gate, Loss, Measured, Part, Verdict
from mailauth_dns.evidence.gate.measures import look, measures
from mailauth_dns.evidence.gate.ramp import Step
from mailauth_dns.evidence.sources.source_kind import AttributedRow, SourceKind
from mailauth_dns.policy.absent import ABSENT
from mailauth_dns.policy.repo import Policy


def gate_of(policy: Policy) -> Gate:
    """Return what a policy asks of its evidence; what it does not say is as in `Gate`."""
    section = policy.body.dmarc
    if section is None or section is ABSENT or section.gate is None:
        return Gate()
    said = ((key, getattr(section.gate, key)) for key in type(section.gate).model_fields)
    return Gate(**{key: value for key, value in said if value is not None})


def verdict(
    evidence: Evidence,
    rows: Iterable[AttributedRow],
    gate: Gate,
    step: Step,
    today: date,
    *,
    since: date | None,
    parked: bool,
) -> Verdict:
    """Judge a step by the reports of a domain, on a day in UTC.

    `since` is the day on which its DNS last changed; where that is not known, no report counts. A
    domain that is `parked` sends nothing, so that it needs no evidence.
    """
    rows = tuple(rows)
    if parked:
        return _parked(rows, gate, today)
    reports, left_out = counted(evidence, rows, step, today, since)
    at = look(reports, gate, today, own=step.own)
    parts = sorted(measures(at), key=lambda each: list(Part).index(each.part))
    shown = frozenset(each.window for each in at.shown)
    met = all(each.met for each in parts)
    return Verdict(
        tuple(parts),
        min((each.window.first_day for each in at.shown), default=None),
        max((each.window.last_day for each in at.shown), default=None),
        sum(each.numbers.messages for each in at.shown),
        today if met else not_before(at),
        _lost(evidence, rows, step, shown),
        shown,
        left_out,
    )


def _lost(
    evidence: Evidence, rows: Iterable[AttributedRow], step: Step, shown: frozenset[Window]
) -> tuple[Loss, ...]:
    """Return what fails in the window and is touched by the step, the most first."""
    found: dict[tuple[str, str], int] = {}
    for each in rows:
        if each.window not in shown or passes(each, step):
            continue
        if is_touched(each.row, evidence.domain, step):
            name = name_of(each.row, each.by)
            if each.by.kind in DECLARED:
                name = str(stream_of(each.row, each.by, evidence.domain))
            source = (name, each.by.kind.value)
            found[source] = found.get(source, 0) + each.row.count
    ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Loss(source, kind, messages) for (source, kind), messages in ordered)


def _parked(rows: Iterable[AttributedRow], gate: Gate, today: date) -> Verdict:
    """Judge a domain that sends nothing: what passes all the same must have an end first."""
    first = today - timedelta(days=gate.days)
    passing = [each for each in rows if each.row.aligned is True and each.window.last_day >= first]
    if not passing:
        words = "parked: it sends nothing, and no report says otherwise"
        return Verdict((Measured(Part.VOLUME, met=True, words=words),), None, None, 0, today, ())
    days = [each.window.last_day for each in passing]
    names = dict.fromkeys(name_of(each.row, each.by) for each in passing)
    messages = sum(each.row.count for each in passing)
    words = f"parked, but {messages} messages of {', '.join(names)} passed since {min(days)}"
    lost = (Loss(name, SourceKind.ALIGNED.value, _of(passing, name)) for name in names)
    return Verdict(
        (Measured(Part.VOLUME, met=False, words=words),),
        min(days),
        max(days),
        messages,
        max(days) + timedelta(days=gate.days + 1),
        tuple(lost),
    )


def _of(rows: Iterable[AttributedRow], name: str) -> int:
    return sum(each.row.count for each in rows if name_of(each.row, each.by) == name)
