"""The dkim rotate command: the next step of a domain's keys."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from mailauth_dns.cli import headings, what_next_keys
from mailauth_dns.cli.key_options import (
    Bits,
    Domain,
    OwnerOption,
    PrivateDir,
    check_bits,
    owner_named,
    private_folder,
)
from mailauth_dns.cli.options import OutputFormat
from mailauth_dns.cli.session import DONE, FAILED, Format, domains, session_of
from mailauth_dns.errors import MailAuthError
from mailauth_dns.keys import keypair, rotation
from mailauth_dns.keys.private_files import KeyDestination
from mailauth_dns.policy.load import load_repo
from mailauth_dns.records.dkim import KeyType
from mailauth_dns.render import keys


def command(
    context: typer.Context,
    domain: Domain,
    type: Annotated[
        list[KeyType] | None,
        typer.Option(
            "--type",
            metavar="TYPE",
            help="only keys of this type: rsa, ed25519",
            rich_help_panel=headings.KEY,
        ),
    ] = None,
    bits: Bits = keypair.RSA_BITS[0],
    private_dir: PrivateDir = None,
    owner: OwnerOption = None,
    format: OutputFormat = Format.TEXT,
) -> int:
    """Write the next step of a domain's keys into its policy.

    You review the edit. It refuses a step whose time has not come.
    """
    session = session_of(context)
    check_bits(bits)
    repo = load_repo(session.root)
    [policy] = repo.of(domains([domain]))
    result = rotation.rotate(
        repo,
        policy,
        type or (),
        bits,
        KeyDestination(private_folder(session, private_dir), owner_named(owner)),
        datetime.now(UTC),
    )
    if format is Format.JSON:
        session.json(keys.rotated_data(result))
    else:
        session.show(keys.rotated(result), wrap=True)
    for made in result.made:
        for remark in made.remarks:
            session.say(remark)
    if result.problem is not None:
        raise MailAuthError(result.problem)
    what_next_keys.after_rotate(session, policy.domain, result)
    return FAILED if result.waiting else DONE
