"""What reports say of a change, in sentences that a terminal, a comment and a page share."""

from __future__ import annotations

from collections.abc import Iterator

from mailauth_dns.evidence.figures import count
from mailauth_dns.evidence.gate.gate import Loss, Part
from mailauth_dns.plan.evidence_entry import EvidenceEntry

_MAX_NAMED = 5  # sources of which each has a line of its own
_TOLD_IF_MET = (Part.ALIGNED, Part.REPORTERS, Part.UNKNOWN)


def lines(entry: EvidenceEntry) -> Iterator[str]:
    """Yield all that is to be said, what decides first."""
    yield headline(entry)
    yield from (each.words for each in entry.blocks if entry.first is not None)
    yield from _lost(entry)
    if entry.gate == "not met" and entry.not_before is not None:
        yield f"the gate may be met on {entry.not_before}, if mail goes on as it does"
    yield from entry.notes


def headline(entry: EvidenceEntry) -> str:
    """Return what the evidence says, in one sentence."""
    if entry.unknown is not None:
        return f"what the evidence says is unknown: {entry.unknown}"
    said = {"tightens": _tightens, "weakens": _weakens, "ends": _ends, "enforces": _enforces}
    return f"{_window(entry)}{said[entry.about](entry)}"


def refusal(entry: EvidenceEntry) -> str:
    """Return why apply refuses the change, in one sentence."""
    if entry.first is None:
        return "; ".join((headline(entry), *entry.notes))
    blocks = "; ".join(each.words for each in entry.blocks)
    return f"{headline(entry)}{': ' if blocks else ''}{blocks}"


def _window(entry: EvidenceEntry) -> str:
    if entry.first is None:
        return ""
    days = f"{entry.first}" if entry.first == entry.last else f"{entry.first} to {entry.last}"
    return f"reports of {days}, {count(entry.messages, _noun(entry))}: "


def _noun(entry: EvidenceEntry) -> str:
    return "TLS session" if entry.about == "enforces" else "message"


def _tightens(entry: EvidenceEntry) -> str:
    if entry.first is None:
        why = "; ".join(each.words for each in entry.parts if each.part is Part.NEWEST)
        return f"there is no evidence for a stricter policy{f': {why}' if why else ''}"
    if entry.gate == "not asked":
        return "the domain sends nothing by its policy, and the reports show no mail of its own"
    if entry.gate == "not met":
        return "the gate is not met"
    parts = {each.part: each.words for each in entry.parts}
    told = (parts[part] for part in _TOLD_IF_MET if part in parts)
    return "; ".join(("the gate is met", *told))


def _weakens(entry: EvidenceEntry) -> str:
    if entry.first is None:
        return "what a weaker policy costs is unknown, because no report counts"
    if not entry.lost:
        return "no mail is reported that the policy stopped"
    return "what the policy stopped, and a weaker one would not"


def _ends(entry: EvidenceEntry) -> str:
    if entry.first is None:
        return "whether the sender still sends is unknown, because there are no reports"
    if entry.gate == "not met":
        return "the sender still sends, and its mail fails once its records are gone"
    return "no mail of the sender"


def _enforces(entry: EvidenceEntry) -> str:
    if entry.first is None:
        return "there is no evidence for mode enforce: no TLS report counts"
    if entry.gate == "not met":
        return "the gate is not met"
    parts = {each.part: each.words for each in entry.parts}
    return "; ".join(("the gate is met", parts[Part.SECURED], parts[Part.REPORTERS]))


def _lost(entry: EvidenceEntry) -> Iterator[str]:
    for each in entry.lost[:_MAX_NAMED]:
        yield f"{_messages(each, _noun(entry))} {entry.fate}"
    rest = entry.lost[_MAX_NAMED:]
    sources = len(rest) + entry.more_sources
    if sources:
        messages = sum(each.messages for each in rest) + entry.more_messages
        what = count(messages, _noun(entry))
        yield f"{what} of {count(sources, 'other source')} {entry.fate}"
    if entry.about == "tightens" and entry.first is not None and not entry.lost:
        yield f"no message {entry.fate}"


def _messages(loss: Loss, noun: str) -> str:
    return f"{count(loss.messages, noun)} of {loss.source} ({loss.kind})"
