"""What to run after a command about senders."""

from __future__ import annotations

from collections.abc import Sequence

from mailauth_dns.cli.session import Session
from mailauth_dns.policy.repo import POLICY_DIR
from mailauth_dns.sender_checks.probe import Probed
from mailauth_dns.senders.entry import Entry
from mailauth_dns.senders.probes import Result


def after_list(session: Session, first: str) -> None:
    """Say what comes after the list of senders, of which this is the `first`."""
    session.next("senders", "show", first, why="explains a sender, and says what it asks for")


def after_show(session: Session, sender: str, entry: Entry) -> None:
    """Say what comes after all that the catalogue says of a sender."""
    if entry.is_compiled and (session.root / POLICY_DIR).is_dir():
        session.next("lint", why="once a policy names it under senders")
    else:
        session.next("senders", "check", sender, why="asks DNS whether that is so today")


def after_check(session: Session, probed: Sequence[Probed]) -> None:
    """Say what comes after DNS was asked about the catalogue."""
    differs = [each for each in probed if each.of(Result.DIFFERS)]
    if differs:
        why = "a file in zones/senders corrects it"
        session.next("senders", "show", differs[0].sender, why=why)
    elif any(each.of(Result.UNKNOWN) for each in probed):
        session.again(why="once DNS answers")
    elif len(probed) == 1:
        session.next("senders", "show", probed[0].sender, why="says what it needs")
    else:
        session.next("senders", "list", why="the catalogue is true")
