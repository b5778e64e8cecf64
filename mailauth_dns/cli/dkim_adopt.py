"""The dkim adopt command: a key that another program made becomes ours."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from mailauth_dns.cli import completions, headings, what_next_keys
from mailauth_dns.cli.key_options import (
    Domain,
    OwnerOption,
    PrivateDir,
    owner_named,
    private_folder,
)
from mailauth_dns.cli.options import OutputFormat
from mailauth_dns.cli.session import DONE, Format, domains, session_of
from mailauth_dns.errors import MailAuthError
from mailauth_dns.keys import adoption, keypair, private_files
from mailauth_dns.policy.load import load_repo
from mailauth_dns.records import dkim as records_dkim
from mailauth_dns.render import json_data, keys


def command(
    context: typer.Context,
    domain: Domain,
    selector: Annotated[
        str,
        typer.Argument(
            metavar="SELECTOR", autocompletion=completions.selectors, help="its name in DNS"
        ),
    ],
    private_key: Annotated[
        Path,
        typer.Option(
            "--private-key",
            metavar="FILE",
            help="its private half, as PEM or an Ed25519 seed",
            rich_help_panel=headings.PRIVATE,
        ),
    ],
    private_dir: PrivateDir = None,
    move: Annotated[
        bool,
        typer.Option(
            "--move",
            help="delete FILE once the key is in the private folder",
            rich_help_panel=headings.PRIVATE,
        ),
    ] = False,
    leave: Annotated[
        bool,
        typer.Option(
            "--leave",
            help="leave the private half in FILE and copy it nowhere",
            rich_help_panel=headings.PRIVATE,
        ),
    ] = False,
    owner: OwnerOption = None,
    format: OutputFormat = Format.TEXT,
) -> int:
    """Make an existing key ours.

    The policy has it already as published (`p:`), or it gets a new selector.
    """
    session = session_of(context)
    if (
        not private_key.name
        or records_dkim.holds_private_key(str(private_key))
        or keypair.is_private(str(private_key).encode())
    ):
        raise MailAuthError(
            "--private-key names the file that holds the key; the key itself is no argument"
        )
    if move and leave:
        raise MailAuthError("--move and --leave: give one")
    if leave and (private_dir is not None or owner is not None):
        raise MailAuthError("--leave copies nothing, so it takes no --private-dir and no --owner")
    repo = load_repo(session.root)
    [policy] = repo.of(domains([domain]))
    folder = (
        None if leave else private_files.folder(private_folder(session, private_dir), session.root)
    )
    made = adoption.adopt(
        repo,
        policy,
        selector,
        adoption.KeySource(session.path(private_key), folder, move, owner_named(owner)),
        datetime.now(UTC),
    )
    if format is Format.JSON:
        session.json({"format": json_data.FORMAT, **keys.adopted_data(made)})
    else:
        session.show(keys.adopted(made), wrap=True)
        session.say("a plan shows what changes in DNS, tags too; after it, export what signs")
    what_next_keys.after_adopt(session, policy)
    return DONE
