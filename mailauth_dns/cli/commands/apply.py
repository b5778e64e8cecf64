"""The apply command: carry out what was reviewed."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from mailauth_dns.cli.durations import seconds
from mailauth_dns.cli.options import Allow, NoLive, OutputFormat
from mailauth_dns.cli.planning import NO_PROVIDER, planned
from mailauth_dns.cli.session import DIFFERS, DONE, FAILED, INTERRUPTED, Format, session_of
from mailauth_dns.compile.publication import Publication
from mailauth_dns.deploy.apply import Outcome, carry_out, refuse_without_permission, replan
from mailauth_dns.errors import MailAuthError
from mailauth_dns.plan import plan_file
from mailauth_dns.plan.permissions import allowance
from mailauth_dns.plan.plan_file import PlanFile
from mailauth_dns.render import json_data, plan_text


def command(
    context: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[PLAN]", help="a plan that you reviewed; without it: plan, ask, apply"
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
    allowed = [allowance(each) for each in allow or ()]
    time = seconds(wait, "--wait")
    reviewed: PlanFile | None = None
    notes: tuple[str, ...] = ()
    if file is not None:
        file = session.path(file)
        repo, publications = session.load()
        _refuse_domain(file, publications)
        reviewed = plan_file.read(file)
        with session.progress(len(reviewed.zones), "planning again") as step:
            fresh, notes = replan(repo, publications, reviewed, live=not no_live, step=step)
    else:
        fresh = planned(session, (), live=not no_live)
        if not fresh.proposals and not fresh.file.failed:
            raise MailAuthError(f"nothing can be applied: {NO_PROVIDER}")
        session.show(plan_text.plan(fresh.file, show_kept=False), beside=format is Format.JSON)
        refuse_without_permission(fresh.file, allowed)
        if fresh.file.pending and not _confirmed():
            session.say("not applied")
            return FAILED
    journal = _journal(file, reviewed) if file is not None and reviewed is not None else None
    with session.progress(len(fresh.file.zones), "applying") as step:
        result = carry_out(
            fresh,
            reviewed,
            allowed=allowed,
            wait=time,
            live=not no_live,
            notes=notes,
            journal=journal,
            step=step,
        )
    if format is Format.JSON:
        session.json(json_data.outcome(result))
    else:
        session.show(plan_text.outcome(result))
    return _exit_code(
        result, live_unknown_allowed=any(each.id == "live-unknown" for each in allowed)
    )


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


def _journal(plan: Path, reviewed: PlanFile) -> Path:
    """Return where an apply of this plan is recorded.

    That is beside the file. The fingerprint sets it apart from older plans of the same name.
    """
    return plan.with_name(f"{plan.name}.{reviewed.fingerprint[:12]}.journal")


def _confirmed() -> bool:
    sys.stderr.write("Apply these changes? Only `yes` applies them: ")
    sys.stderr.flush()
    try:
        return sys.stdin.readline().strip() == "yes"
    except UnicodeDecodeError:
        return False


def _exit_code(result: Outcome, *, live_unknown_allowed: bool) -> int:
    if result.interrupted:
        return INTERRUPTED
    if not result.complete:
        return FAILED
    if any(row.state == "unknown" for row in result.live or ()) and not live_unknown_allowed:
        return FAILED
    return (
        DIFFERS
        if result.waiting or any(row.state != "unknown" for row in result.live or ())
        else DONE
    )
