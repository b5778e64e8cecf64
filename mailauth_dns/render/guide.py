"""Where you are and the one thing to do now, as text for people and as JSON data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from rich.text import Text

from mailauth_dns.guide import areas, decision
from mailauth_dns.guide.overview import SHOWN, Overview
from mailauth_dns.guide.situation import Situation
from mailauth_dns.guide.step import Command, Step
from mailauth_dns.keys.times import moment
from mailauth_dns.render.json_data import FORMAT

Spelled = Callable[[Command], str]

_STYLE = {"ok": "green", "todo": "yellow", "wait": "cyan", "unknown": "magenta", "-": "dim"}
_INDENT = " " * 4


def screen(found: Overview, spelled: Spelled) -> Iterator[Text]:
    """Yield the state of each area, and below it what to do now."""
    if len(found.situations) == 1:
        yield from _domain(found, found.situations[0])
    elif found.situations:
        yield from _table(found)
    yield from _step(found.step, spelled) if found.step is not None else _nothing(found, spelled)
    if found.later:
        yield Text("After that:" if found.step is not None else "Later:", style="bold")
        for line in found.later:
            yield Text(f"{_INDENT}{line}")


def _domain(found: Overview, at: Situation) -> Iterator[Text]:
    yield Text(at.domain, style="bold")
    for state in areas.states(found.here, at):
        yield Text.assemble(
            f"{_INDENT}{state.area:<8} ", (f"{state.mark:<8}", _STYLE[state.mark]), state.text
        )


def _table(found: Overview) -> Iterator[Text]:
    """Yield a line for each of the first domains, and how many are in each case."""
    shown = found.situations[:SHOWN]
    width = max(len(at.domain) for at in shown)
    for at in shown:
        line = Text(f"{at.domain:<{width}} ", style="bold")
        for state in areas.states(found.here, at):
            line.append(f" {state.area} ", style="dim")
            line.append(f"{state.mark:<8}", style=_STYLE[state.mark])
        yield line
    looked = sum(found.cases.values())
    said = ", ".join(f"{number} {name}" for name, number in found.cases.items())
    number = f"the first {looked} of {found.total}" if looked < found.total else str(looked)
    yield Text(f"Domains: {number}: {said}", style="bold")


def _step(step: Step, spelled: Spelled) -> Iterator[Text]:
    yield Text.assemble(("Now: ", "bold"), step.what)
    for command in step.commands:
        yield Text(f"{_INDENT}{spelled(command)}", style="cyan", no_wrap=True)
    yield Text.assemble(("Why: ", "bold"), step.why)
    yield Text.assemble(("Takes: ", "bold"), step.takes)


def _nothing(found: Overview, spelled: Spelled) -> Iterator[Text]:
    yield Text.assemble(("Now: ", "bold"), "nothing is left to do")
    if len(found.situations) == 1 and found.situations[0].sends:
        address = str(found.situations[0].sender or "IP")
        seen = spelled(("mailauth-dns", "check-message", "FILE.eml", "--ip", address))
        yield Text(f"{_INDENT}to see it, send a message to another host, and there: {seen}")


def data(found: Overview, spelled: Spelled) -> dict[str, Any]:
    """Return the same as data."""
    step = found.step
    return {
        "format": FORMAT,
        "domains": [_domain_data(found, at) for at in found.situations],
        "total": found.total,
        "cases": dict(found.cases),
        "now": None if step is None else _step_data(step, spelled),
        "later": list(found.later),
    }


def _domain_data(found: Overview, at: Situation) -> dict[str, Any]:
    row = decision.row_of(found.here, at)
    return {
        "domain": at.domain,
        "path": at.path,
        "case": row.name if row is not None else decision.DONE,
        "areas": [
            {"area": each.area, "state": each.mark, "text": each.text}
            for each in areas.states(found.here, at)
        ],
    }


def _step_data(step: Step, spelled: Spelled) -> dict[str, Any]:
    return {
        "what": step.what,
        "why": step.why,
        "takes": step.takes,
        "at": moment(step.at) if step.at is not None else None,
        "commands": [spelled(command) for command in step.commands],
        "unknown": step.unknown,
    }
