"""The program and its own options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mailauth_dns import __version__
from mailauth_dns.cli import headings
from mailauth_dns.cli.command import HELP_SETTINGS
from mailauth_dns.cli.lazy_group import LazyGroup
from mailauth_dns.cli.session import FAILED, new_session

app = typer.Typer(
    cls=LazyGroup,
    name="mailauth-dns",
    help="SPF, DKIM and DMARC as code: policies in YAML, planned and applied through octoDNS.",
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings=HELP_SETTINGS,
)


def _folder(text: str) -> Path:
    """Return the folder that `-C` names. An empty name is often a variable that is not set."""
    if not text:
        raise typer.BadParameter("names no folder")
    return Path(text)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"mailauth-dns {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _options(
    context: typer.Context,
    directory: Annotated[
        Path | None,
        typer.Option(
            "-C",
            "--directory",
            metavar="DIR",
            parser=_folder,
            help="the zone repo to work in; default: this folder, or the nearest repo above it",
            rich_help_panel=headings.EVERYWHERE,
        ),
    ] = None,
    quiet: Annotated[
        bool,
        typer.Option("-q", "--quiet", help="results only", rich_help_panel=headings.EVERYWHERE),
    ] = False,
    verbose: Annotated[
        int,
        typer.Option(
            "-v",
            "--verbose",
            count=True,
            show_default=False,
            help="also show what libraries log; twice for more",
            rich_help_panel=headings.EVERYWHERE,
        ),
    ] = 0,
    no_color: Annotated[
        bool,
        typer.Option(
            "--no-color",
            help="no colours (also NO_COLOR)",
            rich_help_panel=headings.EVERYWHERE,
        ),
    ] = False,
    _version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_show_version,
            is_eager=True,
            help="show the version",
        ),
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help(), err=True)
        raise typer.Exit(FAILED)
    context.obj = new_session(directory, quiet, verbose, no_color, context.obj or ())
