"""The senders import-template command: a Domain Connect template as what a policy says."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from mailauth_dns.cli.options import OutputFormat
from mailauth_dns.cli.session import DIFFERS, DONE, Format, session_of
from mailauth_dns.errors import MailAuthError
from mailauth_dns.policy.load import load_sound
from mailauth_dns.policy.repo_layout import SENDER_DIR
from mailauth_dns.records import dkim
from mailauth_dns.senders import domain_connect, template_draft
from mailauth_dns.senders.recognition import Recognition


def command(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="a Domain Connect template, as JSON"),
    ],
    format: OutputFormat = Format.TEXT,
) -> int:
    """Say what a sender's set-up template comes to in a policy.

    A sender that the catalogue does not know becomes a draft for zones/senders. What is risky in
    the template is told: fixed tokens, and records that overwrite yours.
    """
    session = session_of(context)
    # The file that the draft goes to may be there, and empty: a shell makes it first.
    recognition = Recognition(load_sound(session.root)[0].catalogue)
    template = _read(session.path(file), file)
    found = list(domain_connect.warnings(template))
    sender = template_draft.sender_of(template, recognition)
    entry = recognition.catalogue.get(sender) if sender is not None else None
    if sender is not None and entry is not None:
        path, text = None, template_draft.block(sender, entry)
    else:
        path = (SENDER_DIR / f"{template_draft.draft_id(template)}.yaml").as_posix()
        text = template_draft.draft(template)
    if format is Format.JSON:
        session.json(
            {
                "format": 1,
                "template": f"{template.provider}.{template.service}",
                "sender": sender,
                "path": path,
                "text": text,
                "variables": list(template.variables),
                "warnings": [
                    {"type": each.record.type, "host": each.record.host or "@", "text": each.text}
                    for each in found
                ],
            }
        )
    else:
        for each in found:
            session.say(f"{each.record.host or '@'} {each.record.type}: {each.text}")
        if path is not None:
            session.say(f"the catalogue does not know this sender; a draft for {path}:")
        session.show([Text(text.removesuffix("\n"))])
    if sender is not None:
        session.next("senders", "show", sender, why="explains each value, with its sources")
    else:
        session.next("lint", why="once the draft is in place and filled in: it checks the file")
    return DIFFERS if found else DONE


def _read(path: Path, named: Path) -> domain_connect.Template:
    text = path.read_bytes().decode("utf-8", "replace")
    if dkim.holds_private_key(text):
        raise MailAuthError(f"{named}: this holds a private key; give the sender's template")
    try:
        return domain_connect.read(text)
    except MailAuthError as error:
        raise MailAuthError(f"{named}: {error}") from None
