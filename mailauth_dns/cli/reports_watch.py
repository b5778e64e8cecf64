"""The reports watch command: what is new in the evidence, for cron and CI."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated

import typer

from mailauth_dns.cli import headings, what_next_reports
from mailauth_dns.cli.options import Domains
from mailauth_dns.cli.session import DIFFERS, DONE, Session, domains, session_of
from mailauth_dns.cli.watch_mark_file import MARK, marked
from mailauth_dns.errors import MailAuthError
from mailauth_dns.evidence.watch.watched_domains import WatchedDomain, watch_after, watch_since
from mailauth_dns.policy.load import load_repo
from mailauth_dns.policy.repo import Policy, Repo
from mailauth_dns.render import reports_watch


class WatchFormat(StrEnum):
    """How it is written."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


def command(
    context: typer.Context,
    domain: Domains = None,
    since: Annotated[
        datetime | None,
        typer.Option(
            "--since",
            metavar="DAY",
            formats=["%Y-%m-%d"],
            help="tell what became so on that day or later, whatever was told before",
            rich_help_panel=headings.LOOK,
        ),
    ] = None,
    format: Annotated[
        WatchFormat,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="text, json or github",
            rich_help_panel=headings.WRITE,
        ),
    ] = WatchFormat.TEXT,
) -> int:
    """Say what is new in the evidence, and exit with 2 if something is.

    A new unknown source, a sender that stopped aligning or went silent, a reporter that stopped, a
    spike. zones/evidence/_watch.json keeps what was told, so that the same evidence says nothing
    new.
    """
    session = session_of(context)
    repo = load_repo(session.root)
    policies, today = repo.of(domains(domain)), datetime.now(UTC).date()
    if since is not None:
        found = tuple(watch_since(repo, policies, _not_later(since.date(), today), today))
        _show(session, found, format)
    else:
        found = _after_mark(session, repo, policies, today, format)
    if not found:
        raise MailAuthError(
            "there is no evidence: that says nothing about your mail; "
            "`mailauth-dns reports read PATH --write` makes it of reports"
        )
    if problems := [each.problem for each in found if each.problem is not None]:
        raise MailAuthError("\n".join(problems))
    new = [each.domain for each in found if each.new]
    what_next_reports.after_watch(session, new)
    return DIFFERS if new else DONE


def _not_later(day: date, today: date) -> date:
    if day > today:
        raise MailAuthError(f"--since {day}: that day has not come; today is {today}")
    return day


def _after_mark(
    session: Session,
    repo: Repo,
    policies: Sequence[Policy],
    today: date,
    format: WatchFormat,
) -> tuple[WatchedDomain, ...]:
    """Show what is new, and then keep that it was told: a run that is cut off tells it again."""
    with marked(session.root) as file:
        found = tuple(watch_after(repo, policies, file.mark, MARK.as_posix(), today))
        _show(session, found, format)
        session.flush()
        file.write(found)
    return found


def _show(session: Session, found: Sequence[WatchedDomain], format: WatchFormat) -> None:
    if not found:
        return
    match format:
        case WatchFormat.JSON:
            session.json(reports_watch.data(found))
        case WatchFormat.GITHUB:
            for line in reports_watch.github(found):
                session.line(line)
        case WatchFormat.TEXT:
            session.show(reports_watch.lines(found), wrap=True)
