"""What to run after a plan and after an apply."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mailauth_dns.cli.session import Session
from mailauth_dns.cli.what_next import MAX_NAMED, PLAN, WAIT, by_hand
from mailauth_dns.deploy.apply import ApplyResult
from mailauth_dns.deploy.make_plan import unresolved
from mailauth_dns.deploy.zone_write import Status
from mailauth_dns.export.pipeline import pipeline_of
from mailauth_dns.plan.permissions import refusals
from mailauth_dns.plan.plan import Plan


def after_plan(
    session: Session, file: Plan, written: Path | None, declaring: Sequence[str], *, live: bool
) -> None:
    """Say what comes after a plan; `written` is its file, `declaring` are the repo's domains."""
    named = file.domains or ()
    if not file.zones and not file.failed:
        by_hand(session, named or declaring, why="the records for a web form")
    elif unresolved(file):
        session.next("plan", *named, "--out", PLAN, why="once what is failed or blocked is mended")
    elif not file.pending:
        session.next("verify", *named, why="nothing is to change; asks every server")
    elif refusals(file, ()):
        _refused(session, file, live=live)
    elif pipeline := pipeline_of(session.root):
        session.next("next", *named, why=f"{pipeline} applies what is reviewed, after the merge")
    elif written is not None:
        session.next("apply", str(written), why="does what you reviewed, and nothing else")
    else:
        session.again("--out", PLAN, why="writes the plan for apply")


def _refused(session: Session, file: Plan, *, live: bool) -> None:
    """Say what shows why apply would refuse a plan."""
    named = file.domains or ()
    breaking = [
        change for zone in file.zones for change in zone.changes if change.risk == "breaking"
    ]
    if rules := [rule for change in breaking for rule in change.rules]:
        session.next("rules", rules[0], why="apply refuses this plan; the page says what to do")
    elif any(zone.broken for zone in file.zones):
        session.next("test", *named, why="apply refuses a plan that breaks a test")
    elif not live:
        session.next("plan", *named, "--out", PLAN, why="apply refuses a plan that did not ask DNS")
    else:
        session.next("diff", *named, why="apply refuses this plan, because of what DNS says")


def after_apply(session: Session, result: ApplyResult, file: Path | None) -> None:
    """Say what comes after an apply of the plan in `file`."""
    changed = sorted({change.domain for zone in result.zones for change in zone.changes})
    domains = changed if len(changed) <= MAX_NAMED else ()
    out = ("--out", str(file) if file is not None else PLAN)
    if result.interrupted:
        session.again(why="does what is left; what is done is recognised")
    elif any(zone.status is Status.REFUSED for zone in result.zones):
        session.next("plan", *domains, *out, why="plans again what was refused")
    elif not result.complete:
        session.again(why="does what is left; what is done is recognised")
    elif result.live is None or result.live:
        session.next("verify", *domains, *WAIT, why="waits until every server has it")
    elif result.waiting:
        session.next("plan", *domains, *out, why="later, for what had to wait")
    else:
        session.next("next", *domains, why="every server has it")


def after_no(session: Session) -> None:
    """Say what comes after an apply that was answered with no."""
    session.next("plan", "--out", PLAN, why="writes the plan to a file, to be reviewed")
