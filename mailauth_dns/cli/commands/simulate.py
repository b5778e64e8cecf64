"""The simulate command: a receiver's verdict about a message that options describe."""

from __future__ import annotations

from typing import Annotated

import typer

from mailauth_dns.cli import completions, headings, verdict_result
from mailauth_dns.cli.described_message import described
from mailauth_dns.cli.dns_before_after import resolvers
from mailauth_dns.cli.options import OutputOrPage, PlanOption
from mailauth_dns.cli.session import PageFormat, session_of
from mailauth_dns.pages.identities import Identities
from mailauth_dns.policy.mail_tests import MessageSection
from mailauth_dns.records.mailbox import domain_of
from mailauth_dns.simulate.run_mail_tests import judged


def command(
    context: typer.Context,
    header_from: Annotated[
        str,
        typer.Option(
            "--from", metavar="ADDRESS", help="the From header", rich_help_panel=headings.MESSAGE
        ),
    ],
    ip: Annotated[
        str,
        typer.Option(
            "--ip", metavar="IP", help="the client's address", rich_help_panel=headings.MESSAGE
        ),
    ],
    mail_from: Annotated[
        str | None,
        typer.Option(
            "--mail-from",
            metavar="ADDRESS",
            help="the envelope's sender; '<>': none",
            rich_help_panel=headings.MESSAGE,
        ),
    ] = None,
    helo: Annotated[
        str | None,
        typer.Option(
            "--helo",
            metavar="NAME",
            help="what the client calls itself",
            rich_help_panel=headings.MESSAGE,
        ),
    ] = None,
    dkim: Annotated[
        list[str] | None,
        typer.Option(
            "--dkim",
            metavar="[D:]S",
            autocompletion=completions.selectors,
            help="a signature that verifies where its key is published",
            rich_help_panel=headings.MESSAGE,
        ),
    ] = None,
    plan: PlanOption = None,
    format: OutputOrPage = PageFormat.TEXT,
) -> int:
    """Judge a message that you describe, as a receiver would.

    It judges by DNS as it is, and as it would be.
    """
    session = session_of(context)
    given = {"from": header_from, "ip": ip, "mail_from": mail_from, "helo": helo}
    signatures = [_signature(each) for each in dkim or ()]
    message = described(MessageSection, {**given, "dkim": signatures}, {})
    author = domain_of(message.from_)
    live, published = resolvers(session, plan)
    with session.waiting("asking DNS"):
        found = [
            (title, judged(author, message, resolver)) for title, resolver in (live, *published)
        ]
    identities = Identities((message.from_,), message.sender, message.client, message.ip)
    return verdict_result.show(session, found, identities, format)


def _signature(text: str) -> dict[str, str]:
    d, colon, s = text.rpartition(":")
    return {"d": d, "s": s} if colon else {"s": s}
