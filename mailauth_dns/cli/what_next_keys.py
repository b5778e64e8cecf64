"""What to run after a command about keys and the files of the signing host."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from mailauth_dns.cli.session import Session
from mailauth_dns.cli.what_next import by_hand
from mailauth_dns.export.exported_files import FORM_WAIT, SIGNING, ExportFormat
from mailauth_dns.guide.wording import clock, left, minutes
from mailauth_dns.keys.activation import Waiting
from mailauth_dns.keys.next_step import KeyStep
from mailauth_dns.keys.problems import KeyProblem
from mailauth_dns.keys.rotation import Rotated
from mailauth_dns.keys.status import KeyStatus
from mailauth_dns.policy.repo import Policy
from mailauth_dns.policy.sections.dkim import KeyState

_SETTLED = "once it is reviewed and committed"


def after_keygen(session: Session, domain: str) -> None:
    """Say what comes after a new key."""
    session.next("compile", domain, why="then commit, plan and apply: DNS needs the key first")


def after_adopt(session: Session, policy: Policy) -> None:
    """Say what comes after a key that became ours."""
    if policy.body.providers:
        session.next("plan", policy.domain, why=f"what changes in DNS, {_SETTLED}")
    else:
        by_hand(session, (policy.domain,), why=_SETTLED)


def after_status(
    session: Session, statuses: Sequence[KeyStatus], domains: Sequence[str], now: datetime
) -> None:
    """Say what comes after the states of keys."""
    steps = [(each.key.domain, step) for each in statuses if (step := _own_step(each)) is not None]
    later = [(step.at, domain, step) for domain, step in steps if step.at is not None]
    if any(each.unknown for each in statuses):
        session.again(why="once DNS answers")
    elif due := [(domain, step) for domain, step in steps if step.due(now)]:
        domain, step = due[0]
        session.next("dkim", _taken_by(step), domain, why="its next step is due")
    elif any(_unpublished(each) or (each.wrong and not each.unsigned) for each in statuses):
        session.next("diff", *domains, why="DNS has other keys than the policies")
    elif any(each.unsigned for each in statuses):
        session.next("dkim", "check", *domains, why="once the sender has published its key")
    elif later:
        at, domain, step = min(later, key=lambda each: each[0])
        session.next("dkim", _taken_by(step), domain, why=f"from {clock(at, now)}")
    else:
        session.next("next", *domains, why="no key waits for anything")


def _own_step(status: KeyStatus) -> KeyStep | None:
    """Return the next step of a key that is ours and not about to sign for good."""
    if not status.key.ours or status.key.section.state is KeyState.ACTIVE:
        return None
    return status.step


def _taken_by(step: KeyStep) -> str:
    """Return the command that takes a step; `rotate` would also make a new key."""
    return "activate" if step.to is KeyState.ACTIVE else "rotate"


def _unpublished(status: KeyStatus) -> bool:
    return status.key.section.state is KeyState.PENDING and status.in_dns.state != "served"


def after_activate(
    session: Session, domain: str, waiting: Sequence[Waiting], now: datetime
) -> None:
    """Say what comes after pending keys began to sign, or have to wait."""
    times = [each.at for each in waiting if each.at is not None]
    if waiting and len(times) == len(waiting):
        at = max(times)
        why = f"the time is {clock(at, now)}, in {left(at, now)}: waits for it, and lets it sign"
        session.next("dkim", "activate", domain, "--wait", minutes(at - now), why=why)
    elif waiting:
        session.next("dkim", "status", domain, why="says what it waits for")
    else:
        session.next("next", domain, why="commit it; then the program that signs needs its name")


def after_rotate(session: Session, domain: str, result: Rotated) -> None:
    """Say what comes after the next steps of a domain's keys."""
    if result.written or result.made:
        session.next("compile", domain, why="then commit, plan and apply; export what signs")
    elif result.waiting:
        session.next("dkim", "status", domain, why="says when")
    else:
        session.next("next", domain, why="no key was due")


_ABOUT_DNS = frozenset({"DKIM001", "DKIM029"})  # DNS has not what the policy says


def after_check(session: Session, domains: Sequence[str], found: Sequence[KeyProblem]) -> None:
    """Say what comes after a check of private keys."""
    weights = {problem.weight for problem in found}
    if any(each.weight == "wrong" and each.rule in _ABOUT_DNS for each in found):
        session.next("diff", *domains, why="shows what DNS has, and what changes it")
    elif weights - {"note"}:
        session.again(why="once that is mended" if "wrong" in weights else "once that is known")
    else:
        session.next("next", *domains, why="the keys are as they should be")


def after_export(
    session: Session,
    format: ExportFormat,
    domains: Sequence[str],
    folder: str,
    *,
    unfinished: bool,
) -> None:
    """Say what comes after exported files, which the mail host has in `folder`.

    `unfinished`: not all that is to be done could be said.
    """
    if unfinished:
        session.again(why="once what is unknown or refused is mended")
    elif format in SIGNING or format is ExportFormat.POSTFIX:
        session.again(
            "--check", folder, without="--out", why="on the mail host, once it reads the files"
        )
    else:
        session.next("verify", *domains, "--wait", FORM_WAIT, why="once the records are made")


def after_install(session: Session, domains: Sequence[str]) -> None:
    """Say what comes after files that this host's signing program reads from now on."""
    session.next("next", *domains, why="once it is restarted: says what this host still lacks")


def after_comparison(session: Session, domains: Sequence[str], *, differs: bool) -> None:
    """Say what comes after installed files were compared with an export."""
    if differs:
        session.again(without="--check", why="prints what should be there; --out DIR writes it")
    else:
        session.next("next", *domains, why="the files are as exported")
