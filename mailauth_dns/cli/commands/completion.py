"""The completion command: a script for the shell."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import PurePath
from typing import Annotated

import typer

# typer does not mark it as exported.
from typer.completion import get_completion_script  # type: ignore[attr-defined]

from mailauth_dns.cli.session import DONE, session_of
from mailauth_dns.errors import MailAuthError


class Shell(StrEnum):
    """The shells that there is a script for."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def command(
    context: typer.Context,
    shell: Annotated[
        Shell | None,
        typer.Argument(metavar="[bash|zsh|fish]", help="which shell; default: that of $SHELL"),
    ] = None,
) -> int:
    """Print a script that lets your shell complete commands.

    It completes options and their values too. Source it where the shell starts.
    """
    session = session_of(context)
    if shell is None:
        named = PurePath(os.environ.get("SHELL", "")).name
        if named not in set(Shell):
            raise MailAuthError(
                f"$SHELL is {named or 'not set'}; name the shell: {', '.join(Shell)}"
            )
        shell = Shell(named)
    # typer looks at this variable when the script calls the program.
    session.line(
        get_completion_script(
            prog_name="mailauth-dns", complete_var="_MAILAUTH_DNS_COMPLETE", shell=shell
        )
    )
    return DONE
