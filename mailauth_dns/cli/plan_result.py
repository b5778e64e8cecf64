"""What becomes of a plan that was made or merged: a file for apply, and an exit code."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from mailauth_dns.atomic_files import followed, replace_file
from mailauth_dns.cli import headings
from mailauth_dns.cli.session import DIFFERS, DONE, FAILED, Session
from mailauth_dns.deploy.make_plan import unresolved
from mailauth_dns.errors import MailAuthError
from mailauth_dns.plan import plan_json
from mailauth_dns.plan.plan import Plan
from mailauth_dns.plan.worst import Level, counted


class FailOn(StrEnum):
    """The mildest thing in a plan that makes the exit code 2."""

    CAUTION = "caution"
    BREAKING = "breaking"
    BLOCKED = "blocked"
    FAILED = "failed"

    @property
    def level(self) -> Level:
        """The level in a plan."""
        return Level[self.value.upper()]


Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="FILE",
        help="write the plan to this file, for apply",
        rich_help_panel=headings.WRITE,
    ),
]
PlanFailOn = Annotated[
    FailOn | None,
    typer.Option(
        "--fail-on",
        help="exit code 2 for this and for what is worse, and 1 only if there is no plan",
        rich_help_panel=headings.EXIT,
    ),
]
DetailedExitcode = Annotated[
    bool,
    typer.Option(
        "--detailed-exitcode",
        help="exit code 2 when there are changes",
        rich_help_panel=headings.EXIT,
    ),
]


def exit_code(session: Session, file: Plan, fail_on: FailOn | None, *, detailed: bool) -> int:
    """Return the exit code for a plan, and say what `--fail-on` found."""
    if fail_on is not None:
        if found := counted(file, fail_on.level):
            told = ", ".join(f"{number} {level.name.lower()}" for level, number in found.items())
            session.say(f"--fail-on {fail_on.value}: {told}")
            return DIFFERS
    elif unresolved(file):
        return FAILED
    return DIFFERS if detailed and (file.pending or file.waiting) else DONE


def write(session: Session, out: Path | None, file: Plan) -> None:
    """Write a plan to its file, if one is named.

    Raises:
        MailAuthError: it cannot be written.
    """
    if out is None:
        return
    path = session.path(out)
    try:
        pieces = (piece.encode() for piece in plan_json.dumped(file))
        replace_file(followed(path), pieces, durable=False)
    except OSError as error:
        raise MailAuthError(f"--out {path}: {error.strerror}") from None
