"""The verify command: wait until DNS says what the policies say."""

from __future__ import annotations

from itertools import chain
from typing import Annotated

import typer

from mailauth_dns.cli import headings, live_result, what_next
from mailauth_dns.cli.durations import seconds
from mailauth_dns.cli.options import Domains, OutputFormat, Scheduler
from mailauth_dns.cli.scheduler import spread_of
from mailauth_dns.cli.session import Format, domains, session_of
from mailauth_dns.compile.publication import selected
from mailauth_dns.deploy.verify import watch
from mailauth_dns.keys.declared import keys_of


def command(
    context: typer.Context,
    domain: Domains = None,
    wait: Annotated[
        str,
        typer.Option(
            "--wait",
            metavar="TIME",
            help="how long DNS may take, such as 10m",
            rich_help_panel=headings.LOOK,
        ),
    ] = "0s",
    scheduler: Scheduler = None,
    format: OutputFormat = Format.TEXT,
) -> int:
    """Wait until DNS says what the policies say.

    It asks every authoritative server.
    """
    session = session_of(context)
    repo, publications = session.load()
    chosen = selected(repo, publications, domains(domain))
    time = seconds(wait, "--wait")
    limit = f" until they agree, for up to {wait}" if time else ""
    with spread_of(scheduler) as spread:
        with session.waiting(f"asking the authoritative servers{limit}"):
            seen = watch(chosen, time, spread=spread)
        why = live_result.explained(session, seen, chosen, spread)
    code = live_result.show(session, seen, why, format, "Verify")
    policies = repo.of(domains(domain))
    what_next.after_verify(
        session,
        chain(*seen.values()),
        chosen,
        domains(domain),
        waited=time > 0,
        pending=[
            policy.domain for policy in policies if any(key.is_pending for key in keys_of(policy))
        ],
        tested=any(policy.has_tests for policy in policies),
    )
    return code
