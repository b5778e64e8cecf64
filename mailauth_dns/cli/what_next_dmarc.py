"""What to run after a command about the ramp of DMARC."""

from __future__ import annotations

from collections.abc import Sequence

from mailauth_dns.cli.session import Session
from mailauth_dns.deploy.dmarc_advance import tags_of
from mailauth_dns.deploy.dmarc_standing import Standing


def after_status(session: Session, standings: Sequence[Standing]) -> None:
    """Say what comes after the standing of domains."""
    waiting = [(at, at.verdict) for at in standings if at.verdict is not None]
    if ready := sorted((at for at, found in waiting if found.met), key=lambda at: at.sharing > 1):
        _take(session, ready[0])
    elif not waiting:
        session.next("next", why="no step of DMARC is left")
    elif all(not at.reports for at, _ in waiting):
        session.next("reports", "read", "PATH", "--write", why="no report has been read yet")
    else:
        at = max((at for at, _ in waiting), key=lambda at: at.reports)
        session.next("reports", "show", at.policy.domain, why="whose mail it is, source by source")


def _take(session: Session, at: Standing) -> None:
    """Say how to take a step; `dmarc advance` edits no file that other domains have too."""
    domain, path = at.policy.domain, at.policy.path
    assert at.step is not None
    if at.sharing == 1:
        session.next("dmarc", "advance", domain, why=f"takes the step {at.step.words}")
        return
    session.next(
        "compile",
        why=f"once {tags_of(at.step)} is below dmarc in a policy of its own for {domain}, or in "
        f"{path} if each of its {at.sharing} domains is ready",
    )


def after_advance(session: Session, domain: str) -> None:
    """Say what comes after a step that was written."""
    session.next("compile", domain, why="then commit, plan and apply")
