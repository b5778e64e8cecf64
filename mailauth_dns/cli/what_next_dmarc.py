"""What to run after a command about the ramp of DMARC."""

from __future__ import annotations

from collections.abc import Sequence

from mailauth_dns.cli.session import Session
from mailauth_dns.deploy.dmarc_standing import Standing


def after_status(session: Session, standings: Sequence[Standing]) -> None:
    """Say what comes after the standing of domains."""
    waiting = [(at, at.verdict) for at in standings if at.verdict is not None]
    if ready := [at for at, found in waiting if found.met]:
        domain, step = ready[0].policy.domain, ready[0].step
        why = f"takes the step {step.words}" if step is not None else "takes the step"
        session.next("dmarc", "advance", domain, why=why)
    elif not waiting:
        session.next("next", why="no step of DMARC is left")
    elif all(not at.reports for at, _ in waiting):
        session.next("reports", "read", "PATH", "--write", why="no report has been read yet")
    else:
        at = max((at for at, _ in waiting), key=lambda at: at.reports)
        session.next("reports", "show", at.policy.domain, why="whose mail it is, source by source")


def after_advance(session: Session, domain: str) -> None:
    """Say what comes after a step that was written."""
    session.next("compile", domain, why="then commit, plan and apply")
