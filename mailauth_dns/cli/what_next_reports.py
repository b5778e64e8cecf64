"""What to run after a command that looks at evidence of reports."""

from __future__ import annotations

from collections.abc import Sequence

from mailauth_dns.cli.session import Session
from mailauth_dns.deploy.sts_advance import by_hand
from mailauth_dns.deploy.sts_standing import StsStanding
from mailauth_dns.policy.repo import Repo

_READ = ("reports", "read", "PATH", "--write")


def after_sts_status(session: Session, repo: Repo, standings: Sequence[StsStanding]) -> None:
    """Say what comes after a look at MTA-STS."""
    testing = [each for each in standings if each.section.mode == "testing"]
    ready = [each for each in testing if each.verdict.met]
    alone = (each for each in ready if by_hand(repo, each) is None)
    if ready:
        first = next(alone, ready[0])
        if (why := by_hand(repo, first)) is None:
            session.next("mta_sts", "advance", first.policy.domain, why="its reports permit it")
        else:
            session.next("compile", why=f"once mode enforce is written by hand: {why}")
    elif testing:
        session.next(*_READ, why="once more reports have come")
    else:
        session.next("next", why="no domain is in mode testing")


def after_sts_advance(session: Session, domain: str, *, written: bool) -> None:
    """Say what comes after a step of MTA-STS."""
    if written:
        session.next("compile", domain, why="then serve zones/mta-sts before you plan and apply")
    else:
        session.next("next", domain, why="what is left to do")


def after_watch(session: Session, new: Sequence[str]) -> None:
    """Say what comes after a look at what is new; `new` are the domains that have something."""
    if new:
        session.next("reports", "show", new[0], why="its sources, and what they are")
    else:
        session.next(*_READ, why="once more reports have come")
