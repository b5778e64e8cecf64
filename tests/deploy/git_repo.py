"""A zone repo in git."""

from __future__ import annotations

import subprocess
from datetime import UTC, date, datetime, timedelta
from pathlib import Path


def git(root: Path, *arguments: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    allowed = ("-c", "protocol.file.allow=always")
    return subprocess.run(
        ["git", "-C", str(root), *who, *allowed, *arguments],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def commit(root: Path, subject: str = "a change") -> str:
    git(root, "add", "-A")
    git(root, "commit", "-qm", subject)
    return git(root, "rev-parse", "HEAD")


def ago(days: int) -> date:
    """Return the day, in UTC, of so many days ago."""
    return (datetime.now(UTC) - timedelta(days=days)).date()
