"""The formats of a plan, and how each is written."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import Annotated

import typer

from mailauth_dns.cli import headings
from mailauth_dns.cli.session import Session
from mailauth_dns.errors import MailAuthError
from mailauth_dns.plan import plan_json, plan_shard
from mailauth_dns.plan.plan import Plan
from mailauth_dns.render import plan_text


class PlanFormat(StrEnum):
    """How a plan is written."""

    TEXT = "text"
    JSON = "json"
    HTML = "html"
    MARKDOWN = "markdown"
    GITHUB = "github"


PlanOutput = Annotated[
    PlanFormat,
    typer.Option(
        "--format",
        metavar="FORMAT",
        help="text, json, html, markdown (for a comment) or github (for annotations)",
        rich_help_panel=headings.WRITE,
    ),
]
MaxChars = Annotated[
    int | None,
    typer.Option(
        "--max-chars",
        metavar="N",
        help="cut markdown to this many characters; default: 65536",
        rich_help_panel=headings.WRITE,
    ),
]


def check(format: PlanFormat, max_chars: int | None) -> None:
    """Refuse `--max-chars` where it has no effect, or is too small.

    Raises:
        MailAuthError: it is one of the two.
    """
    if max_chars is None:
        return
    if format is not PlanFormat.MARKDOWN:
        raise MailAuthError("--max-chars: only --format markdown is cut; leave one of them out")
    from mailauth_dns.render.plan_markdown import MIN_CHARS

    if max_chars < MIN_CHARS:
        raise MailAuthError(f"--max-chars {max_chars}: a plan needs at least {MIN_CHARS}")


def show(
    session: Session, file: Plan, format: PlanFormat, max_chars: int | None, show_kept: bool
) -> None:
    """Write a plan as a result."""
    if file.shard is not None and format is not PlanFormat.JSON:
        file = replace(file, notes=(plan_shard.note(file.shard), *file.notes))
    match format:
        case PlanFormat.JSON:
            session.json(plan_json.as_json(file))
        case PlanFormat.HTML:
            from mailauth_dns.pages.plan_page import plan_page

            session.page(plan_page(file))
        case PlanFormat.MARKDOWN:
            from mailauth_dns.render import plan_markdown

            session.line(plan_markdown.plan(file, max_chars or plan_markdown.MAX_CHARS).rstrip())
        case PlanFormat.GITHUB:
            from mailauth_dns.render import plan_github

            for line in plan_github.plan(file):
                session.line(line)
        case PlanFormat.TEXT:
            session.show(plan_text.plan(file, show_kept), wrap=True)
