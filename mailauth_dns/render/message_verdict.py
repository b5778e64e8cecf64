"""Verdicts about messages, as text for people and as JSON data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from rich.text import Text

from mailauth_dns.errors import printable
from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.evaluate.verdict import DmarcResult, Identifier, Verdict
from mailauth_dns.render.json_data import FORMAT
from mailauth_dns.render.terminal_text import count
from mailauth_dns.simulate.before_after import Rehearsal
from mailauth_dns.simulate.run_mail_tests import TestResult, Trial

_OUTCOME = {
    TestResult.PASSED: "green",
    TestResult.FAILED: "bold red",
    TestResult.UNKNOWN: "magenta",
}
_RESULT = {
    "pass": "green",
    "fail": "red",
    "softfail": "yellow",
    "permerror": "red",
    "temperror": "magenta",
}


def _results(verdict: Verdict) -> list[str | tuple[str, str]]:
    parts: list[str | tuple[str, str]] = []
    for name, result in (
        ("SPF", verdict.spf.result),
        ("DKIM", verdict.dkim),
        ("DMARC", verdict.dmarc),
    ):
        parts += [f"{name} ", (str(result), _RESULT.get(str(result), "")), ", "]
    return [*parts, *_ending(verdict)]


def _ending(verdict: Verdict) -> list[str | tuple[str, str]]:
    if verdict.dmarc is DmarcResult.PERMERROR:
        return [("receivers refuse it", "bold")]
    return ["requested disposition ", (str(verdict.disposition or "unknown"), "bold")]


def ending_said(verdict: Verdict) -> str:
    """Return what is requested for the message."""
    return Text.assemble(*_ending(verdict)).plain


def verdict_said(verdict: Verdict) -> str:
    """Return a verdict on one line."""
    return Text.assemble(*_results(verdict)).plain


def _sentences(verdict: Verdict, indent: int) -> Iterator[Text]:
    for sentence in verdict.why:
        yield Text(" " * indent + printable(sentence))
    for warning in verdict.warnings:
        yield Text.assemble(" " * indent, ("warning: ", "yellow"), printable(warning))


def one(verdicts: Iterable[tuple[str, Verdict]]) -> Iterator[Text]:
    """Yield a receiver's verdict about one message for each state of DNS, with its title."""
    for title, verdict in verdicts:
        yield Text.assemble((f"{title}: ", "bold"), *_results(verdict))
        yield from _sentences(verdict, 4)


def tests(found: Iterable[Rehearsal]) -> Iterator[Text]:
    """Yield each test: what a receiver finds now and once the policy is live, and why."""
    tally = Counter[TestResult]()
    for rehearsal in found:
        before, after = rehearsal.before, rehearsal.after
        tally[after.outcome] += 1
        yield Text.assemble(
            (after.domain, "bold"),
            f"  {after.name}  ",
            (str(after.outcome), _OUTCOME[after.outcome]),
        )
        yield Text.assemble("    as it is        ", *_results(before.verdict))
        yield Text.assemble("    as it would be  ", *_results(after.verdict))
        for problem in after.problems:
            yield Text.assemble("      ", (problem, _OUTCOME[after.outcome]))
        yield from _sentences(after.verdict, 6)
    said = ", ".join(f"{tally[outcome]} {outcome}" for outcome in TestResult if tally[outcome])
    yield Text(
        f"Test: {count(tally.total(), 'test')}" + (f", {said}" if said else ""), style="bold"
    )


def tests_data(found: Iterable[Rehearsal]) -> dict[str, Any]:
    """Return the result of `test`."""
    return {
        "format": FORMAT,
        "tests": [
            {
                "domain": rehearsal.after.domain,
                "name": rehearsal.after.name,
                "result": str(rehearsal.after.outcome),
                "problems": list(rehearsal.after.problems),
                "before": _trial_data(rehearsal.before),
                "after": _trial_data(rehearsal.after),
            }
            for rehearsal in found
        ],
    }


def _trial_data(trial: Trial) -> dict[str, Any]:
    return {"result": str(trial.outcome), **verdict_data(trial.verdict)}


def verdict_data(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict; `disposition` is null if no request is known."""
    discovery = verdict.discovery
    policy_domain = discovery.policy_domain if discovery is not None else None
    return {
        "spf": str(verdict.spf.result),
        "dkim": str(verdict.dkim),
        "dmarc": str(verdict.dmarc),
        "disposition": str(verdict.disposition) if verdict.disposition is not None else None,
        "author_domain": discovery.author_domain if discovery is not None else None,
        "policy_domain": None if isinstance(policy_domain, Unknown) else policy_domain,
        "identifiers": [_identifier_data(identifier) for identifier in verdict.identifiers],
        "why": list(verdict.why),
        "warnings": list(verdict.warnings),
    }


def _identifier_data(identifier: Identifier) -> dict[str, Any]:
    aligned = identifier.comparison.aligned if identifier.comparison is not None else None
    return {
        "mechanism": str(identifier.mechanism),
        "domain": identifier.domain,
        "result": str(identifier.result),
        "aligned": None if isinstance(aligned, Unknown) else aligned,
        "reason": identifier.reason,
    }
