"""What to run after a suggestion of senders."""

from __future__ import annotations

from mailauth_dns.cli.session import Session
from mailauth_dns.importing.suggest_senders import Suggested


def after_suggest(session: Session, made: Suggested, *, written: bool) -> None:
    """Say what comes after a suggestion."""
    if made.unknown:
        session.again(why="once DNS answers")
    elif not made.is_proposal:
        session.next("lint", made.domain, why="checks the rest of the policy")
    elif written:
        session.next("plan", made.domain, why="shows what it changes at the provider")
    else:
        session.again("--write", why="writes it into the policy")
