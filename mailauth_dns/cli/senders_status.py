"""The senders status command: each declared sender, and what is to be done about it."""

from __future__ import annotations

from typing import Annotated

import typer

from mailauth_dns.cli import headings, what_next_senders
from mailauth_dns.cli.options import Domains, OutputFormat
from mailauth_dns.cli.session import DIFFERS, DONE, FAILED, Format, domains, session_of
from mailauth_dns.render import sender_status
from mailauth_dns.sender_checks import status


def command(
    context: typer.Context,
    domain: Domains = None,
    no_live: Annotated[
        bool,
        typer.Option(
            "--no-live",
            help="look at the policies alone, without tests and without live DNS",
            rich_help_panel=headings.LOOK,
        ),
    ] = False,
    format: OutputFormat = Format.TEXT,
) -> int:
    """Show each declared sender, and what is left to do.

    It says whether the sender is active, retired or gone, what aligns, whether its tests pass now,
    and what DNS has otherwise than the policy. It changes nothing.
    """
    session = session_of(context)
    repo, publications = session.load()
    policies = repo.of(domains(domain))
    if no_live:
        found = status.declared(policies)
    else:
        with session.waiting("asking DNS about senders"):
            found = status.look(policies, repo, publications)
    if format is Format.JSON:
        session.json(sender_status.data(found))
    else:
        session.show(sender_status.lines(found), wrap=True)
    what_next_senders.after_status(session, domains(domain), found)
    if any(each.unknown for each in found):
        return FAILED
    return DIFFERS if any(each.wrong for each in found) else DONE
