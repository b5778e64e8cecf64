"""The schema command: the JSON Schemas of what people and programs write."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mailauth_dns.cli import completions, headings
from mailauth_dns.cli.session import DONE, session_of
from mailauth_dns.errors import MailAuthError

_POLICY, _REPORT = "policy", "report"


def command(
    context: typer.Context,
    document: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[policy|report|COMMAND]",
            autocompletion=completions.documents,
            help="a policy file, the report of apply, or what a command writes with "
            "--format json, such as plan or spf tree",
        ),
    ] = None,
    list_: Annotated[
        bool,
        typer.Option(
            "--list", help="print the names of all schemas", rich_help_panel=headings.LOOK
        ),
    ] = False,
) -> int:
    """Print the JSON Schema of a policy or of a JSON output.

    The plan file is what plan writes.
    """
    session = session_of(context)
    if list_:
        from mailauth_dns.render.json_shapes import SHAPES

        for name in (_POLICY, _REPORT, *SHAPES):
            session.line(name)
        return DONE
    session.json(_schema(" ".join(document or [_POLICY])))
    return DONE


def _schema(name: str) -> dict[str, Any]:
    # Only one of them is needed, and the shapes take longest to load.
    if name == _POLICY:
        from mailauth_dns.policy.model import json_schema

        return json_schema()
    if name == _REPORT:
        from mailauth_dns.plan import apply_report

        return apply_report.json_schema()
    from mailauth_dns.render.json_shapes import SHAPES, published

    if name not in SHAPES:
        raise MailAuthError(
            f"schema {name}: there is no such schema; `mailauth-dns schema --list` prints the names"
        )
    return published(name)
