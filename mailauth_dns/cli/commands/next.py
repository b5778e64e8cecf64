"""The next command: where you are, and the one thing to do now."""

from __future__ import annotations

from datetime import UTC, datetime

import typer

from mailauth_dns.cli.key_options import PrivateDir, private_folder
from mailauth_dns.cli.options import Domains, OutputFormat
from mailauth_dns.cli.session import DIFFERS, DONE, FAILED, Format, domains, session_of


def command(
    context: typer.Context,
    domain: Domains = None,
    private_dir: PrivateDir = None,
    format: OutputFormat = Format.TEXT,
) -> int:
    """Say where you are and the one thing to do now.

    It looks at the files, git, DNS and this host, and changes nothing.
    """
    from mailauth_dns.guide import overview
    from mailauth_dns.render import guide

    session = session_of(context)
    folder = private_folder(session, private_dir)
    with session.waiting("looking at files and DNS"):
        found = overview.look(session.root, domains(domain), folder, datetime.now(UTC))
    if format is Format.JSON:
        session.json(guide.data(found, session.spelled))
    else:
        session.show(guide.screen(found, session.spelled), wrap=True)
    if found.step is None:
        return DONE
    return FAILED if found.step.unknown else DIFFERS
