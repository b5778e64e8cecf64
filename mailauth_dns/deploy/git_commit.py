"""What git says of a repo: its commit, and what differs from it."""

from __future__ import annotations

from pathlib import Path

from mailauth_dns.deploy import git

FOLDERS = ("zones", "providers")  # of a zone repo, what a plan is made from
_OURS = ("--", *FOLDERS)
_STATUS = ("status", "--porcelain=v2", "--branch", *_OURS)
_UNCOMMITTED = ("status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", *_OURS)


def git_commit(root: Path) -> str | None:
    """Return the commit that is checked out in `root`, marked if files differ; None outside git."""
    status = _said(root, *_STATUS)
    if status is None:
        return None
    lines = status.splitlines()
    head = next(
        (line.rpartition(" ")[2] for line in lines if line.startswith("# branch.oid ")), "(initial)"
    )
    if head == "(initial)":  # there is no commit yet
        return None
    return head + (" with changes" if any(not line.startswith("#") for line in lines) else "")


def uncommitted(root: Path) -> tuple[str, ...] | None:
    """Return the policies, keys and other files of a repo that git does not have as they are.

    None outside git, and where git does not say.
    """
    status = _said(root, *_UNCOMMITTED)
    if status is None:
        return None
    return tuple(entry[3:] for entry in status.split("\0") if entry)


def has_remote(root: Path) -> bool:
    """Tell whether git knows a place that the repo is pushed to."""
    return bool(_said(root, "remote"))


def _said(root: Path, *arguments: str) -> str | None:
    """Return what git prints; None where it fails."""
    try:
        return git.said(root, *arguments).decode(errors="replace")
    except git.GitFailed:
        return None
