"""The mta_sts status command: what TLS reports say of mode enforce."""

from __future__ import annotations

from datetime import UTC, datetime

import typer

from mailauth_dns.cli import what_next_reports
from mailauth_dns.cli.options import Domains, OutputFormat
from mailauth_dns.cli.session import DONE, Format, domains, session_of
from mailauth_dns.deploy.sts_standing import sts_standing
from mailauth_dns.errors import MailAuthError
from mailauth_dns.policy.load import load_repo
from mailauth_dns.render import mta_sts


def command(
    context: typer.Context, domain: Domains = None, format: OutputFormat = Format.TEXT
) -> int:
    """Show what TLS reports say, and what blocks mode enforce.

    It reads zones/evidence, which `reports read --write` makes, and asks nobody.
    """
    session = session_of(context)
    repo = load_repo(session.root)
    today = datetime.now(UTC).date()
    named = domains(domain)
    found = [sts_standing(repo, policy, today) for policy in repo.of(named)]
    standings = [each for each in found if each is not None]
    if named and not standings:
        raise MailAuthError(f"{', '.join(named)}: the policy declares no MTA-STS")
    if format is Format.JSON:
        session.json(mta_sts.status_data(standings))
    else:
        session.show(mta_sts.status(standings), wrap=True)
    what_next_reports.after_sts_status(session, repo, standings)
    return DONE
