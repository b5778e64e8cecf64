"""The senders show command: everything that the catalogue says of a sender."""

from __future__ import annotations

from typing import Annotated

import typer

from mailauth_dns.cli import completions, headings, what_next_senders
from mailauth_dns.cli.options import OutputFormat
from mailauth_dns.cli.sender_names import SenderName, named
from mailauth_dns.cli.session import DONE, Format, domains, session_of
from mailauth_dns.policy.load import load_catalogue
from mailauth_dns.render import sender_page


def command(
    context: typer.Context,
    name: SenderName,
    domain: Annotated[
        str,
        typer.Option(
            "--domain",
            metavar="DOMAIN",
            autocompletion=completions.domains,
            help="show what comes out for this domain",
            rich_help_panel=headings.LOOK,
        ),
    ] = "example.com",
    format: OutputFormat = Format.TEXT,
) -> int:
    """Explain a sender, and say what it needs.

    Every fact stands beside its source, the day it was read there, and a grade: A is the sender's
    own page, D somebody else's guide.
    """
    session = session_of(context)
    catalogue = load_catalogue(session.root)
    sender, entry = named(catalogue, name)
    [shown] = domains([domain])
    if format is Format.JSON:
        session.json(sender_page.data(sender, entry, shown))
    else:
        session.show(sender_page.lines(sender, entry, shown), wrap=True)
    what_next_senders.after_show(session, sender, entry)
    return DONE
