"""The program's own options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mailauth_dns import __version__
from mailauth_dns.cli.session import FAILED, Format, Session, new_session

Domains = Annotated[
    list[str] | None, typer.Argument(metavar="[DOMAIN]...", help="only these domains; default: all")
]
PrivateWeb = Annotated[
    bool,
    typer.Option(
        "--private-web", help="fetch from web servers at addresses that are not public, too"
    ),
]
OutputFormat = Annotated[Format, typer.Option("--format", help="text or json")]

app = typer.Typer(
    name="mailauth-dns",
    help="SPF, DKIM and DMARC as code: policies in YAML, planned and applied through octoDNS.",
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


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
            help="the zone repo to work in; default: this one or the next above that is one",
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="results only")] = False,
    verbose: Annotated[
        int,
        typer.Option(
            "-v", "--verbose", count=True, help="also what the libraries say; twice for more"
        ),
    ] = 0,
    no_color: Annotated[
        bool, typer.Option("--no-color", help="no colours (also NO_COLOR)")
    ] = False,
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="the version")
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help(), err=True)
        raise typer.Exit(FAILED)
    context.obj = new_session(directory, quiet, verbose, no_color)


def session_of(context: typer.Context) -> Session:
    """Return the run's session."""
    session = context.obj
    assert isinstance(session, Session)
    return session
