"""The senders list command: who is in the catalogue."""

from __future__ import annotations

from typing import Annotated

import typer

from mailauth_dns.cli import what_next_senders
from mailauth_dns.cli.options import OutputFormat
from mailauth_dns.cli.session import DONE, Format, session_of
from mailauth_dns.errors import MailAuthError
from mailauth_dns.policy.load import load_catalogue
from mailauth_dns.render import senders
from mailauth_dns.senders.entry import Entry


def command(
    context: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[WORD]...",
            help="only senders whose id, name, kind or include has each of these",
        ),
    ] = None,
    format: OutputFormat = Format.TEXT,
) -> int:
    """List the senders that the catalogue knows.

    A policy can name those with a return path; the others are only recognised.
    """
    session = session_of(context)
    catalogue = load_catalogue(session.root)
    wanted = [word.lower() for word in words or ()]
    found = [
        (sender, entry)
        for sender, entry in catalogue.all()
        if all(word in _searched(sender, entry) for word in wanted)
    ]
    if not found:
        raise MailAuthError(f"no sender has {' '.join(wanted)} in its id, name, kind or include")
    if format is Format.JSON:
        session.json(senders.list_data(found, catalogue.own.keys()))
    else:
        session.show(senders.rows(found))
    first = next((sender for sender, entry in found if entry.is_compiled), found[0][0])
    what_next_senders.after_list(session, first)
    return DONE


def _searched(sender: str, entry: Entry) -> str:
    """Return the text in which words are looked for."""
    names = (*entry.called, *entry.recognised_by.includes)
    return " ".join((sender, entry.name.lower(), entry.kind or "", *names))
