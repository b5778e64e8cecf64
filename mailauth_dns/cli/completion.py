"""The command that prints a shell's completion script: completion."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import PurePath
from typing import Annotated

import typer
from typer.completion import get_completion_script  # type: ignore[attr-defined] # typer does not mark it as exported

from mailauth_dns.cli.app import session_of
from mailauth_dns.cli.session import DONE
from mailauth_dns.errors import MailAuthError


class Shell(StrEnum):
    """The shells there is a script for."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("completion")(completion)


def completion(
    context: typer.Context,
    shell: Annotated[
        Shell | None,
        typer.Argument(metavar="[bash|zsh|fish]", help="whose script; default: that of $SHELL"),
    ] = None,
) -> int:
    """Print the script that lets a shell complete commands and options; source it where the shell starts."""
    session = session_of(context)
    if shell is None:
        named = PurePath(os.environ.get("SHELL", "")).name
        if named not in set(Shell):
            raise MailAuthError(
                f"$SHELL is {named or 'not set'}; name the shell: {', '.join(Shell)}"
            )
        shell = Shell(named)
    # The variable is the one that typer looks at when the script calls the program.
    session.line(
        get_completion_script(
            prog_name="mailauth-dns", complete_var="_MAILAUTH_DNS_COMPLETE", shell=shell
        )
    )
    return DONE
