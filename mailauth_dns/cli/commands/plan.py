"""The plan command: what would change, as text and as a file for apply."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mailauth_dns.atomic_files import followed, replace_file
from mailauth_dns.cli import completions, headings, plan_format, what_next_plan
from mailauth_dns.cli.options import Domains, NoLive
from mailauth_dns.cli.plan_format import MaxChars, PlanFormat, PlanOutput
from mailauth_dns.cli.plan_with_progress import NO_PROVIDER, planned
from mailauth_dns.cli.session import DIFFERS, DONE, FAILED, domains, session_of
from mailauth_dns.deploy.make_plan import PlanRequest, unresolved
from mailauth_dns.deploy.provider_pool import providers
from mailauth_dns.errors import MailAuthError
from mailauth_dns.plan import plan_file
from mailauth_dns.plan.plan import Plan
from mailauth_dns.records.name import DomainName


def command(
    context: typer.Context,
    domain: Domains = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FILE",
            help="write the plan to this file, for apply",
            rich_help_panel=headings.WRITE,
        ),
    ] = None,
    show: Annotated[
        Path | None,
        typer.Option(
            "--show",
            metavar="FILE",
            autocompletion=completions.plans,
            help="print this plan file, and do nothing else",
            rich_help_panel=headings.LOOK,
        ),
    ] = None,
    detailed_exitcode: Annotated[
        bool,
        typer.Option(
            "--detailed-exitcode",
            help="exit code 2 when there are changes",
            rich_help_panel=headings.EXIT,
        ),
    ] = False,
    no_live: NoLive = False,
    normalize: Annotated[
        bool,
        typer.Option(
            "--normalize",
            help="also change spelling and TTL where the meaning is the same",
            rich_help_panel=headings.WRITE,
        ),
    ] = False,
    show_kept: Annotated[
        bool,
        typer.Option(
            "--show-kept",
            help="print foreign values that stay (plans are posted in public)",
            rich_help_panel=headings.WRITE,
        ),
    ] = False,
    format: PlanOutput = PlanFormat.TEXT,
    max_chars: MaxChars = None,
) -> int:
    """Show what would change at every provider.

    It changes nothing.
    """
    session = session_of(context)
    plan_format.check(format, max_chars)
    declaring: list[DomainName] = []
    if show is not None:
        file = plan_file.read(session.path(show))
    else:
        repo, publications = session.load()
        declaring = [domain for publication in publications for domain in publication.domains]
        request = PlanRequest(domains(domain), not no_live, normalize, show_kept)
        with providers(repo) as pool:
            file = planned(session, repo, pool, publications, request)
        if out is not None:
            _write(session.path(out), file)
    plan_format.show(session, file, format, max_chars, show_kept)
    if show is None and not file.zones and not file.failed:
        session.say(f"nothing can be planned: {NO_PROVIDER}")
    what_next_plan.after_plan(session, file, show or out, declaring, live=not no_live)
    if unresolved(file):
        return FAILED
    return DIFFERS if detailed_exitcode and (file.pending or file.waiting) else DONE


def _write(out: Path, file: Plan) -> None:
    try:
        replace_file(followed(out), plan_file.dumped(file).encode(), durable=False)
    except OSError as error:
        raise MailAuthError(f"--out {out}: {error.strerror}") from None
