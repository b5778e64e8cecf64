"""What to run after a command about senders."""

from __future__ import annotations

from mailauth_dns.cli.session import Session
from mailauth_dns.policy.repo import POLICY_DIR
from mailauth_dns.senders.entry import Entry


def after_list(session: Session, first: str) -> None:
    """Say what comes after the list of senders, of which this is the `first`."""
    session.next("senders", "show", first, why="explains a sender, and says what it asks for")


def after_show(session: Session, sender: str, entry: Entry) -> None:
    """Say what comes after all that the catalogue says of a sender."""
    if entry.is_compiled and (session.root / POLICY_DIR).is_dir():
        session.next("lint", why="once a policy names it under senders")
    else:
        session.next("senders", "check", sender, why="asks DNS whether that is so today")
