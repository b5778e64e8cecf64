"""The serve command: an authoritative DNS server on loopback."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from mailauth_dns.cli import completions, headings
from mailauth_dns.cli.session import DONE, Session, session_of
from mailauth_dns.errors import MailAuthError
from mailauth_dns.octo.provider_objects import local_directory
from mailauth_dns.plan import plan_file, plan_shard
from mailauth_dns.records.server_address import ServerAddress
from mailauth_dns.serve.responses import AnswerSource
from mailauth_dns.serve.server import LoopbackServer

LOCAL = "local"  # the provider whose directory is served, unless another one is named


def command(
    context: typer.Context,
    address: Annotated[
        str,
        typer.Option(
            "--address",
            metavar="ADDRESS",
            help="a loopback address",
            rich_help_panel=headings.SERVER,
        ),
    ] = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option(
            "--port",
            metavar="PORT",
            min=0,
            max=65535,
            help="UDP and TCP; 0 takes a free one",
            rich_help_panel=headings.SERVER,
        ),
    ] = 5453,
    provider: Annotated[
        str,
        typer.Option(
            "--provider",
            metavar="ID",
            autocompletion=completions.providers,
            help="the local provider whose directory is served",
            rich_help_panel=headings.LOOK,
        ),
    ] = LOCAL,
    plan: Annotated[
        Path | None,
        typer.Option(
            "--plan",
            metavar="FILE",
            autocompletion=completions.plans,
            help="answer as after this plan, and take the rest from live DNS",
            rich_help_panel=headings.LOOK,
        ),
    ] = None,
) -> int:
    """Answer DNS on loopback from the local provider's files.

    It runs until it is interrupted.
    """
    session = session_of(context)
    # A program that is told to end has done its work. An interrupt has its own exit code.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(DONE))
    source, what = _source(session, provider, plan, ServerAddress(address, port))
    with LoopbackServer(source, address, port) as server:
        session.say(
            f"serving {what} on {address} port {server.port}, UDP and TCP; interrupt to stop"
        )
        server.wait()
    return DONE


def _source(
    session: Session, provider: str, plan: Path | None, endpoint: ServerAddress
) -> tuple[Path | AnswerSource, str]:
    """Return what is served, and its name for people."""
    repo, _ = session.load()
    stanza = repo.stanzas.get(provider)
    directory = local_directory(stanza, repo.root) if stanza is not None else None
    # Where nothing is local, a plan lies over live DNS.
    if plan is not None and (directory is not None or provider == LOCAL):
        from mailauth_dns.serve.planned_dns import Foreseen  # loads dnspython

        planned = plan_file.read(session.path(plan))
        plan_shard.refuse_shard(plan, planned)
        what = f"{directory or 'live DNS'} as after {plan}"
        return Foreseen(directory, provider, planned, repo.policies, endpoint), what
    if directory is None:
        raise MailAuthError(f"there is no providers/{provider}.yaml; --provider names another one")
    return directory, str(directory)
