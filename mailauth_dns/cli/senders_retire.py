"""The senders retire command: a sender sends no more."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from mailauth_dns.cli import completions, headings, what_next_senders
from mailauth_dns.cli.key_options import Domain
from mailauth_dns.cli.options import OutputFormat
from mailauth_dns.cli.session import DONE, Format, domains, session_of
from mailauth_dns.policy.load import load_repo
from mailauth_dns.render import sender_status
from mailauth_dns.sender_checks.retire import retire


def command(
    context: typer.Context,
    domain: Domain,
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            autocompletion=completions.declared_senders,
            help="the sender, as the policy names it",
        ),
    ],
    on: Annotated[
        datetime | None,
        typer.Option(
            "--on",
            metavar="DAY",
            formats=["%Y-%m-%d"],
            help="the first day, in UTC, on which it sends no more; default: today",
            rich_help_panel=headings.WRITE,
        ),
    ] = None,
    format: OutputFormat = Format.TEXT,
) -> int:
    """Write into a policy that a sender sends no more.

    Its SPF terms and keys stay for a grace (`sender_grace`, 30 days), since mail of it may still be
    on its way. Then one plan takes exactly its records away.
    """
    session = session_of(context)
    repo = load_repo(session.root)
    [policy] = repo.of(domains([domain]))
    today = datetime.now(UTC).date()
    done = retire(repo, policy, name, on.date() if on is not None else today)
    if format is Format.JSON:
        session.json(sender_status.retired_data(done))
    else:
        session.show(sender_status.retired(done, today), wrap=True)
    what_next_senders.after_retire(session, policy, gone=done.gone_from <= today)
    return DONE
