"""What quickstart wrote, and the steps from there, as text for people and as JSON data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.text import Text

from mailauth_dns.quickstart.answers import Question
from mailauth_dns.quickstart.begin import Started
from mailauth_dns.quickstart.waits import key_wait
from mailauth_dns.render.json_data import FORMAT


def started(result: Started, folder: str) -> Iterator[Text]:
    """Yield the files and the numbered steps; `folder` is where to run them."""
    for path in result.written:
        yield Text(f"written: {path}")
    yield Text(f"private: {result.private} (outside this folder, for the signing program alone)")
    for path in result.left:
        yield Text(f"left as it is: {path}")
    yield Text("")
    yield Text(f"Next steps for {result.made.answers.domain}, in {folder}:", style="bold")
    for number, step in enumerate(result.steps, 1):
        yield Text("")
        yield Text.assemble((f"{number}. {step.title}", "bold"))
        for why in step.why:
            yield Text(f"   {why}")
        if step.records:
            yield Text("")
            for line in step.records.rstrip("\n").split("\n"):
                yield Text(f"   {line}" if line else "", no_wrap=True)
        if step.commands:
            yield Text("")
        for command in step.commands:
            yield Text.assemble("   $ ", (command, "cyan"), no_wrap=True)


def started_data(result: Started) -> dict[str, Any]:
    """Return the same as data; `wait` and `negative_ttl` are in seconds."""
    made = result.made
    return {
        "format": FORMAT,
        "domain": made.answers.domain,
        "selector": made.selector,
        "private": str(result.private),
        "written": list(result.written),
        "left": list(result.left),
        "warnings": list(result.warnings),
        "negative_ttl": made.negative_ttl,
        "wait": int(key_wait(made.negative_ttl).total_seconds()),
        "steps": [
            {
                "number": number,
                "title": step.title,
                "why": list(step.why),
                "records": step.records or None,
                "commands": list(step.commands),
            }
            for number, step in enumerate(result.steps, 1)
        ],
    }


def there_data(domain: str, path: str, where: dict[str, Any]) -> dict[str, Any]:
    """Return that a domain has a policy, and `where` it is, as `next` says it."""
    return {"format": FORMAT, "domain": domain, "policy": path, "written": [], "next": where}


def missing(questions: Sequence[Question]) -> str:
    """Return what to give as options where nobody can be asked."""
    return "\n".join(
        [
            "not all is given, and there is no terminal to ask on; give these options:",
            *(
                f"  {each.option} {each.metavar}\n      {each.ask}: {each.why}"
                for each in questions
            ),
        ]
    )
