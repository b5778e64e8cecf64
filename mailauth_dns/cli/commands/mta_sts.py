"""The mta_sts commands, a module each."""

from __future__ import annotations

import typer

from mailauth_dns.cli import mta_sts_advance, mta_sts_status
from mailauth_dns.cli.command import Command, Group

command = typer.Typer(
    cls=Group,
    help="Bring MTA-STS to enforce on what TLS reports say.",
    rich_markup_mode=None,
)
command.command("status", cls=Command)(mta_sts_status.command)
command.command("advance", cls=Command)(mta_sts_advance.command)
