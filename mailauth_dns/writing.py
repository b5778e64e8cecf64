"""Files written whole or not at all: a reader, and whoever looks after a killed run, finds what was there or what is new.

Everything goes into a draft in the same folder first. A killed run can leave one; its name begins with a dot and ends in `.draft`.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EINVAL
from pathlib import Path
from typing import BinaryIO

_DRAFT = ".draft"


def replace_file(path: Path, data: bytes, *, durable: bool) -> None:
    """Put a file in the place of the one that is there, if there is one; a link is replaced too, unless the caller resolves it.

    The mode stays, and the owner where we may give files away. `durable` waits until the disk has it, for what cannot be made again.

    Raises:
        OSError: it cannot be written, or what is there is no regular file.
    """
    before = path.stat() if path.exists() else None
    if before is not None and not stat.S_ISREG(before.st_mode):
        raise OSError(EINVAL, "is not a regular file", str(path))  # root would put a file in the place of /dev/null
    mode = stat.S_IMODE(before.st_mode) if before is not None else 0o666 & ~_umask()
    with _draft(path) as (draft, file):
        if before is not None:
            with suppress(PermissionError):  # only root may give files away
                os.fchown(file.fileno(), before.st_uid, before.st_gid)
        os.fchmod(file.fileno(), mode)  # after fchown, which takes special bits away
        _fill(file, data, durable=durable)
        draft.replace(path)
    if durable:
        _sync(path.parent)


def create_private_file(path: Path, data: bytes, owner: os.stat_result) -> None:
    """Write a file that is not there yet, mode 0600, and wait until the disk has it; root gives it to `owner`.

    Raises:
        FileExistsError: it is there.
        OSError: it cannot be written.
    """
    with _draft(path) as (draft, file):  # drafts have that mode from the beginning
        if os.geteuid() == 0:
            os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
        _fill(file, data, durable=True)
        path.hardlink_to(draft)  # a rename would replace a file that is there
    _sync(path.parent)


def sweep(folder: Path, names: str) -> None:
    """Delete the drafts of files that killed runs left, for a caller that knows that no other run is at them; `names` is a pattern."""
    for left in folder.glob(f".{names}.*{_DRAFT}"):
        left.unlink(missing_ok=True)


@contextmanager
def _draft(path: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """Make an empty file, mode 0600, beside the one it is to become. Change it by its handle: in others' folders its name can be theirs."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=_DRAFT)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None  # the draft's own name tells nobody anything
    try:
        with os.fdopen(handle, "wb") as file:
            yield Path(name), file
    finally:
        Path(name).unlink(missing_ok=True)


def _fill(file: BinaryIO, data: bytes, *, durable: bool) -> None:
    file.write(data)
    file.flush()
    if durable:
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
