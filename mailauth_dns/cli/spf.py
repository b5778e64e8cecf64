"""Commands about SPF: lock."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from mailauth_dns.cli.app import session_of
from mailauth_dns.cli.policy import Domains, OutputFormat
from mailauth_dns.cli.session import DIFFERS, DONE, Format, domains
from mailauth_dns.deploy import relock
from mailauth_dns.policy.load import load_repo
from mailauth_dns.policy.lock import LOCK_FILE
from mailauth_dns.render import locks

LOCK_TIME = 300.0  # seconds that DNS may take for all names together

spf = typer.Typer(
    help="SPF: flattening with a reviewed lock.",
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    spf.command("lock")(lock)
    app.add_typer(spf, name="spf")


def lock(
    context: typer.Context,
    domain: Domains = None,
    check: Annotated[bool, typer.Option("--check", help="write nothing; exit code 2 when the lock is stale")] = False,
    format: OutputFormat = Format.TEXT,
) -> int:
    """Resolve what policies flatten, and write zones/locks/spf.json."""
    from mailauth_dns.live.resolver import LiveResolver  # dnspython takes time to load

    session = session_of(context)
    repo = load_repo(session.root)  # not compiled: what the lock lacks would stop that
    nameservers = {policy.zone: policy.body.nameservers for policy in repo.policies}
    resolver = LiveResolver(nameservers, message_time=LOCK_TIME)
    result = relock.relock(repo, resolver, domains(domain), datetime.now(UTC))
    if not check and result.stale:
        relock.write(repo, result)
    if format is Format.JSON:
        session.json(locks.data(result, written=not check and result.stale))
    else:
        session.show(locks.text(result))
        state = ("stale" if check else "written") if result.stale else "as it is"
        session.line(f"Lock: {LOCK_FILE.as_posix()} {state}")
    return DIFFERS if check and result.stale else DONE
