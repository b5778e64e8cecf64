"""A repo with evidence in it, of days before the real one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from mailauth_dns.evidence.evidence import Evidence, MailReport, SessionReport, Window
from mailauth_dns.evidence.kept.evidence_files import path_of
from mailauth_dns.evidence.kept.evidence_text import text_of
from tests.conftest import RepoFolder
from tests.evidence.tls_reports import DOMAIN, TODAY


def today() -> date:
    """Return the day on which commands run, in UTC."""
    return datetime.now(UTC).date()


def put(
    repo: RepoFolder, mail: Iterable[MailReport] = (), sessions: Iterable[SessionReport] = ()
) -> None:
    """Write evidence that is as old today as it is in tables of tests."""
    found = Evidence(
        DOMAIN,
        tuple(MailReport(_now(each.window), each.published, each.rows) for each in mail),
        tuple(SessionReport(_now(each.window), each.policies) for each in sessions),
    )
    repo.write(path_of(DOMAIN).as_posix(), text_of(found))


def _now(window: Window) -> Window:
    shift = int((today() - TODAY) / timedelta(seconds=1))
    return Window(window.begin + shift, window.end + shift, window.reporter, window.id)
