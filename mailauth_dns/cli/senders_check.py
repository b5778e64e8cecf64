"""The senders check command: is the catalogue still true?"""

from __future__ import annotations

from typing import Annotated

import typer

from mailauth_dns.cli import completions, what_next_senders
from mailauth_dns.cli.options import OutputFormat
from mailauth_dns.cli.sender_names import named
from mailauth_dns.cli.session import DIFFERS, DONE, FAILED, Format, session_of
from mailauth_dns.policy.load import load_catalogue
from mailauth_dns.render import sender_probes
from mailauth_dns.sender_checks.probe import probe
from mailauth_dns.senders.probes import Result


def command(
    context: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME]...",
            autocompletion=completions.senders,
            help="only these senders; default: all",
        ),
    ] = None,
    format: OutputFormat = Format.TEXT,
) -> int:
    """Ask DNS whether the catalogue is still true.

    It asks whether each include publishes one SPF record, whether fixed DKIM aliases lead to a key,
    and whether return paths and name servers exist. What only an account has is not asked.
    """
    session = session_of(context)
    catalogue = load_catalogue(session.root)
    chosen = [named(catalogue, each) for each in names or ()] or list(catalogue.all())
    with session.waiting("asking DNS"):
        probed = probe(dict(chosen).items())
    if format is Format.JSON:
        session.json(sender_probes.data(probed))
    else:
        session.show(sender_probes.lines(probed, whole=bool(names)), wrap=True)
    results = {finding.result for each in probed for finding in each.findings}
    what_next_senders.after_check(session, probed)
    if Result.UNKNOWN in results:
        return FAILED
    return DIFFERS if Result.DIFFERS in results else DONE
