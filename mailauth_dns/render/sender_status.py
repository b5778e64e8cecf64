"""How declared senders stand, for people and as JSON data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from rich.text import Text

from mailauth_dns.render.json_data import FORMAT, json_day
from mailauth_dns.sender_checks.retire import Retired
from mailauth_dns.sender_checks.standing import Delegation, Standing, State
from mailauth_dns.simulate.run_mail_tests import TestResult, Trial

_STYLES = {State.ACTIVE: "green", State.RETIRED: "yellow", State.GONE: "dim"}
_RESULTS = {
    TestResult.PASSED: "green",
    TestResult.FAILED: "bold red",
    TestResult.UNKNOWN: "magenta",
}


def lines(found: Sequence[Standing]) -> Iterator[Text]:
    """Yield each sender: its life, what aligns, its tests, and what is to be done."""
    domain = None
    for each in found:
        if each.policy.domain != domain:
            domain = each.policy.domain
            yield Text(domain, style="bold")
        yield from _sender(each)
    states = Counter(each.state for each in found)
    said = ", ".join(f"{states[state]} {state}" for state in State)
    yield Text(f"Senders: {len(found)}, {said}", style="bold")


def _sender(each: Standing) -> Iterator[Text]:
    use = each.use
    yield Text.assemble(
        "  ",
        (use.key, "bold"),
        f"  {use.name}: " if use.name.lower() != use.key else ": ",
        (f"{each.state}", _STYLES[each.state]),
        _since(each),
    )
    if each.state is not State.GONE:
        yield Text(f"    aligns: {_aligns(each)}")
    yield from (_test(trial, use.key) for trial in each.tests)
    for row in each.off:
        if row.state in ("unknown", "waits"):
            style = "magenta" if row.state == "unknown" else "yellow"
            yield Text.assemble(
                "    ", (row.state, style), f": {row.name} {row.type}: {row.reason}"
            )
    if each.delegation is not None:
        yield _delegation(each.delegation)
    for step in each.next_steps:
        yield Text(f"    next: {step}")


def _open(each: Standing) -> Iterator[Text]:
    """Yield the records that are unknown or wait, together where the reason is the same."""
    names: dict[tuple[str, str | None], list[str]] = {}
    for row in each.off:
        if row.state in ("unknown", "waits"):
            names.setdefault((row.state, row.reason), []).append(row.name)
    for (state, reason), those in names.items():
        style = "magenta" if state == "unknown" else "yellow"
        said = ", ".join(dict.fromkeys(those))
        yield Text.assemble("    ", (state, style), f": {said}: {reason}")


def _since(each: Standing) -> str:
    life = each.use.life
    if each.state is State.RETIRED:
        return f": no mail from {life.retired} on, its records stay until {life.gone_from}"
    return f" since {life.gone_from}" if each.state is State.GONE else ""


def _aligns(each: Standing) -> str:
    use = each.use
    spf = "relaxed" if use.relaxed == "yes" and use.strict != "yes" else use.relaxed
    by = f" by {use.mail_from}" if use.mail_from is not None and use.relaxed == "yes" else ""
    return f"SPF {spf}{by}, DKIM {each.dkim}"


def _test(trial: Trial, key: str) -> Text:
    why = f": {'; '.join(trial.problems)}" if trial.problems else ""
    name = f"a message {trial.name.removeprefix(f'sender {key} ')}"
    return Text.assemble("    ", (str(trial.outcome), _RESULTS[trial.outcome]), f": {name}{why}")


def _delegation(found: Delegation) -> Text:
    if found.live is None:
        return Text.assemble(
            "    ", ("unknown", "magenta"), f": who {found.name} is delegated to: {found.reason}"
        )
    if not found.live:
        return Text.assemble("    ", ("wrong", "bold red"), f": {found.name} is not delegated")
    servers = ", ".join(sorted(found.live))
    state = ("wrong", "bold red") if found.is_wrong else ("right", "green")
    return Text.assemble("    ", state, f": {found.name} is delegated to {servers}")


def data(found: Iterable[Standing]) -> dict[str, Any]:
    """Return how the senders stand as JSON data."""
    return {
        "format": FORMAT,
        "senders": [
            {
                "domain": each.policy.domain,
                "key": each.use.key,
                "sender": each.use.sender,
                "name": each.use.name,
                "state": str(each.state),
                "retired": json_day(each.use.life.retired),
                "gone_from": json_day(each.use.life.gone_from),
                "mail_from": each.use.mail_from,
                "spf": {"relaxed": each.use.relaxed, "strict": each.use.strict},
                "dkim": each.dkim,
                "tests": [
                    {
                        "name": trial.name,
                        "result": str(trial.outcome),
                        "problems": list(trial.problems),
                    }
                    for trial in each.tests
                ]
                if each.asked
                else None,
                "off": [
                    {"name": row.name, "type": row.type, "state": row.state, "reason": row.reason}
                    for row in each.off
                ]
                if each.asked
                else None,
                "delegation": _delegation_data(each.delegation),
                "missing": [{"key": key, "find": find} for key, find in each.missing],
                "is_over": each.is_over,
                "next": list(each.next_steps),
            }
            for each in found
        ],
    }


def _delegation_data(found: Delegation | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "name": found.name,
        "wanted": sorted(found.wanted),
        "live": sorted(found.live) if found.live is not None else None,
        "reason": found.reason or None,
    }


def retired(done: Retired, today: date) -> Iterator[Text]:
    """Yield what was written, and what comes of it."""
    domain = done.policy.domain
    yield Text(f"{done.policy.path}: senders.{done.use.key}: retired: {done.day}")
    if done.gone_from <= today:
        yield Text(
            f"The grace is over since {done.gone_from}: the next plan of {domain} takes the "
            f"records of {done.use.name} away, and nothing else."
        )
    else:
        yield Text(
            f"The records of {done.use.name} stay until {done.gone_from}. From that day on (UTC) "
            f"one plan of {domain} takes them away, and nothing else."
        )
    if done.tests:
        names = ", ".join(f'"{name}"' for name in done.tests)
        yield Text(f"These tests are of its mail, and fail from then on; take them out: {names}")


def retired_data(done: Retired) -> dict[str, Any]:
    """Return what was written as JSON data."""
    return {
        "format": FORMAT,
        "path": done.policy.path,
        "domain": done.policy.domain,
        "key": done.use.key,
        "sender": done.use.sender,
        "retired": done.day.isoformat(),
        "gone_from": done.gone_from.isoformat(),
        "tests": list(done.tests),
    }
