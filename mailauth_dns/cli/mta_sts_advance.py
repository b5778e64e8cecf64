"""The mta_sts advance command: MTA-STS from testing to enforce."""

from __future__ import annotations

from datetime import UTC, datetime

import typer

from mailauth_dns.cli import what_next_reports
from mailauth_dns.cli.key_options import Domain
from mailauth_dns.cli.options import OutputFormat, PrivateWeb
from mailauth_dns.cli.session import DONE, Format, domains, session_of
from mailauth_dns.deploy.sts_advance import advance
from mailauth_dns.errors import MailAuthError
from mailauth_dns.policy.load import load_repo
from mailauth_dns.render import mta_sts

_WEEK = 604800  # seconds


def command(
    context: typer.Context,
    domain: Domain,
    private_web: PrivateWeb = False,
    format: OutputFormat = Format.TEXT,
) -> int:
    """Write mode enforce into a policy, if reports permit it.

    You review the edit. It refuses with the number that blocks, or with what lint --live finds of
    MTA-STS. What is unknown blocks too.
    """
    session = session_of(context)
    repo = load_repo(session.root)
    [policy] = repo.of(domains([domain]))
    with session.waiting("asking DNS and the web"):
        done = advance(repo, policy, datetime.now(UTC).date(), private_web=private_web)
    if format is Format.JSON:
        session.json(mta_sts.advanced_data(done))
    else:
        session.show(mta_sts.advanced(done), wrap=True)
    if done.written is None:
        raise MailAuthError(f"{policy.domain} stays in mode testing: {done.why}")
    if not done.written:
        session.say(f"{policy.domain} has mode enforce in the policy already; nothing was written")
    elif done.standing.section.max_age < _WEEK:
        session.say(
            f"max_age is {done.standing.section.max_age} seconds: weeks protect better, such as "
            "1209600"
        )
    what_next_reports.after_sts_advance(session, policy.domain, written=bool(done.written))
    return DONE
