"""Which program this is: another version, or a changed one, has no use for what this one kept."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

_PACKAGE = Path(__file__).parents[1]


def identity(version: str, package: Path = _PACKAGE) -> str:
    """Return a text that is another one for each version, each edit of it, and each Python."""
    found = hashlib.sha256(f"{version} {sys.version}".encode())
    for parent, folders, files in os.walk(package):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(files):
            # Somebody who works on this program has one version for many programs.
            found.update(f"{name} {_stamp(f'{parent}/{name}')}\n".encode(errors="surrogateescape"))
    return found.hexdigest()


def _stamp(path: str) -> str:
    """Return what tells one state of a file from another; nothing where no file can be read."""
    try:
        status = os.stat(path)  # noqa: PTH116 - a Path for each costs more
    except OSError:  # an editor's lock is a link to nowhere, and a draft goes away
        return ""
    return f"{status.st_size} {status.st_mtime_ns}"
