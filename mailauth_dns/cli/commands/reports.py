"""The reports commands: what receivers say of your mail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailauth_dns.cli import headings, reports_show, reports_watch, what_next
from mailauth_dns.cli.command import Command, Group
from mailauth_dns.cli.options import OutputFormat, Scheduler
from mailauth_dns.cli.scheduler import spread_of
from mailauth_dns.cli.session import DONE, FAILED, Format, Session, session_of
from mailauth_dns.errors import MailAuthError

if TYPE_CHECKING:
    from mailauth_dns.cli.evidence_keeper import EvidenceKeeper
    from mailauth_dns.reports.read_reports import Outcome
    from mailauth_dns.reports.tally import Tally
    from mailauth_dns.spread.spread import Spread

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


Write = Annotated[
    bool,
    typer.Option(
        "--write",
        help="keep what they say in zones/evidence, a file for each domain that has a policy; "
        "without a PATH, put the files there in order",
        rich_help_panel=headings.WRITE,
    ),
]


@command.command("read", cls=Command)
def read(
    context: typer.Context,
    path: Paths = None,
    parsedmarc: Parsedmarc = None,
    write: Write = False,
    scheduler: Scheduler = None,
    format: OutputFormat = Format.TEXT,
) -> int:
    """Read DMARC and TLS reports, and say what they hold.

    A report may be XML or JSON, packed as gzip or zip, attached to mail, in an mbox or a Maildir.
    The same report counts once. What cannot be read is named.
    """
    from mailauth_dns.render import evidence_kept
    from mailauth_dns.render.reports_read import ReadDocument, ReadSummary

    session = session_of(context)
    given = bool(path or parsedmarc)
    if not given and not write:
        raise MailAuthError(
            "give a PATH, or --parsedmarc FILE; see mailauth-dns reports read --help"
        )
    keeper = _keeper(session) if write else None
    summary, document = ReadSummary(), ReadDocument()
    paths, outputs = ([session.path(each) for each in of or ()] for of in (path, parsedmarc))
    with spread_of(scheduler) as spread, session.waiting("reading reports"):
        for outcome in _outcomes(paths, outputs, keeper, spread):
            summary.add(outcome)
            if format is Format.JSON:
                document.add(outcome)
    kept = keeper.kept if keeper is not None else None
    if format is Format.JSON:
        session.json(document.data(kept))
    else:
        session.show(summary.lines() if given else (), wrap=True)
        if kept is not None:
            session.show(evidence_kept.lines(kept, all_files=not given), wrap=True)
    if given and not summary.found:
        raise MailAuthError("there was no report to read: that says nothing about your mail")
    if summary.domains or not given:  # where no report counts, there is nothing to go on with
        what_next.after_reports(session, summary.domains, kept)
    return FAILED if summary.unread or (kept is not None and kept.problems) else DONE


def _keeper(session: Session) -> EvidenceKeeper:
    from mailauth_dns.cli.evidence_keeper import EvidenceKeeper
    from mailauth_dns.policy.load import load_repo

    with session.waiting("reading policies"):
        return EvidenceKeeper(load_repo(session.root), datetime.now(UTC))


def _outcomes(
    paths: Sequence[Path],
    parsedmarc: Sequence[Path],
    keeper: EvidenceKeeper | None,
    spread: Spread | None,
) -> Iterator[Outcome[Tally]]:
    """Yield what became of each report; a `keeper` gets them too."""
    from mailauth_dns.reports.read_reports import read_reports
    from mailauth_dns.reports.tally import tally

    if keeper is None:
        yield from read_reports(paths, parsedmarc, tally, spread)
        return
    from mailauth_dns.cli.evidence_keeper import short

    yield from map(keeper.add, read_reports(paths, parsedmarc, short, spread))
    keeper.finish(all_files=not (paths or parsedmarc))
    yield from keeper.unread


command.command("show", cls=Command)(reports_show.command)
command.command("watch", cls=Command)(reports_watch.command)
