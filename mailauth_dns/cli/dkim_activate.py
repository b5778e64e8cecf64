"""The dkim activate command: wait until a pending key may sign, and let it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Annotated

import typer

from mailauth_dns.cli import headings, what_next_keys
from mailauth_dns.cli.durations import seconds
from mailauth_dns.cli.key_options import Domain
from mailauth_dns.cli.options import OutputFormat
from mailauth_dns.cli.session import DONE, FAILED, Format, Session, domains, session_of
from mailauth_dns.keys.activation import Activation, activate
from mailauth_dns.keys.policy_edit import Written
from mailauth_dns.policy.load import load_repo
from mailauth_dns.records.name import DomainName
from mailauth_dns.render import keys

POLL = 5.0  # seconds between two questions while not every server has the key


def command(
    context: typer.Context,
    domain: Domain,
    wait: Annotated[
        str,
        typer.Option(
            "--wait",
            metavar="TIME",
            help="how long it may take, such as 2h",
            rich_help_panel=headings.LOOK,
        ),
    ] = "0s",
    format: OutputFormat = Format.TEXT,
) -> int:
    """Let a pending key sign once every cache can have it.

    It makes no key, so you may run it again. With --wait it waits for that time.
    """
    session = session_of(context)
    [name] = domains([domain])
    written, result = _until(session, name, time.monotonic() + seconds(wait, "--wait"))
    if format is Format.JSON:
        session.json(keys.activated_data(written, result))
    else:
        session.show(keys.activated(written, result))
    what_next_keys.after_activate(session, name, result.waiting, datetime.now(UTC))
    return FAILED if result.waiting else DONE


def _until(session: Session, domain: DomainName, end: float) -> tuple[list[Written], Activation]:
    """Activate until nothing waits, or until waiting would pass `end` (monotonic)."""
    written: list[Written] = []
    told = ""
    while True:
        repo = load_repo(session.root)  # each time: what was seen is written into it
        [policy] = repo.of([domain])
        result = activate(repo, policy, datetime.now(UTC))
        written += result.written
        pause = _pause(result, datetime.now(UTC))
        if not result.waiting or time.monotonic() + pause > end:
            return written, result
        if (text := "\n".join(each.text for each in result.waiting)) != told:
            session.say(text)
            told = text
        served = all(each.at is not None for each in result.waiting)
        with session.waiting(
            f"waiting until every {'cache can have' if served else 'server has'} the key",
            pause if served else None,
        ):
            time.sleep(pause)


def _pause(result: Activation, now: datetime) -> float:
    """Return for how many seconds nothing can become due."""
    known = [(each.at - now).total_seconds() for each in result.waiting if each.at is not None]
    return max(0.1, min(known)) if len(known) == len(result.waiting) and known else POLL
