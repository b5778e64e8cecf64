"""The diff command: the policies against live DNS, now."""

from __future__ import annotations

from itertools import chain

import typer

from mailauth_dns.cli import live_result, what_next
from mailauth_dns.cli.options import Domains, OutputFormat, Scheduler
from mailauth_dns.cli.scheduler import spread_of
from mailauth_dns.cli.session import Format, domains, session_of
from mailauth_dns.compile.publication import selected
from mailauth_dns.deploy.verify import watch


def command(
    context: typer.Context,
    domain: Domains = None,
    scheduler: Scheduler = None,
    format: OutputFormat = Format.TEXT,
) -> int:
    """Compare the policies with live DNS.

    It asks the authoritative servers directly.
    """
    session = session_of(context)
    repo, publications = session.load()
    chosen = selected(repo, publications, domains(domain))
    with spread_of(scheduler) as spread:
        with session.waiting("asking the authoritative servers"):
            seen = watch(chosen, 0, spread=spread)
        why = live_result.explained(session, seen, chosen, spread)
    code = live_result.show(session, seen, why, format, "Diff")
    what_next.after_diff(session, chain(*seen.values()), chosen, domains(domain))
    return code
