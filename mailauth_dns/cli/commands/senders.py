"""The senders commands, a module each."""

from __future__ import annotations

from typing import Any

import typer

from mailauth_dns.cli import (
    senders_check,
    senders_import_template,
    senders_list,
    senders_retire,
    senders_show,
    senders_status,
    senders_suggest,
)
from mailauth_dns.cli.command import Command, Group


class _Senders(Group):
    """The group. A word that is none of its commands is a sender's name, and alone it lists."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - either click's
        """Parse the arguments, with the command that is meant."""
        # A shell that completes a word shows the commands, and chooses none.
        return super().parse_args(ctx, args if ctx.resilient_parsing else self.whole(args))

    def whole(self, args: list[str]) -> list[str]:
        """Return the arguments with the command that people may leave out."""
        return _with_command(args, self.commands)


def _with_command(args: list[str], commands: Any) -> list[str]:  # noqa: ANN401 - as above
    """Return the arguments with the command that people may leave out.

    >>> known = ("list", "show", "check")
    >>> _with_command([], known), _with_command(["ses", "--format", "json"], known)
    (['list'], ['show', 'ses', '--format', 'json'])
    >>> _with_command(["--check", "ses"], known), _with_command(["--format", "json"], known)
    (['check', 'ses'], ['list', '--format', 'json'])
    """
    first = args[0] if args else ""
    if first in commands or first in ("-h", "--help"):
        return args
    if "--check" in args:
        return ["check", *(each for each in args if each != "--check")]
    return ["list" if not first or first.startswith("-") else "show", *args]


command = typer.Typer(
    cls=_Senders,
    help="List, explain and check who sends your mail.",
    rich_markup_mode=None,
)
command.command("list", cls=Command)(senders_list.command)
command.command("show", cls=Command)(senders_show.command)
command.command("check", cls=Command)(senders_check.command)
command.command("status", cls=Command)(senders_status.command)
command.command("retire", cls=Command)(senders_retire.command)
command.command("suggest", cls=Command)(senders_suggest.command)
command.command("import-template", cls=Command)(senders_import_template.command)
