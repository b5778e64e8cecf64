"""The help command: `help plan` is `plan --help`."""

from __future__ import annotations

from typing import Annotated

import typer

from mailauth_dns.cli import completions


def command(
    context: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[COMMAND]...",
            autocompletion=completions.commands,
            help="such as plan, or dkim rotate",
        ),
    ] = None,
) -> int:
    """Show the help of a command.

    `help plan` is `plan --help`.
    """
    program = context.find_root()
    shown = program.command.main(
        args=[*(words or ()), "--help"], prog_name=program.info_name, standalone_mode=False
    )
    return int(shown or 0)
