"""The dkim commands, a module each."""

from __future__ import annotations

import typer

from mailauth_dns.cli import (
    dkim_activate,
    dkim_adopt,
    dkim_check,
    dkim_keygen,
    dkim_rotate,
    dkim_status,
)
from mailauth_dns.cli.command import Command, Group

command = typer.Typer(
    cls=Group, help="Make, adopt, look at, rotate and check DKIM keys.", rich_markup_mode=None
)
command.command("keygen", cls=Command)(dkim_keygen.command)
command.command("adopt", cls=Command)(dkim_adopt.command)
command.command("status", cls=Command)(dkim_status.command)
command.command("activate", cls=Command)(dkim_activate.command)
command.command("rotate", cls=Command)(dkim_rotate.command)
command.command("check", cls=Command)(dkim_check.command)
