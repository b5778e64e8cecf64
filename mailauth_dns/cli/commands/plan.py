"""The plan command: what would change, as text and as a file for apply."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from mailauth_dns.cache.shelf import Shelf
from mailauth_dns.cli import completions, headings, plan_format, plan_result, what_next_plan
from mailauth_dns.cli.jobs import Jobs, in_processes, processes_for
from mailauth_dns.cli.options import Domains, NoCache, NoLive
from mailauth_dns.cli.plan_format import MaxChars, PlanFormat, PlanOutput
from mailauth_dns.cli.plan_result import DetailedExitcode, Out, PlanFailOn
from mailauth_dns.cli.plan_scope import ChangedSince, LiveOnly, OnlyProvider, PlanScope
from mailauth_dns.cli.plan_with_progress import NO_PROVIDER, planned
from mailauth_dns.cli.session import Session, domains, session_of
from mailauth_dns.cli.shard_option import ShardOption, refuse_changed, shard_of, state_of
from mailauth_dns.compile.publication import Publication
from mailauth_dns.deploy.plan_live_only import plan_live_only
from mailauth_dns.deploy.plan_request import PlanRequest
from mailauth_dns.deploy.provider_pool import providers
from mailauth_dns.deploy.quiet_notes import QuietNotes
from mailauth_dns.deploy.quiet_zones import QuietZones
from mailauth_dns.plan import plan_file
from mailauth_dns.plan.plan import Plan
from mailauth_dns.policy.repo import Repo
from mailauth_dns.records.name import DomainName


def command(
    context: typer.Context,
    domain: Domains = None,
    changed_since: ChangedSince = None,
    provider: OnlyProvider = None,
    live_only: LiveOnly = False,
    shard: ShardOption = None,
    out: Out = None,
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
    fail_on: PlanFailOn = None,
    detailed_exitcode: DetailedExitcode = False,
    no_live: NoLive = False,
    no_cache: NoCache = False,
    jobs: Jobs = None,
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

    It changes nothing. `plan merge` puts together what `plan --shard` made on several machines.
    """
    session = session_of(context)
    scope = PlanScope(changed_since, tuple(provider or ()), live_only, shard_of(shard))
    scope.refuse_beside(show=show is not None, no_live=no_live)
    plan_format.check(format, max_chars)
    declaring: Sequence[DomainName] = ()
    if show is not None:
        file = plan_file.read(session.path(show))
    else:
        request = PlanRequest(domains(domain), not no_live, normalize, show_kept)
        files = state_of(session.root, scope.shard)
        file, declaring = _of_repo(session, request, scope, session.shelf(no_cache=no_cache), jobs)
        if file.shard is not None:
            refuse_changed(files, file.shard.files)
        plan_result.write(session, out, file)
    plan_format.show(session, file, format, max_chars, show_kept)
    code = plan_result.exit_code(session, file, fail_on, detailed=detailed_exitcode)
    what_next_plan.after_plan(session, file, show or out, declaring, live=not no_live)
    return code


def _of_repo(
    session: Session, request: PlanRequest, scope: PlanScope, shelf: Shelf, jobs: int | None
) -> tuple[Plan, Sequence[DomainName]]:
    """Return the plan that is requested, and the domains that were looked at for it."""
    quiet, make = None, partial(_made, session, request, jobs)
    if shelf.is_open and scope.is_whole and not request.live and not request.domains:
        with session.waiting("reading policies"):
            quiet = QuietZones(shelf, session.root, (request.normalize, request.show_kept))
        plan = quiet.recalled(make)
        if plan is not None:
            return plan, ()
    repo, publications = session.load(to_plan=True)
    declaring = [domain for publication in publications for domain in publication.domains]
    request = scope.narrowed(session, repo, publications, request)
    if scope.live_only:
        with session.waiting("asking the authoritative servers"):
            return plan_live_only(repo, publications, request), declaring
    chosen = request.chosen(repo, publications)
    if chosen and not any(publication.providers for publication in chosen):
        session.say(f"nothing can be planned: {NO_PROVIDER}")
    if quiet is not None:
        return quiet.whole(repo, publications, make), declaring
    return _made(session, request, jobs, repo, publications), declaring


def _made(
    session: Session,
    request: PlanRequest,
    jobs: int | None,
    repo: Repo,
    publications: tuple[Publication, ...],
    quiet: QuietNotes | None = None,
) -> Plan:
    session.hide_secrets(repo)
    zones = len(request.chosen(repo, publications))
    number = processes_for(zones, jobs, asks_dns=request.live)
    with providers(repo) as pool, in_processes(number) as spread:
        return planned(session, repo, pool, publications, request, quiet, spread)
