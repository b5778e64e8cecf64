"""The apply command: carry out what was reviewed."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from mailauth_dns.cli import completions, headings, what_next_plan
from mailauth_dns.cli.durations import seconds
from mailauth_dns.cli.jobs import Jobs, in_processes, processes_for
from mailauth_dns.cli.options import Allow, NoLive, OutputFormat
from mailauth_dns.cli.plan_with_progress import NO_PROVIDER, planned
from mailauth_dns.cli.report_file import ReportFile, reporting
from mailauth_dns.cli.session import (
    DIFFERS,
    DONE,
    FAILED,
    INTERRUPTED,
    Format,
    Session,
    domains,
    session_of,
)
from mailauth_dns.compile.publication import Publication
from mailauth_dns.deploy.apply import ApplyRequest, ApplyResult, apply
from mailauth_dns.deploy.plan_request import PlanRequest
from mailauth_dns.deploy.provider_pool import ProviderPool, providers
from mailauth_dns.deploy.replan import NoLongerReviewed, replan
from mailauth_dns.errors import MailAuthError, PlanRefused
from mailauth_dns.plan import plan_file, plan_json, plan_shard
from mailauth_dns.plan.only import left_out, refuse_unknown
from mailauth_dns.plan.only import only as only_zones
from mailauth_dns.plan.permissions import LIVE_UNKNOWN, Allowance, allowance, is_allowed, refusals
from mailauth_dns.plan.plan import Plan
from mailauth_dns.policy.repo import Repo
from mailauth_dns.records.name import DomainName
from mailauth_dns.render import json_data, plan_text
from mailauth_dns.render.terminal_text import count
from mailauth_dns.spread.spread import Spread

Report = Annotated[
    Path | None,
    typer.Option(
        "--report",
        metavar="FILE",
        help="write what was done to this file as JSON, also if the apply fails",
        rich_help_panel=headings.WRITE,
    ),
]
Only = Annotated[
    list[str] | None,
    typer.Option(
        "--only",
        metavar="ZONE",
        autocompletion=completions.domains,
        help="apply this zone of the plan and no other; may be repeated",
        rich_help_panel=headings.LOOK,
    ),
]


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
    only: Only = None,
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
    jobs: Jobs = None,
    report: Report = None,
    format: OutputFormat = Format.TEXT,
) -> int:
    """Apply what was reviewed, exactly, or refuse."""
    session = session_of(context)
    request = ApplyRequest(
        tuple(map(allowance, allow or ())), seconds(wait, "--wait"), live=not no_live
    )
    zones = domains(only)
    path, plan = (session.path(each) if each is not None else None for each in (report, file))
    with reporting(path, plan, session.root, allow or (), zones) as log:
        repo, publications = session.load()
        session.hide_secrets(repo)
        result: ApplyResult | None
        with providers(repo) as pool:
            run = _Run(session, repo, publications, pool, request, zones, log, jobs)
            if file is not None:
                result = run.reviewed(file)
            else:
                result = run.asked(beside=format is Format.JSON)
        if result is None:
            log.closed("answered no", FAILED)
            what_next_plan.after_no(session)
            return FAILED
        code = _exit_code(result, request.allowed)
        try:
            _show(session, result, format)
        finally:  # whoever reads the result may have gone
            log.ended(result, request.allowed, code)
    what_next_plan.after_apply(session, result, file, repo)
    return code


def _show(session: Session, result: ApplyResult, format: Format) -> None:
    if format is Format.JSON:
        session.json(json_data.outcome(result))
    else:
        session.show(plan_text.outcome(result), wrap=True)


@dataclass(frozen=True, slots=True)
class _Run:
    """One apply: of a plan file, or of a plan that is made and asked about."""

    session: Session
    repo: Repo
    publications: tuple[Publication, ...]
    pool: ProviderPool
    request: ApplyRequest
    only: tuple[DomainName, ...]
    log: ReportFile
    jobs: int | None

    def reviewed(self, given: Path) -> ApplyResult:
        """Apply what is in a plan file."""
        session, request = self.session, self.request
        file = session.path(given)
        _refuse_domain(file, self.publications)
        whole = plan_file.read(file)
        plan_shard.refuse_shard(file, whole)
        if whole.live_only:
            raise PlanRefused(
                f"{file} is a plan of live DNS alone (--live-only): no provider was asked; plan "
                "without --live-only, where the providers' secrets are, and apply that"
            )
        reviewed = only_zones(whole, self.only) if self.only else whole
        self.log.of(whole, reviewed)
        with in_processes(processes_for(len(reviewed.zones), self.jobs)) as spread:
            fresh, notes = self._replanned(given, reviewed, spread)
            self.log.planned(fresh)
            if others := left_out(whole, reviewed):
                left = f"--only leaves {count(len(others), 'other zone')} of the plan out"
                notes = (*notes, left)
            journal = _journal(file, whole)
            request = replace(request, journal=journal, notes=notes, spread=spread)
            with session.progress(len(fresh.zones), "applying") as progress:
                return apply(fresh, self.pool, request, reviewed, progress)

    def _replanned(
        self, file: Path, reviewed: Plan, spread: Spread | None
    ) -> tuple[Plan, tuple[str, ...]]:
        session, live = self.session, self.request.live
        zones = len(reviewed.zones)
        if processes_for(zones, self.jobs, asks_dns=live) == 1:
            spread = None
        with session.progress(zones, "planning again") as progress:
            try:
                return replan(
                    self.repo,
                    self.pool,
                    self.publications,
                    reviewed,
                    live=live,
                    progress=progress,
                    spread=spread,
                )
            except NoLongerReviewed as stale:
                ways = what_next_plan.ways_on(session, stale, reviewed, file)
                raise PlanRefused("\n".join([str(stale), *ways])) from None

    def asked(self, *, beside: bool) -> ApplyResult | None:
        """Plan, show the plan, ask, and apply it; None where the answer is no."""
        session, request = self.session, self.request
        processes_for(0, self.jobs)  # a wrong number is told before anybody says yes
        publications = self.publications
        if self.only:
            refuse_unknown(self.only, (each.origin for each in publications), "no policy has it")
            publications = tuple(each for each in publications if each.origin in self.only)
        wanted = PlanRequest(live=request.live, declared=self.publications)
        fresh = planned(session, self.repo, self.pool, publications, wanted)
        if not fresh.zones and not fresh.failed:
            raise MailAuthError(f"nothing can be applied: {NO_PROVIDER}")
        session.show(plan_text.plan(fresh, show_kept=False), beside=beside, wrap=True)
        refused = refusals(fresh.zones, request.allowed)
        self.log.of(fresh, fresh)
        self.log.planned(fresh)
        ready = any(zone.changes and zone.where not in refused for zone in fresh.zones)
        if ready and not _confirmed(refused.keys()):
            session.say("not applied")
            return None
        with (
            in_processes(processes_for(len(fresh.zones), self.jobs)) as spread,
            session.progress(len(fresh.zones), "applying") as progress,
        ):
            request = replace(request, spread=spread)
            return apply(fresh, self.pool, request, progress=progress)


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
    return plan.with_name(f"{plan.name}.{plan_json.fingerprint(reviewed)[:12]}.journal")


def _confirmed(refused: Iterable[tuple[str, str]]) -> bool:
    zones = ", ".join(dict.fromkeys(zone for zone, _ in refused))
    without = f", all but those of {zones}, which is refused" if zones else ""
    sys.stderr.write(f"Apply these changes{without}? Only `yes` applies them: ")
    sys.stderr.flush()
    try:
        return sys.stdin.readline().strip() == "yes"
    except UnicodeDecodeError:
        return False


def _exit_code(result: ApplyResult, allowed: Sequence[Allowance]) -> int:
    if result.interrupted:
        return INTERRUPTED
    if not result.complete:
        return FAILED
    for zone, rows in result.rows_by_zone().items():
        unknown = any(row.state == "unknown" for row in rows)
        if unknown and not is_allowed(allowed, LIVE_UNKNOWN, zone):
            return FAILED
    return (
        DIFFERS
        if result.waiting or any(row.state != "unknown" for row in result.live or ())
        else DONE
    )
