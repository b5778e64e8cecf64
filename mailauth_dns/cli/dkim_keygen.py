"""The dkim keygen command: a new key, and a pending selector for it."""

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
from mailauth_dns.cli.session import DONE, Format, domains, session_of
from mailauth_dns.keys import keygen as new_keys
from mailauth_dns.keys import keypair
from mailauth_dns.keys.private_files import KeyDestination
from mailauth_dns.policy.load import load_repo
from mailauth_dns.records.dkim import KeyType
from mailauth_dns.render import json_data, keys


def command(
    context: typer.Context,
    domain: Domain,
    selector: Annotated[
        str | None,
        typer.Option(
            "--selector",
            metavar="NAME",
            help="its name; default: the policy's selector_template",
            rich_help_panel=headings.KEY,
        ),
    ] = None,
    type: Annotated[
        KeyType, typer.Option("--type", help="rsa or ed25519", rich_help_panel=headings.KEY)
    ] = KeyType.RSA,
    bits: Bits = keypair.RSA_BITS[0],
    private_dir: PrivateDir = None,
    owner: OwnerOption = None,
    format: OutputFormat = Format.TEXT,
) -> int:
    """Make a key and a pending selector for it.

    The private half goes outside the repo, the public half into it.
    """
    session = session_of(context)
    check_bits(bits)
    repo = load_repo(session.root)
    [policy] = repo.of(domains([domain]))
    destination = KeyDestination(private_folder(session, private_dir), owner_named(owner))
    spec = new_keys.KeySpec(type, bits, selector)
    made = new_keys.keygen(repo, policy, spec, destination, datetime.now(UTC))
    if format is Format.JSON:
        session.json({"format": json_data.FORMAT, **keys.new_key_data(made)})
    else:
        session.show(keys.new_key(made), wrap=True)
        session.say(keys.after_keygen(made))
    for remark in made.remarks:
        session.say(remark)
    what_next_keys.after_keygen(session, policy.domain)
    return DONE
