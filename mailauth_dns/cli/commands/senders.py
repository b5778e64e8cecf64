"""The senders commands, a module each."""

from __future__ import annotations

import typer

from mailauth_dns.cli import senders_import_template, senders_suggest
from mailauth_dns.cli.command import Command, Group

command = typer.Typer(
    cls=Group, help="List, explain and check who sends your mail.", rich_markup_mode=None
)
command.command("suggest", cls=Command)(senders_suggest.command)
command.command("import-template", cls=Command)(senders_import_template.command)
