"""The reports commands: what receivers say of your mail."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mailauth_dns.cli import headings, reports_watch, what_next
from mailauth_dns.cli.command import Command, Group
from mailauth_dns.cli.options import OutputFormat
from mailauth_dns.cli.session import DONE, FAILED, Format, session_of
from mailauth_dns.errors import MailAuthError

command = typer.Typer(
    cls=Group, help="Read the reports that receivers send about your mail.", rich_markup_mode=None
)

Paths = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="[PATH]...", help="reports, mail or mailboxes that hold them, or folders"
    ),
]
Parsedmarc = Annotated[
    list[Path] | None,
    typer.Option(
        "--parsedmarc",
        metavar="FILE",
        help="JSON that parsedmarc wrote: aggregate.json or smtp_tls.json",
        rich_help_panel=headings.LOOK,
    ),
]


@command.command("read", cls=Command)
def read(
    context: typer.Context,
    path: Paths = None,
    parsedmarc: Parsedmarc = None,
    format: OutputFormat = Format.TEXT,
) -> int:
    """Read DMARC and TLS reports, and say what they hold.

    A report may be XML or JSON, packed as gzip or zip, attached to mail, in an mbox or a Maildir.
    The same report counts once. What cannot be read is named.
    """
    from mailauth_dns.render.reports_read import ReadDocument, ReadSummary
    from mailauth_dns.reports.read_reports import read_reports
    from mailauth_dns.reports.tally import tally

    session = session_of(context)
    if not path and not parsedmarc:
        raise MailAuthError(
            "give a PATH, or --parsedmarc FILE; see mailauth-dns reports read --help"
        )
    summary, document = ReadSummary(), ReadDocument()
    paths, outputs = ([session.path(each) for each in of or ()] for of in (path, parsedmarc))
    with session.waiting("reading reports"):
        for outcome in read_reports(paths, outputs, tally):
            summary.add(outcome)
            if format is Format.JSON:
                document.add(outcome)
    if format is Format.JSON:
        session.json(document.data())
    else:
        session.show(summary.lines(), wrap=True)
    if not summary.found:
        raise MailAuthError("there was no report to read: that says nothing about your mail")
    what_next.after_reports(session, summary.domains)
    return FAILED if summary.unread else DONE


command.command("watch", cls=Command)(reports_watch.command)
