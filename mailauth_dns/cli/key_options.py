"""Arguments and options that several commands about keys have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mailauth_dns.cli import completions, headings
from mailauth_dns.keys import keypair, private_files

Domain = Annotated[
    str,
    typer.Argument(
        metavar="DOMAIN", autocompletion=completions.domains, help="the domain of the policy"
    ),
]
PrivateDir = Annotated[
    Path | None,
    typer.Option(
        "--private-dir",
        metavar="DIR",
        help=f"where private keys are, outside the repo (also {private_files.ENVIRONMENT})",
        rich_help_panel=headings.PRIVATE,
    ),
]
OwnerOption = Annotated[
    str | None,
    typer.Option(
        "--owner",
        metavar="USER[:GROUP]",
        help="who reads private keys; default: the folder's owner, else the user that this "
        "host's OpenDKIM or Rspamd is set up to run as",
        rich_help_panel=headings.PRIVATE,
    ),
]
Bits = Annotated[
    int,
    typer.Option(
        "--bits",
        metavar="BITS",
        help=f"size of an RSA key: {', '.join(map(str, keypair.RSA_BITS))}",
        rich_help_panel=headings.KEY,
    ),
]
