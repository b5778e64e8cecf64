"""The help of every command, for pages that are made of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from mailauth_dns.cli.command_help import ClickContext, CommandHelp, described
from mailauth_dns.cli.root_options import app


def all_commands() -> Iterator[CommandHelp]:
    """Yield the program's own help, then each command's in the order of `--help`.

    A group's comes before those of its commands. This imports every command.
    """
    program: Any = typer.main.get_command(app)
    yield from _below(program, "mailauth-dns", None)


def _below(command: Any, name: str, parent: ClickContext) -> Iterator[CommandHelp]:  # noqa: ANN401 - either click's
    context = typer.Context(command, info_name=name, parent=parent, **command.context_settings)
    yield described(context)
    for below, inner in getattr(command, "commands", {}).items():
        yield from _below(inner, below, context)
