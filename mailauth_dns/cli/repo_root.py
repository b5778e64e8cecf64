"""Which folder a run works in."""

from __future__ import annotations

import os
import re
from pathlib import Path

from mailauth_dns.errors import MailAuthError
from mailauth_dns.policy.repo_layout import POLICY_DIR


def repo_root(start: Path) -> Path:
    """Return the folder to work in: `start` or the nearest folder above it with zones/policy.

    If no folder has it, that is `start`. As with git, the search ends with the work tree that
    `start` is in, and with the file system.

    Raises:
        MailAuthError: it belongs to another user, whose stanzas would choose which code runs.
    """
    here = start.absolute()
    for folder in (here, *here.parents):
        if folder.stat().st_dev != here.stat().st_dev:
            break
        if (folder / POLICY_DIR).is_dir():
            if folder == here:
                break
            if folder.stat().st_uid not in _users():
                raise MailAuthError(
                    f"{folder}: is a zone repo of another user; "
                    "if you trust what it runs, name it with -C"
                )
            return folder
        if (folder / ".git").exists():
            break
    return start


def _users() -> set[int]:
    """Return the ids of the user who runs this: the effective one, and the one behind sudo."""
    behind = os.environ.get("SUDO_UID", "")
    return {
        os.geteuid(),
        *([int(behind)] if os.geteuid() == 0 and re.fullmatch("[0-9]{1,10}", behind) else []),
    }
