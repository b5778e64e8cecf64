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


def command(
    context: typer.Context,
    document: Annotated[
        Document, typer.Argument(metavar="[policy|plan]", help="which file")
    ] = Document.POLICY,
) -> int:
    """Print the JSON Schema of a policy file or a plan file."""
    # Only one of the two is needed, and a plan's shape takes longer to load.
    if document is Document.POLICY:
        from mailauth_dns.policy.model import json_schema
    else:
        from mailauth_dns.plan.plan_file import json_schema
    session_of(context).json(json_schema())
    return DONE
