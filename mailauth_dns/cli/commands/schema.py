"""The schema command: the JSON Schema of the files that people and programs write."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from mailauth_dns.cli.session import DONE, session_of


class Document(StrEnum):
    """What `schema` describes."""

    POLICY = "policy"
    PLAN = "plan"
    REPORT = "report"


def command(
    context: typer.Context,
    document: Annotated[
        Document,
        typer.Argument(metavar="[policy|plan|report]", help="which file; the report is apply's"),
    ] = Document.POLICY,
) -> int:
    """Print the JSON Schema of a policy, a plan file or the report of an apply."""
    # Only one of them is needed, and a plan's shape takes longer to load.
    match document:
        case Document.POLICY:
            from mailauth_dns.policy.model import json_schema
        case Document.PLAN:
            from mailauth_dns.plan.plan_file import json_schema
        case Document.REPORT:
            from mailauth_dns.plan.apply_report import json_schema
    session_of(context).json(json_schema())
    return DONE
