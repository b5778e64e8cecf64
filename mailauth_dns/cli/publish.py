"""Commands that ask or change DNS: diff, plan, apply, verify, serve."""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from mailauth_dns.atomic_files import followed, replace_file
from mailauth_dns.cli.app import Domains, OutputFormat, session_of
from mailauth_dns.cli.session import DIFFERS, DONE, FAILED, INTERRUPTED, Format, Session, domains
from mailauth_dns.compile.publication import Publication, selected
from mailauth_dns.deploy import apply as deploy_apply
from mailauth_dns.deploy.apply import ApplyRequest, ApplyResult
from mailauth_dns.deploy.make_plan import PlanRequest, make_plan, unresolved
from mailauth_dns.deploy.provider_pool import ProviderPool, providers
from mailauth_dns.deploy.replan import replan
from mailauth_dns.deploy.verify import watch
from mailauth_dns.deploy.web_form_damage import explained
from mailauth_dns.errors import MailAuthError
from mailauth_dns.plan import plan_file
from mailauth_dns.plan.permissions import LIVE_UNKNOWN, Allowance, allowance
from mailauth_dns.plan.plan import LiveEntry, Plan
from mailauth_dns.policy.repo import Repo
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.name_server import Server as Endpoint
from mailauth_dns.render import json_data, plan_text
from mailauth_dns.render.terminal_text import count


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("diff")(diff)
    app.command("plan")(plan)
    app.command("apply")(apply)
    app.command("verify")(verify)
    app.command("serve")(serve)


LOCAL = "local"  # the provider whose directory `serve` answers from, unless another one is named

NoLive = Annotated[
    bool, typer.Option("--no-live", help="do not ask live DNS; its state is then unknown")
]
ShowKept = Annotated[
    bool,
    typer.Option("--show-kept", help="print foreign values that stay (plans are posted in public)"),
]
Allow = Annotated[
    list[str] | None,
    typer.Option("--allow", metavar="ID[:DOMAIN]", help="permit what this rule refuses"),
]


_NO_PROVIDER = "no policy names a provider; write `providers: [ID]` into it for a providers/ID.yaml; `diff` shows what differs in DNS"


def _seconds(duration: str, option: str) -> float:
    match = re.fullmatch(r"([0-9]{1,6})(s|m|h)?", duration)
    if match is None:
        raise MailAuthError(f"{option} {duration}: write a time such as 90s, 10m or 1h")
    return float(match[1]) * {"s": 1, "m": 60, "h": 3600}[match[2] or "s"]


def diff(context: typer.Context, domain: Domains = None, format: OutputFormat = Format.TEXT) -> int:
    """Show policy against live DNS, authoritative servers asked directly."""
    session = session_of(context)
    repo, publications = session.load()
    chosen = selected(repo, publications, domains(domain))
    return _live(session, explained(watch(chosen, 0), chosen), format, "Diff")


def verify(
    context: typer.Context,
    domain: Domains = None,
    wait: Annotated[
        str, typer.Option("--wait", metavar="TIME", help="how long DNS may take, such as 10m")
    ] = "0s",
    format: OutputFormat = Format.TEXT,
) -> int:
    """Wait until every authoritative server says what the policy says."""
    session = session_of(context)
    repo, publications = session.load()
    return _live(
        session,
        watch(selected(repo, publications, domains(domain)), _seconds(wait, "--wait")),
        format,
        "Verify",
    )


def _live(
    session: Session, seen: Mapping[DomainName, tuple[LiveEntry, ...]], format: Format, title: str
) -> int:
    rows = [row for each in seen.values() for row in each]
    unknown = sum(row.state == "unknown" for row in rows)
    off = sum(row.state != "as policy" for row in rows) - unknown
    if format is Format.JSON:
        session.json(json_data.live(seen))
    else:
        session.show(plan_text.live_rows(rows))
        said = f"{title}: {count(len(rows), 'set')}, {off} differ, {unknown} unknown"
        session.show([Text(said, style="bold")])
    return FAILED if unknown else DIFFERS if off else DONE


def plan(
    context: typer.Context,
    domain: Domains = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="write the plan to this file, for apply"),
    ] = None,
    show: Annotated[
        Path | None,
        typer.Option(
            "--show", metavar="FILE", help="print a plan that was written, and do nothing else"
        ),
    ] = None,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="exit code 2 when there are changes")
    ] = False,
    no_live: NoLive = False,
    normalize: Annotated[
        bool,
        typer.Option(
            "--normalize", help="also change spelling and TTL where the meaning is the same"
        ),
    ] = False,
    show_kept: ShowKept = False,
    format: OutputFormat = Format.TEXT,
) -> int:
    """Show what would change, at every provider; changes nothing."""
    session = session_of(context)
    if show is not None:
        file = plan_file.read(session.path(show))
    else:
        repo, publications = session.load()
        request = PlanRequest(domains(domain), not no_live, normalize, show_kept)
        with providers(repo) as pool:
            file = _planned(session, repo, pool, publications, request)
        if out is not None:
            _write_plan(session.path(out), file)
    _show_plan(session, file, format, show_kept)
    if show is None and not file.zones and not file.failed:
        session.say(f"nothing can be planned: {_NO_PROVIDER}")
    if unresolved(file):
        return FAILED
    return DIFFERS if detailed_exitcode and (file.pending or file.waiting) else DONE


def _planned(
    session: Session,
    repo: Repo,
    pool: ProviderPool,
    publications: tuple[Publication, ...],
    request: PlanRequest,
) -> Plan:
    total = sum(
        map(len, (each.providers for each in selected(repo, publications, request.domains)))
    )
    with session.progress(total, "planning") as progress:
        return make_plan(repo, pool, publications, request, progress)


def _write_plan(out: Path, file: Plan) -> None:
    try:
        replace_file(followed(out), plan_file.dumped(file).encode(), durable=False)
    except OSError as error:
        raise MailAuthError(f"--out {out}: {error.strerror}") from None


def _show_plan(session: Session, file: Plan, format: Format, show_kept: bool) -> None:
    if format is Format.JSON:
        session.json(plan_file.as_json(file))
    else:
        session.show(plan_text.plan(file, show_kept))


def apply(
    context: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[PLAN]", help="a plan that was reviewed; without it: plan, ask, apply"
        ),
    ] = None,
    allow: Allow = None,
    wait: Annotated[
        str,
        typer.Option("--wait", metavar="TIME", help="how long DNS may take to agree afterwards"),
    ] = "60s",
    no_live: NoLive = False,
    format: OutputFormat = Format.TEXT,
) -> int:
    """Apply what was reviewed, exactly, or refuse."""
    session = session_of(context)
    request = ApplyRequest(
        tuple(map(allowance, allow or ())), _seconds(wait, "--wait"), live=not no_live
    )
    repo, publications = session.load()
    result: ApplyResult | None
    with providers(repo) as pool:
        if file is not None:
            result = _apply_reviewed(session, repo, pool, publications, request, session.path(file))
        else:
            result = _apply_asked(
                session, repo, pool, publications, request, beside=format is Format.JSON
            )
    if result is None:
        return FAILED
    if format is Format.JSON:
        session.json(json_data.outcome(result))
    else:
        session.show(plan_text.outcome(result))
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
    with session.progress(len(reviewed.zones), "planning again") as progress:
        fresh, notes = replan(
            repo, pool, publications, reviewed, live=request.live, progress=progress
        )
    request = replace(request, journal=_journal(file, reviewed), notes=notes)
    with session.progress(len(fresh.zones), "applying") as progress:
        return deploy_apply.apply(fresh, pool, request, reviewed, progress)


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
    fresh = _planned(session, repo, pool, publications, PlanRequest(live=request.live))
    if not fresh.zones and not fresh.failed:
        raise MailAuthError(f"nothing can be applied: {_NO_PROVIDER}")
    session.show(plan_text.plan(fresh, show_kept=False), beside=beside)
    deploy_apply.refuse_without_permission(fresh, request.allowed)
    if fresh.pending and not _confirmed():
        session.say("not applied")
        return None
    with session.progress(len(fresh.zones), "applying") as progress:
        return deploy_apply.apply(fresh, pool, request, progress=progress)


def _refuse_domain(file: Path, publications: Iterable[Publication]) -> None:
    """Explain what apply takes to who names a domain, as for plan."""
    if (
        file.name in {domain for publication in publications for domain in publication.domains}
        and not file.exists()
    ):
        name = file.name
        raise MailAuthError(
            f"{name} is a domain, and apply takes a plan file: `plan {name} --out plan.json`, then `apply plan.json`"
        )


def _journal(plan: Path, reviewed: Plan) -> Path:
    """Return where an apply of this plan is recorded: beside the file, and apart from other plans that had its name."""
    return plan.with_name(f"{plan.name}.{plan_file.fingerprint(reviewed)[:12]}.journal")


def _confirmed() -> bool:
    sys.stderr.write("Apply these changes? Only `yes` applies them: ")
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


def serve(
    context: typer.Context,
    address: Annotated[str, typer.Option("--address", help="a loopback address")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="UDP and TCP; 0 takes a free one")
    ] = 5453,
    provider: Annotated[
        str, typer.Option("--provider", help="the local provider whose directory is served")
    ] = LOCAL,
    plan: Annotated[
        Path | None,
        typer.Option(
            "--plan",
            metavar="FILE",
            help="answer as after this plan, and find out the rest from live DNS",
        ),
    ] = None,
) -> int:
    """Answer DNS on loopback from the local provider's directory, until interrupted."""
    from mailauth_dns.octo.target import local_directory
    from mailauth_dns.serve.responses import Source
    from mailauth_dns.serve.server import Server

    session = session_of(context)
    repo, _ = session.load()
    directory = (
        local_directory(repo.stanzas[provider], repo.root) if provider in repo.stanzas else None
    )
    # To be told to end is how a server's work is over; an interrupt is told and has a code of its own, as everywhere.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(DONE))
    source: Path | Source
    if plan is not None and (
        directory is not None or provider == LOCAL
    ):  # a plan lies over live DNS where nothing is local
        from mailauth_dns.serve.planned_dns import Foreseen

        source = Foreseen(
            directory,
            provider,
            plan_file.read(session.path(plan)),
            repo.policies,
            Endpoint(address, port),
        )
    elif directory is not None:
        source = directory
    else:
        raise MailAuthError(f"there is no providers/{provider}.yaml; --provider names another one")
    with Server(source, address, port) as server:
        what = f"{directory or 'live DNS'} as after {plan}" if plan is not None else str(directory)
        session.say(
            f"serving {what} on {address} port {server.port}, UDP and TCP; interrupt to stop"
        )
        server.wait()
    return DONE
