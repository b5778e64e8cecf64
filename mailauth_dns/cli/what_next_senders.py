"""What to run after a command about senders."""

from __future__ import annotations

from collections.abc import Sequence

from mailauth_dns.cli.session import Session
from mailauth_dns.cli.what_next import by_hand
from mailauth_dns.policy.repo import Policy
from mailauth_dns.policy.repo_layout import POLICY_DIR
from mailauth_dns.sender_checks.probe import Probed
from mailauth_dns.sender_checks.standing import Standing, State
from mailauth_dns.senders.entry import Entry
from mailauth_dns.senders.probes import Result


def after_list(session: Session, first: str) -> None:
    """Say what comes after the list of senders, of which this is the `first`."""
    session.next("senders", "show", first, why="explains a sender, and says what it asks for")


def after_show(session: Session, sender: str, entry: Entry) -> None:
    """Say what comes after all that the catalogue says of a sender."""
    if not entry.is_compiled:
        session.next("senders", "suggest", "DOMAIN", why="finds it in what a domain publishes")
    elif (session.root / POLICY_DIR).is_dir():
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


def after_status(session: Session, domains: Sequence[str], found: Sequence[Standing]) -> None:
    """Say what comes after how the senders stand."""
    off = [each for each in found if each.off and each.wrong]
    failing = [each for each in found if each.wrong and each.tests]
    over = [each for each in found if each.state is State.GONE]
    if any(each.unknown for each in found):
        session.again(why="once DNS answers")
    elif off:
        _publish(session, off[0].policy, why=f"{off[0].use.key}: DNS is not as the policy says")
    elif failing:
        session.next(
            "test", failing[0].policy.domain, why=f"says what fails of {failing[0].use.key}"
        )
    elif over and not over[0].asked:
        session.next(
            "senders", "status", *domains, why="asks DNS what is left of those that are gone"
        )
    elif not found:
        session.next("senders", "list", why="names who can be declared under senders")
    else:
        session.next("next", *domains, why="the senders are as the policies say")


def after_retire(session: Session, policy: Policy, *, gone: bool) -> None:
    """Say what comes after a sender was retired; `gone`: its grace is over already."""
    if gone:
        _publish(session, policy, why="takes its records away, once the edit is reviewed")
    else:
        why = "says when its records go; commit the edit"
        session.next("senders", "status", policy.domain, why=why)


def _publish(session: Session, policy: Policy, *, why: str) -> None:
    if policy.body.providers:
        session.next("plan", policy.domain, why=why)
    else:
        by_hand(session, (policy.domain,), why=why)
