"""The dmarc commands: from p=none to p=reject, on evidence."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from mailauth_dns.cli import headings, what_next_dmarc
from mailauth_dns.cli.command import Command, Group
from mailauth_dns.cli.key_options import Domain
from mailauth_dns.cli.options import Domains, OutputFormat
from mailauth_dns.cli.session import DONE, FAILED, Format, domains, session_of
from mailauth_dns.errors import MailAuthError

command = typer.Typer(
    cls=Group,
    help="Show what DMARC's next step waits for, and take it.",
    rich_markup_mode=None,
)
Test = Annotated[
    bool,
    typer.Option(
        "--test",
        help="let receivers try the step first (t=y of RFC 9989)",
        rich_help_panel=headings.WRITE,
    ),
]


@command.command("status", cls=Command)
def status(
    context: typer.Context, domain: Domains = None, format: OutputFormat = Format.TEXT
) -> int:
    """Show how far each domain is from p=reject.

    It judges the reports in zones/evidence by the policy's gate: what blocks the next step, with
    its number, and the day on which the step may come.
    """
    from mailauth_dns.deploy.dmarc_standing import standing
    from mailauth_dns.policy.load import load_repo
    from mailauth_dns.render import dmarc_ramp

    session = session_of(context)
    repo = load_repo(session.root)
    today = datetime.now(UTC).date()
    with session.waiting("judging reports"):
        found = [standing(repo, policy, today) for policy in repo.of(domains(domain))]
    if format is Format.JSON:
        session.json(dmarc_ramp.status_data(found))
    else:
        session.show(dmarc_ramp.status(found), wrap=True)
    what_next_dmarc.after_status(session, found)
    return FAILED if any(at.reports and at.since.day is None for at in found) else DONE


@command.command("advance", cls=Command)
def advance(
    context: typer.Context,
    domain: Domain,
    test: Test = False,
    format: OutputFormat = Format.TEXT,
) -> int:
    """Write DMARC's next step into a policy, if reports permit it.

    The steps are none, quarantine and reject for p, then reject for np, then sp. Without the
    evidence that the policy's gate asks for, nothing is written, and what blocks is said.
    """
    from mailauth_dns.deploy import dmarc_advance
    from mailauth_dns.deploy.dmarc_standing import standing
    from mailauth_dns.policy.load import load_repo
    from mailauth_dns.render import dmarc_ramp

    session = session_of(context)
    repo = load_repo(session.root)
    [policy] = repo.of(domains([domain]))
    today = datetime.now(UTC).date()
    at = standing(repo, policy, today)
    step = dmarc_advance.chosen(at, test=test)
    permitted = at.verdict is not None and at.verdict.met
    done = dmarc_advance.advance(repo, at, step, today) if permitted else None
    if format is Format.JSON:
        session.json(dmarc_ramp.advanced_data(at, done))
    elif done is not None:
        session.show(dmarc_ramp.advanced(done), wrap=True)
    if done is None:
        raise MailAuthError(dmarc_ramp.refused(at, step.words))
    what_next_dmarc.after_advance(session, policy.domain)
    return DONE
