"""The apply command: carry out what was reviewed."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from mailauth_dns.cli import completions, headings, what_next_plan
from mailauth_dns.cli.durations import seconds
from mailauth_dns.cli.options import Allow, NoLive, OutputFormat
from mailauth_dns.cli.plan_with_progress import NO_PROVIDER, planned
from mailauth_dns.cli.session import DIFFERS, DONE, FAILED, INTERRUPTED, Format, Session, session_of
from mailauth_dns.compile.publication import Publication
from mailauth_dns.deploy.apply import ApplyRequest, ApplyResult, apply
from mailauth_dns.deploy.make_plan import PlanRequest
from mailauth_dns.deploy.provider_pool import ProviderPool, providers
from mailauth_dns.deploy.replan import replan
from mailauth_dns.errors import MailAuthError, PlanRefused
from mailauth_dns.plan import plan_file
from mailauth_dns.plan.permissions import LIVE_UNKNOWN, Allowance, allowance, refusals
from mailauth_dns.plan.plan import Plan
from mailauth_dns.policy.repo import Repo
from mailauth_dns.render import json_data, plan_text


def command(
    context: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[PLAN]",
            autocompletion=completions.plans,
            help="a plan that you reviewed; without it: plan, ask, apply",
        ),
    ] = None,
    allow: Allow = None,
    wait: Annotated[
        str,
        typer.Option(
            "--wait",
            metavar="TIME",
            help="how long DNS may take to agree afterwards",
            rich_help_panel=headings.LOOK,
        ),
    ] = "60s",
    no_live: NoLive = False,
    format: OutputFormat = Format.TEXT,
) -> int:
    """Apply what was reviewed, exactly, or refuse."""
    session = session_of(context)
    request = ApplyRequest(
        tuple(map(allowance, allow or ())), seconds(wait, "--wait"), live=not no_live
    )
    repo, publications = session.load()
    session.hide_secrets(repo)
    result: ApplyResult | None
    with providers(repo) as pool:
        if file is not None:
            result = _apply_reviewed(session, repo, pool, publications, request, session.path(file))
        else:
            beside = format is Format.JSON
            result = _apply_asked(session, repo, pool, publications, request, beside=beside)
    if result is None:
        what_next_plan.after_no(session)
        return FAILED
    if format is Format.JSON:
        session.json(json_data.outcome(result))
    else:
        session.show(plan_text.outcome(result), wrap=True)
    what_next_plan.after_apply(session, result, file, repo)
    return _exit_code(result, request.allowed)


def _apply_reviewed(
    session: Session,
    repo: Repo,
    pool: ProviderPool,
    publications: tuple[Publication, ...],
    request: ApplyRequest,
    file: Path,
) -> ApplyResult:
    """Apply what is in a plan file."""
    _refuse_domain(file, publications)
    reviewed = plan_file.read(file)
    if reviewed.live_only:
        raise PlanRefused(
            f"{file} is a plan of live DNS alone (--live-only): no provider was asked; plan "
            "without --live-only, where the providers' secrets are, and apply that"
        )
    with session.progress(len(reviewed.zones), "planning again") as progress:
        fresh, notes = replan(
            repo, pool, publications, reviewed, live=request.live, progress=progress
        )
    request = replace(request, journal=_journal(file, reviewed), notes=notes)
    with session.progress(len(fresh.zones), "applying") as progress:
        return apply(fresh, pool, request, reviewed, progress)


def _apply_asked(
    session: Session,
    repo: Repo,
    pool: ProviderPool,
    publications: tuple[Publication, ...],
    request: ApplyRequest,
    *,
    beside: bool,
) -> ApplyResult | None:
    """Plan, show the plan, ask, and apply it; None where the answer is no."""
    fresh = planned(session, repo, pool, publications, PlanRequest(live=request.live))
    if not fresh.zones and not fresh.failed:
        raise MailAuthError(f"nothing can be applied: {NO_PROVIDER}")
    session.show(plan_text.plan(fresh, show_kept=False), beside=beside, wrap=True)
    refused = refusals(fresh, request.allowed)
    ready = any(zone.changes and zone.where not in refused for zone in fresh.zones)
    if ready and not _confirmed(refused.keys()):
        session.say("not applied")
        return None
    with session.progress(len(fresh.zones), "applying") as progress:
        return apply(fresh, pool, request, progress=progress)


def _refuse_domain(file: Path, publications: Iterable[Publication]) -> None:
    """Refuse a domain in the place of a plan file, and say what to write."""
    if (
        file.name in {domain for publication in publications for domain in publication.domains}
        and not file.exists()
    ):
        name = file.name
        raise MailAuthError(
            f"{name} is a domain, and apply takes a plan file: `plan {name} --out plan.json`, "
            "then `apply plan.json`"
        )


def _journal(plan: Path, reviewed: Plan) -> Path:
    """Return where an apply of this plan is recorded.

    That is beside the file. The fingerprint sets it apart from older plans of the same name.
    """
    return plan.with_name(f"{plan.name}.{plan_file.fingerprint(reviewed)[:12]}.journal")


def _confirmed(refused: Iterable[tuple[str, str]]) -> bool:
    zones = ", ".join(dict.fromkeys(zone for zone, _ in refused))
    without = f", all but those of {zones}, which is refused" if zones else ""
    sys.stderr.write(f"Apply these changes{without}? Only `yes` applies them: ")
    sys.stderr.flush()
    try:
        return sys.stdin.readline().strip() == "yes"
    except UnicodeDecodeError:
        return False


def _exit_code(result: ApplyResult, allowed: Iterable[Allowance]) -> int:
    if result.interrupted:
        return INTERRUPTED
    if not result.complete:
        return FAILED
    if any(row.state == "unknown" for row in result.live or ()) and not any(
        each.id == LIVE_UNKNOWN for each in allowed
    ):
        return FAILED
    return (
        DIFFERS
        if result.waiting or any(row.state != "unknown" for row in result.live or ())
        else DONE
    )
