"""A zone repo in git with thirty days of reports, up to yesterday."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from mailauth_dns.evidence.evidence import MailReport
from mailauth_dns.evidence.kept.evidence_text import text_of
from tests.conftest import RepoFolder
from tests.deploy.git_repo import git
from tests.evidence.histories import DOMAIN, FIRST, POLICY, history, moved

MONTH = range(1, 31)


def with_evidence(
    repo: RepoFolder, made: Iterable[MailReport], policy: str = POLICY, *, committed: bool = True
) -> None:
    """Give the repo a policy that is forty days old, and reports; the thirtieth day is yesterday."""
    repo.policy(policy, "example.com")
    later = datetime.now(UTC).date() - FIRST - timedelta(days=30)
    found = history(moved(each, later.days) for each in made)
    repo.write(f"zones/evidence/{DOMAIN}.json", text_of(found))
    if committed:
        git(repo.root, "init", "-q")
        commit_days_ago(repo, 40)


def commit_days_ago(repo: RepoFolder, days: int) -> None:
    """Commit all files, as if it had been that many days ago."""
    when = f"{int((datetime.now(UTC) - timedelta(days=days)).timestamp())} +0000"
    git(repo.root, "add", "-A")
    subprocess.run(
        ["git", "-C", repo.root, "-c", "user.name=a", "-c", "user.email=a@example.com",
         "-c", "commit.gpgsign=false", "commit", "-qm", "a change"],
        env={**os.environ, "GIT_COMMITTER_DATE": when, "GIT_AUTHOR_DATE": when},
        check=True,
    )  # fmt: skip


def day(number: int) -> str:
    """Return the day of a report as it is written; 30 is yesterday."""
    return str(datetime.now(UTC).date() - timedelta(days=31 - number))
