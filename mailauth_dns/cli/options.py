"""Arguments and options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mailauth_dns.cli import completions, headings
from mailauth_dns.cli.session import Format, PageFormat

Domains = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[DOMAIN]...",
        autocompletion=completions.domains,
        help="only these domains; default: all",
    ),
]
OutputFormat = Annotated[
    Format,
    typer.Option("--format", metavar="FORMAT", help="text or json", rich_help_panel=headings.WRITE),
]
OutputOrPage = Annotated[
    PageFormat,
    typer.Option(
        "--format", metavar="FORMAT", help="text, json or html", rich_help_panel=headings.WRITE
    ),
]
PrivateWeb = Annotated[
    bool,
    typer.Option(
        "--private-web",
        help="also fetch from web servers whose address is not public",
        rich_help_panel=headings.LOOK,
    ),
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        "--scheduler",
        metavar="ADDRESS",
        help="let the workers of this Dask scheduler do it, such as tcp://HOST:8786",
        rich_help_panel=headings.PACE,
    ),
]
NoLive = Annotated[
    bool,
    typer.Option(
        "--no-live",
        help="do not ask live DNS; its state is then unknown",
        rich_help_panel=headings.LOOK,
    ),
]
NoCache = Annotated[
    bool,
    typer.Option(
        "--no-cache",
        help="use nothing that earlier runs kept, and keep nothing",
        rich_help_panel=headings.LOOK,
    ),
]
AskedServers = Annotated[
    list[str] | None,
    typer.Option(
        "--nameserver", metavar="ADDRESS", help="ask this server", rich_help_panel=headings.LOOK
    ),
]
Allow = Annotated[
    list[str] | None,
    typer.Option(
        "--allow",
        metavar="ID[:DOMAIN]",
        autocompletion=completions.rules,
        help="permit what this rule refuses",
        rich_help_panel=headings.PERMIT,
    ),
]
PlanOption = Annotated[
    Path | None,
    typer.Option(
        "--plan",
        metavar="FILE",
        autocompletion=completions.plans,
        help="judge by DNS with this plan applied",
        rich_help_panel=headings.LOOK,
    ),
]
