"""The git commit that a plan was made from."""

from __future__ import annotations

import subprocess
from pathlib import Path

_STATUS = ("status", "--porcelain=v2", "--branch", "--", "zones", "providers")


def git_commit(root: Path) -> str | None:
    """Return the commit that is checked out in `root`, marked if files differ; None outside git."""
    try:
        status = subprocess.run(  # noqa: S603
            ["git", "-C", str(root), *_STATUS],  # noqa: S607 - git is found on PATH
            capture_output=True,
            text=True,
            errors="replace",
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    lines = status.stdout.splitlines()
    head = next(
        (line.rpartition(" ")[2] for line in lines if line.startswith("# branch.oid ")), "(initial)"
    )
    if head == "(initial)":  # there is no commit yet
        return None
    return head + (" with changes" if any(not line.startswith("#") for line in lines) else "")
