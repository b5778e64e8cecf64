"""The senders suggest command: what a policy could say of who sends."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from mailauth_dns.cli import completions, headings, what_next_suggest
from mailauth_dns.cli.option_values import checked
from mailauth_dns.cli.options import AskedServers, OutputFormat
from mailauth_dns.cli.session import DIFFERS, DONE, FAILED, Format, Session, domains, session_of
from mailauth_dns.errors import MailAuthError
from mailauth_dns.importing.finished_policy import reasons
from mailauth_dns.importing.suggest_senders import Asked, Suggested, suggest
from mailauth_dns.policy.load import load_repo
from mailauth_dns.records import server_address
from mailauth_dns.records.name import domain_name


def command(
    context: typer.Context,
    domain: Annotated[
        str,
        typer.Argument(
            metavar="DOMAIN", autocompletion=completions.domains, help="whose senders to look for"
        ),
    ],
    from_zone: Annotated[
        Path | None,
        typer.Option(
            "--from-zone",
            metavar="FILE",
            help="read this master file, octoDNS YAML or get-zones output, not DNS",
            rich_help_panel=headings.LOOK,
        ),
    ] = None,
    zone: Annotated[
        str | None,
        typer.Option(
            "--zone",
            metavar="ZONE",
            help="the zone that holds the records; default: the policy's, or the domain",
            rich_help_panel=headings.LOOK,
        ),
    ] = None,
    selector: Annotated[
        list[str] | None,
        typer.Option(
            "--selector",
            metavar="NAME",
            help="also ask for this DKIM selector",
            rich_help_panel=headings.LOOK,
        ),
    ] = None,
    return_path: Annotated[
        list[str] | None,
        typer.Option(
            "--return-path",
            metavar="LABEL",
            help="also ask for a return path at this name below the domain, such as em1234",
            rich_help_panel=headings.LOOK,
        ),
    ] = None,
    nameserver: AskedServers = None,
    write: Annotated[
        bool,
        typer.Option(
            "--write",
            help="write it into the policy, or write a new one",
            rich_help_panel=headings.WRITE,
        ),
    ] = False,
    format: OutputFormat = Format.TEXT,
) -> int:
    """Recognise who sends, and propose it for the policy.

    It says what is useless, missing or unknown, and what the proposal would change in DNS.
    """
    from mailauth_dns.render import sender_suggestion

    session = session_of(context)
    [name] = domains([domain])
    if name.startswith("*"):
        raise MailAuthError(f"{name}: a wildcard cannot have a policy of its own; name the domain")
    if from_zone is not None and (selector or return_path or nameserver):
        raise MailAuthError(
            "--selector, --return-path and --nameserver are for asking DNS; "
            "leave them out with --from-zone"
        )
    for address in nameserver or ():
        checked(address, "--nameserver", server_address.parse)
    asked = Asked(
        session.path(from_zone) if from_zone is not None else None,
        checked(zone, "--zone", domain_name) if zone is not None else None,
        tuple(nameserver or ()),
        tuple(checked(each, "--selector", domain_name) for each in selector or ()),
        tuple(checked(each, "--return-path", domain_name) for each in return_path or ()),
    )
    repo = load_repo(session.root, may_be_empty=True)
    with session.waiting(f"looking for who sends for {name}"):
        made = suggest(repo, name, asked, datetime.now(UTC).date())
    written = write and made.is_proposal and not made.unknown
    if written:
        _write(session, made)
    if format is Format.JSON:
        session.json(sender_suggestion.data(made, written=written))
    else:
        _show(session, made, written=written)
    what_next_suggest.after_suggest(session, made, written=written)
    if made.unknown:
        return FAILED
    return DIFFERS if made.is_proposal else DONE


def _write(session: Session, made: Suggested) -> None:
    from mailauth_dns.importing.import_domains import write_new
    from mailauth_dns.keys import policy_edit

    if made.before is None:
        write_new(session.root, made.path, made.after)
        return

    def edited(text: str) -> str:
        if text != made.before:
            raise MailAuthError(
                f"{made.path}: was changed while DNS was asked, and is left as it is; "
                "run the command again"
            )
        return made.after

    with policy_edit.alone(session.root, made.path):
        policy_edit.edit(session.root, made.path, edited)


def _show(session: Session, made: Suggested, *, written: bool) -> None:
    from mailauth_dns.render import sender_suggestion

    for reason in reasons(made.unknown):
        sys.stderr.write(f"unknown: {reason}\n")
    for line in sender_suggestion.remarks(made):
        session.say(line)
    if written:
        session.line(f"written: {made.path}")
    elif made.is_proposal or made.before is None:
        session.show([Text(sender_suggestion.diff(made).removesuffix("\n"))])
    else:
        session.say(f"{made.path}: says who sends already, as far as the catalogue knows")
