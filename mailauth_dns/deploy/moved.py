"""What has moved since the review: a change that is neither pending nor done, or is new."""

from __future__ import annotations

from mailauth_dns.diff.changed_terms import changed_terms
from mailauth_dns.octo.target import Proposal
from mailauth_dns.plan import evidence_words
from mailauth_dns.plan.done import is_done
from mailauth_dns.plan.evidence_entry import EvidenceEntry
from mailauth_dns.plan.evidence_moved import worse
from mailauth_dns.plan.plan import ChangeEntry, ZoneEntry
from mailauth_dns.records.zone import quoted


def differences(reviewed: ZoneEntry, now: ZoneEntry, proposal: Proposal) -> list[str]:
    """Return what is neither pending nor done, in words; a change may need several lines."""
    found = []
    pending = {(change.name, change.type): change for change in now.changes}
    blocked = {(entry.name, entry.type): entry.reason for entry in now.blocked}
    approved = {(change.name, change.type): change for change in reviewed.changes}
    for key, change in approved.items():
        fresh = pending.get(key)
        label = f"{change.name} {change.type} at {now.provider}"
        if key in blocked:
            found.append(f"{label}: is blocked now: {blocked[key]}")
        elif fresh is None and not is_done(change, proposal.reading.zone):
            found.append(
                f"{label}: the zone has what the policy asks for, "
                f"and that is not what was reviewed: {_values(change.after)}"
            )
        elif fresh is not None and fresh.identity != change.identity:
            found += [f"{label}: reviewed {_told(change)},", f"  now {_told(fresh)}"]
            found += _terms("before", change.before, fresh.before) + _terms(
                "after", change.after, fresh.after
            )
    for (name, type), fresh in pending.items():
        if (name, type) not in approved:
            found.append(f"{name} {type} at {now.provider}: was not reviewed: {_told(fresh)}")
    return found


def evidence_differences(reviewed: ZoneEntry, now: ZoneEntry) -> list[str]:
    """Return, in words, of which changes the evidence says otherwise than at the review.

    A change that is done needs no evidence any more.
    """
    same = reviewed.digests.evidence == now.digests.evidence
    approved = {(change.name, change.type): change.evidence for change in reviewed.changes}
    found = []
    for change in now.changes:
        before, after = approved.get((change.name, change.type)), change.evidence
        if after is None:
            continue
        more = list(worse(before, after)) if before is not None else []
        if more or not (same or (before is not None and before.outcome == after.outcome)):
            told = _reviewed_evidence(before)
            said = "; ".join((evidence_words.refusal(after), *more))
            found += [
                f"{change.name} {change.type} at {now.provider}: the evidence says otherwise than "
                f"at the review: {said}",
                f"  reviewed: {told}",
            ]
    return found


def _reviewed_evidence(entry: EvidenceEntry | None) -> str:
    return "no evidence was looked at" if entry is None else evidence_words.refusal(entry)


def foreign_differences(reviewed: ZoneEntry, now: ZoneEntry) -> list[str]:
    """Return notes about foreign values that came or went; they are kept as they are now."""
    before = {(kept.name, kept.type, kind) for kept in reviewed.kept for kind in kept.kinds}
    after = {(kept.name, kept.type, kind) for kept in now.kept for kind in kept.kinds}
    where = f"at {now.provider} since the plan"
    came = [
        f"{name} {type}: a foreign value ({kind}) was added {where}; it is kept"
        for name, type, kind in sorted(after - before)
    ]
    return came + [
        f"{name} {type}: a foreign value ({kind}) was taken away {where}"
        for name, type, kind in sorted(before - after)
    ]


def _terms(side: str, reviewed: tuple[str, ...], now: tuple[str, ...]) -> list[str]:
    """Return the terms in which two values differ, since long values are hard to compare."""
    if reviewed == now or len(reviewed) != 1 or len(now) != 1:
        return []
    gone, came = changed_terms(reviewed[0], now[0])
    return [
        f"  {side}: {sign} {quoted(terms)}" for sign, terms in (("-", gone), ("+", came)) if terms
    ]


def _told(change: ChangeEntry) -> str:
    values = f"{_values(change.before)} -> {_values(change.after)}"
    return f"{values} (TTL {change.ttl_before} -> {change.ttl_after})"


def _values(values: tuple[str, ...]) -> str:
    return " and ".join(map(quoted, values)) or "nothing"
