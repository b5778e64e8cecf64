"""The rules command: what lint knows."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from mailauth_dns.cli import completions, what_next
from mailauth_dns.cli.options import OutputFormat
from mailauth_dns.cli.session import DONE, Format, session_of
from mailauth_dns.errors import MailAuthError
from mailauth_dns.lint.catalog import ALL_RULES
from mailauth_dns.render import json_data


def command(
    context: typer.Context,
    id: Annotated[
        str | None,
        typer.Argument(
            metavar="[ID]", autocompletion=completions.rules, help="show this rule's page"
        ),
    ] = None,
    format: OutputFormat = Format.TEXT,
) -> int:
    """List the rules of lint, or show one."""
    session = session_of(context)
    shown = [rule for rule in ALL_RULES if id is None or rule.id.lower() == id.lower()]
    if not shown:
        raise MailAuthError(f"{id} is not a rule; `mailauth-dns rules` lists them")
    if format is Format.JSON:
        session.json(json_data.rules(shown))
    elif id is None:
        for rule in shown:
            session.line(f"{rule.id:<12} {rule.severity!s:<8} {rule.slug:<28} {rule.source}")
    else:
        [rule] = shown
        page = f"{rule.id} {rule.slug} ({rule.severity})\n\n{rule.page}\n\nSource: {rule.source}"
        for line in page.split("\n"):
            # What is indented is YAML to copy.
            session.show([Text(line)], wrap=not line.startswith(" "))
    what_next.after_rules(session, shown)
    return DONE
