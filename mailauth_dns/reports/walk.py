"""Files that a user named, and those in folders, as chunks. Files are read and nothing else."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from mailauth_dns.reports import bounds
from mailauth_dns.reports.bounds import Budget
from mailauth_dns.reports.containers import Packed, Unread, claims
from mailauth_dns.reports.unreadable import UnreadableReport


def files(paths: Sequence[Path]) -> Iterator[Packed | Unread]:
    """Yield each file, those of a folder in the order of their names.

    A file that was named claims to be a report; in a folder, names like `*.xml.gz` do.
    """
    for path in paths:
        try:
            mode = path.stat().st_mode
        except OSError as error:
            yield Unread(str(path), _why(error))
            continue
        if stat.S_ISDIR(mode):
            yield from _folder(path)
        else:
            yield _file(path, mode, claimed=True)


def _folder(folder: Path) -> Iterator[Packed | Unread]:
    """Yield the files of a folder and of those below; links to folders are not followed."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        yield Unread(str(folder), _why(error))
        return
    names = {entry.name for entry in entries}
    for entry in entries:
        path = folder / entry.name
        try:
            if entry.is_dir(follow_symlinks=False):
                # What lies in a Maildir's tmp is not delivered yet.
                if entry.name != ".git" and not (entry.name == "tmp" and {"cur", "new"} <= names):
                    yield from _folder(path)
            elif not (entry.is_symlink() and entry.is_dir()):
                yield _file(path, entry.stat().st_mode, claimed=claims(entry.name))
        except OSError as error:
            yield Unread(str(path), _why(error))


def _file(path: Path, mode: int, *, claimed: bool) -> Packed | Unread:
    if not stat.S_ISREG(mode):  # a pipe would be waited for
        return Unread(str(path), "is no file")
    budget = Budget()
    return Packed(str(path), budget.read(chunks(path)), budget, claimed)


def chunks(path: Path) -> Iterator[bytes]:
    """Yield a file in pieces.

    Raises:
        UnreadableReport: it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(bounds.CHUNK):
                yield chunk
    except OSError as error:
        raise UnreadableReport(_why(error)) from None


def _why(error: OSError) -> str:
    return f"cannot be read: {(error.strerror or 'no reason given').lower()}"
