"""How domains stand with MTA-STS, as text for people and as JSON data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rich.text import Text

from mailauth_dns.deploy.sts_advance import Advanced
from mailauth_dns.deploy.sts_standing import StsStanding
from mailauth_dns.evidence.figures import share
from mailauth_dns.evidence.tls.reasons import mended
from mailauth_dns.evidence.tls.verdict import said
from mailauth_dns.policy.section_edit import told
from mailauth_dns.render.findings_text import lines
from mailauth_dns.render.json_data import FORMAT, findings, json_day
from mailauth_dns.render.terminal_text import count, styled

_MODES = {"enforce": "green", "testing": "yellow", "none": "dim"}


def status(standings: Sequence[StsStanding]) -> Iterator[Text]:
    """Yield each domain: its mode, the window, what fails, what blocks, the next step."""
    for each in standings:
        yield from _standing(each)
    testing = [each for each in standings if each.section.mode == "testing"]
    ready = sum(each.verdict.met for each in testing)
    yield Text(
        f"MTA-STS: {count(len(standings), 'domain')}, {ready} ready for mode enforce, "
        f"{len(testing) - ready} not yet",
        style="bold",
    )


def _standing(of: StsStanding) -> Iterator[Text]:
    found, mode = of.verdict, of.section.mode
    yield styled(0, (of.policy.domain, "bold"), "  mode ", (mode, _MODES[mode]))
    yield styled(4, _window(of))
    if found.apart:
        apart = f"{count(found.apart, 'session')} under no policy, another one, or DANE"
        yield styled(4, ("not counted: ", "yellow"), apart)
    for failed in found.failures:
        told_by = ", ".join(failed.reporters)
        yield styled(4, f"{said(failed)}, last on {failed.last}, told by {told_by}")
        yield styled(8, mended(failed.reason))
    if mode == "testing":
        yield from (styled(4, ("blocks: ", "bold red"), line) for line in _blocks(of))
    yield styled(4, f"next: {_next(of)}")


def _window(of: StsStanding) -> str:
    found = of.verdict
    if found.first is None:
        return "window: none; no TLS report counts"
    return (
        f"window: {found.first} to {found.last} UTC, {count(found.sessions, 'session')} of "
        f"{count(len(found.reporters), 'reporter')}, "
        f"{share(found.secured, found.sessions)} percent secured"
    )


def _blocks(of: StsStanding) -> Iterator[str]:
    if of.verdict.last is None:
        yield "no TLS report counts"
    else:
        yield from (each.words for each in of.verdict.blocks)
    if not of.asked and not of.verdict.met:
        yield "no sender is asked for reports: add `tls_rpt` to the policy"


def _next(of: StsStanding) -> str:
    if of.section.mode == "none":
        return "nothing; mode none is the way out"
    if of.section.mode == "enforce":
        return "nothing; mode is enforce in the policy"
    if of.verdict.met:
        return "mode enforce"
    if of.verdict.not_before is not None:
        return f"mode enforce, not before {of.verdict.not_before} if mail goes on as it does"
    return "mode enforce, once what blocks is mended"


def advanced(done: Advanced) -> Iterator[Text]:
    """Yield what was written, or what blocks it."""
    if done.written:
        path = done.standing.policy.path
        yield styled(0, (path, "bold"), f": mta_sts: {told(done.written)}")
        return
    if done.findings:
        yield from lines(done.findings, 0)
    else:
        yield from _standing(done.standing)


def status_data(standings: Iterable[StsStanding]) -> dict[str, Any]:
    """Return how domains stand."""
    return {"format": FORMAT, "domains": [_data(each) for each in standings]}


def advanced_data(done: Advanced) -> dict[str, Any]:
    """Return what was written, or what blocks it."""
    return {
        "format": FORMAT,
        **_data(done.standing),
        "written": None if done.written is None else dict(done.written),
        "findings": findings(done.findings, ())["findings"],
    }


def _data(of: StsStanding) -> dict[str, Any]:
    found = of.verdict
    return {
        "domain": of.policy.domain,
        "path": of.policy.path,
        "mode": of.section.mode,
        "first": json_day(found.first),
        "last": json_day(found.last),
        "days": found.days,
        "sessions": found.sessions,
        "secured": found.secured,
        "apart": found.apart,
        "reporters": list(found.reporters),
        "failures": [
            {
                "exchanger": each.exchanger,
                "reason": each.reason,
                "sessions": each.sessions,
                "reporters": list(each.reporters),
                "last": each.last.isoformat(),
                "mend": mended(each.reason),
            }
            for each in found.failures
        ],
        "gate": [{"part": each.part, "met": each.met, "text": each.words} for each in found.parts],
        "met": found.met,
        "not_before": json_day(found.not_before),
    }
