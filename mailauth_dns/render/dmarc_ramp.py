"""How domains stand on the ramp of DMARC, as text for people and as JSON data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.text import Text

from mailauth_dns.deploy.dmarc_advance import Advanced
from mailauth_dns.deploy.dmarc_standing import Standing
from mailauth_dns.evidence.evidence import MailReport
from mailauth_dns.evidence.figures import share
from mailauth_dns.evidence.gate.gate import Gate, Measured, Verdict
from mailauth_dns.evidence.gate.ramp import Step
from mailauth_dns.evidence.gate.source_shares import SourceShare
from mailauth_dns.evidence.sources.source_kind import SourceKind
from mailauth_dns.render.dmarc_blocks import asks, blocks
from mailauth_dns.render.json_data import FORMAT
from mailauth_dns.render.terminal_text import count, styled

_SHOWN = 10  # sources; a page of `reports show` has all
_MET = {"quarantine": "would have gone to spam", "reject": "would have been refused"}


def status(standings: Sequence[Standing]) -> Iterator[Text]:
    """Yield each domain: its policy, the window, its sources, what blocks, the next step."""
    parked = sum(bool(at.policy.body.parked) for at in standings)
    for at in standings:
        # A fleet has many, and they ask for all there is.
        if not at.policy.body.parked or len(standings) == 1:
            yield from _domain(at)
    ready = sum(at.verdict is not None and at.verdict.met for at in standings)
    blocked = sum(at.verdict is not None for at in standings) - ready
    said = f"{count(len(standings), 'domain')}, {ready} ready for a step, {blocked} not yet"
    yield Text(f"DMARC: {said}{f', {parked} parked' if parked else ''}", style="bold")


def _domain(at: Standing) -> Iterator[Text]:
    yield Text.assemble((at.policy.domain, "bold"), f"  {_asks(at)}")
    if at.step is None or at.verdict is None:
        return
    found = at.verdict
    if at.other is not None:
        yield styled(4, ("DNS differs: ", "yellow"), _difference(at, at.other))
    yield styled(4, _window(at, found))
    yield from (styled(4, line) for line in _sources(at.sources))
    yield from (styled(4, ("not counted: ", "yellow"), each) for each in found.left_out)
    for line, remedies in blocks(at, found):
        yield styled(4, ("blocks: ", "bold red"), line)
        yield from (styled(8, remedy) for remedy in remedies)
    if found.met:
        yield from (styled(4, line) for line in lost(found, at.step))
    yield styled(4, f"next: {_next(at, found)}")


def _asks(at: Standing) -> str:
    if at.policy.body.parked:
        return "parked: it asks for reject, and sends nothing"
    if at.record is None:
        return "declares no DMARC record"
    return f"{asks(at)}{'' if at.step is not None else ': no step is left'}"


def _window(at: Standing, found: Verdict) -> str:
    if found.first is None:
        return "window: none; " + ("no report counts" if at.reports else "there is no report")
    reporters = len({each.reporter for each in found.reports})
    return (
        f"window: {found.first} to {found.last} UTC, {count(found.messages, 'message')} "
        f"of {count(reporters, 'reporter')}"
    )


def _difference(at: Standing, other: MailReport) -> str:
    """Return what the newest report found in DNS, beside what the policy's file has."""
    found = other.published
    tags = {tag: getattr(found, tag) for tag in ("p", "sp", "np", "adkim", "aspf")}
    testing = ["t=y"] if found.testing else []
    there = " ".join([*(f"{tag}={value}" for tag, value in tags.items() if value), *testing])
    return (
        f"the newest report, of {other.window.last_day} UTC, found {there}; "
        f"{at.policy.path} has {at.record}; only reports of what the file has count"
    )


def _sources(sources: Sequence[SourceShare]) -> Iterator[str]:
    named = [each for each in sources if each.kind != SourceKind.SPOOF]
    spoofs = [each for each in sources if each.kind == SourceKind.SPOOF]
    for each in named[:_SHOWN]:
        line = f"{each.name}: {count(each.messages, 'message')}, "
        if each.kind != "declared":
            yield line + each.kind
            continue
        yield line + f"{share(each.passed, each.messages)} percent aligned"
    if more := len(named) - _SHOWN:
        yield from [f"and {count(more, 'source')} more"] if more > 0 else []
    if spoofs:
        messages = sum(each.messages for each in spoofs)
        yield f"spoofs: {count(messages, 'message')}"


def _next(at: Standing, found: Verdict) -> str:
    assert at.step is not None
    if found.met:
        return f"{at.step.words}, now"
    return f"{at.step.words}, {_when(at, found) or 'once what blocks is mended'}"


def _when(at: Standing, found: Verdict) -> str | None:
    """Return when the step may come; None where time alone does not bring it."""
    if found.not_before is None:
        return None
    if at.nothing is not None:
        return f"on {found.not_before} at the earliest"
    return f"not before {found.not_before} if mail goes on as it does"


def advanced(done: Advanced) -> Iterator[Text]:
    """Yield what was written, on which evidence, and what it would have cost."""
    at, found = done.standing, done.standing.verdict
    assert found is not None
    said = ", ".join(
        f"{tag}: {value}" if value is not None else f"{tag} taken out"
        for tag, value in done.tags.items()
    )
    yield Text.assemble((f"{at.policy.path}: ", "bold"), f"dmarc: {said}")
    yield styled(4, f"{done.step.words}: {_window(at, found).removeprefix('window: ')}")
    yield from (styled(4, line) for line in lost(found, done.step))


def lost(found: Verdict, step: Step) -> Iterator[str]:
    """Yield what a step would have met in the window; spoofs are one line."""
    met = _MET.get(step.after.split()[0], "would have failed")
    named = [each for each in found.lost if each.kind != SourceKind.SPOOF]
    for each in named[:_SHOWN]:
        yield f"{count(each.messages, 'message')} of {each.source} ({each.kind}) {met}"
    if len(named) > _SHOWN:
        yield f"and {count(sum(each.messages for each in named[_SHOWN:]), 'message')} of others"
    if spoofed := sum(each.messages for each in found.lost if each.kind == SourceKind.SPOOF):
        yield f"{count(spoofed, 'spoofed message')} {met}"


def refused(at: Standing, words: str) -> str:
    """Return why a step is not taken: what blocks it, each with its number."""
    assert at.verdict is not None
    head = f"{at.policy.domain}: {words} is refused, and {at.policy.path} is left as it is"
    lines = ["\n        ".join((f"    {line}", *rest)) for line, rest in blocks(at, at.verdict)]
    tail = [f"    {when}"] if (when := _when(at, at.verdict)) is not None else []
    return "\n".join((f"{head}:", *lines, *tail))


def status_data(standings: Sequence[Standing]) -> dict[str, Any]:
    """Return the same as data."""
    return {"format": FORMAT, "domains": [_standing_data(at) for at in standings]}


def advanced_data(at: Standing, done: Advanced | None) -> dict[str, Any]:
    """Return what was written; without it, only how the domain stands."""
    return {
        "format": FORMAT,
        "written": dict(done.tags) if done is not None else None,
        **_standing_data(at),
    }


def _standing_data(at: Standing) -> dict[str, Any]:
    record, step = at.record, at.step
    return {
        "domain": at.policy.domain,
        "path": at.policy.path,
        "parked": bool(at.policy.body.parked),
        "record": str(record) if record is not None else None,
        "gate": _gate_data(at.gate),
        "since": str(at.since.day) if at.since.day is not None else None,
        "since_unknown": at.since.why or None,
        "reports": at.reports,
        "differs": _difference(at, at.other) if at.other is not None else None,
        "step": {
            "tag": step.tag,
            "before": step.before,
            "after": step.after,
            "record": str(step.record_after),
            "words": step.words,
        }
        if step is not None
        else None,
        "verdict": _verdict_data(at.verdict) if at.verdict is not None else None,
        "sources": [
            {
                "name": each.name,
                "kind": each.kind,
                "messages": each.messages,
                "aligned": each.passed,
                "mend": each.mend,
            }
            for each in at.sources
        ],
    }


def _gate_data(gate: Gate) -> dict[str, Any]:
    return {
        "days": gate.days,
        "volume": gate.volume,
        "aligned": gate.aligned,
        "each": gate.each,
        "reporters": gate.reporters,
        "newest": int(gate.newest.total_seconds()),
        "unknown": gate.unknown,
    }


def _verdict_data(found: Verdict) -> dict[str, Any]:
    return {
        "met": found.met,
        "parts": [_part_data(each) for each in found.parts],
        "first": str(found.first) if found.first is not None else None,
        "last": str(found.last) if found.last is not None else None,
        "messages": found.messages,
        "not_before": str(found.not_before) if found.not_before is not None else None,
        "lost": [
            {"source": each.source, "kind": each.kind, "messages": each.messages}
            for each in found.lost
        ],
        "not_counted": list(found.left_out),
    }


def _part_data(part: Measured) -> dict[str, Any]:
    return {"part": part.part, "met": part.met, "text": part.words}
