"""Arguments and options that several commands about keys have, and their values."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mailauth_dns.cli import completions, headings
from mailauth_dns.cli.session import Session
from mailauth_dns.errors import MailAuthError
from mailauth_dns.keys import keypair, private_files
from mailauth_dns.signing_host import key_owner
from mailauth_dns.signing_host.key_owner import Owner

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


def check_bits(bits: int) -> None:
    """Refuse a size that RSA keys are not made in.

    Raises:
        MailAuthError: the size is another.
    """
    if bits not in keypair.RSA_BITS:
        raise MailAuthError(f"--bits {bits}: use one of {', '.join(map(str, keypair.RSA_BITS))}")


def private_folder(session: Session, private_dir: Path | None) -> Path | None:
    """Return the folder that the command line named.

    A relative one lies where the command runs; the repo may be above.
    """
    return session.path(private_dir.expanduser()).absolute() if private_dir is not None else None


def owner_named(owner: str | None) -> Owner | None:
    """Return the user that `--owner` names; None where it is not given.

    Raises:
        MailAuthError: this host has no such user or group.
    """
    return key_owner.named(owner) if owner is not None else None
