"""Files written whole or not at all: a reader finds the old content or the new, also after a kill.

Content first goes into a draft in the same folder. A killed run can leave a draft behind; its name
begins with a dot and ends in `.draft`.
"""

from __future__ import annotations

import fcntl
import glob
import os
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from errno import EBUSY, EINVAL, ELOOP, EPERM
from pathlib import Path
from typing import BinaryIO

_DRAFT = ".draft"
_MAX_LINKS = 40  # Linux follows as many


def replace_file(
    path: Path, data: bytes | Iterable[bytes], *, durable: bool, instead_of: bytes | None = None
) -> None:
    """Write a file, in place of the one that is there; a link is replaced, not followed.

    `data` is all of it, or the pieces as they are made. For a name that a user gave, call
    `followed` first. The file keeps its mode and, where we may give files away, its owner.
    `durable` waits until the data is on disk: use it for what cannot be made again. `instead_of`
    is the content that the caller read; other content is not replaced.

    Raises:
        OSError: the file cannot be written, is not a regular file, or is not `instead_of`.
    """
    before = _regular(path)
    mode = stat.S_IMODE(before.st_mode) if before is not None else 0o666 & ~_umask()
    with _draft(path) as (draft, file):
        if before is not None:
            with suppress(PermissionError):  # only root may give files away
                os.fchown(file.fileno(), before.st_uid, before.st_gid)
        os.fchmod(file.fileno(), mode)  # after fchown, which clears special bits
        _fill(file, data, durable=durable)
        if instead_of is not None and path.read_bytes() != instead_of:
            raise OSError(
                EBUSY,
                "was changed by somebody else meanwhile, and is left as it is; "
                "run the command again",
                str(path),
            )
        draft.replace(path)
    if durable:
        _sync(path.parent)


def _regular(path: Path) -> os.stat_result | None:
    """Return what the file at a path is, None if there is none or a link.

    Raises:
        OSError: it is not a regular file, or a link to something else.
    """
    try:
        status = path.lstat()
    except FileNotFoundError:
        return None
    is_link = stat.S_ISLNK(status.st_mode)
    if is_link and path.exists():
        status = path.stat()
    elif is_link:
        return None
    if not stat.S_ISREG(status.st_mode):
        # As root we would otherwise replace /dev/null by a file.
        raise OSError(EINVAL, "is not a regular file", str(path))
    return None if is_link else status  # the new file does not take mode and owner of the target


def own_folder(root: Path, folder: Path) -> Path:
    """Return the real path of a folder in the repo that a command changes. It need not exist yet.

    Work below the result, so that a link that is changed meanwhile leads nowhere else. Somebody who
    can replace the folder itself while a command runs can write the repo's files anyway.

    Raises:
        OSError: the folder lies outside the repo. A link in a commit must not choose what is
            overwritten or deleted.
    """
    real = Path(os.path.realpath(root / folder))
    if not real.is_relative_to(os.path.realpath(root)):
        told = (
            "lies outside the repo; what a command writes or deletes must be inside it: "
            "remove the link"
        )
        raise OSError(EPERM, told, str(folder))
    return real


def append_line(path: Path, line: str) -> None:
    """Add a line to a file that the user did not name. A link is not followed.

    Raises:
        OSError: the file cannot be written, or is not a regular file.
    """
    # Without O_NONBLOCK, a pipe that nobody reads would stop the run.
    handle = os.open(
        path,
        os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC,
        0o666,
    )
    with os.fdopen(handle, "ab") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(EINVAL, "is not a regular file", str(path))
        file.write(f"{line}\n".encode())


def followed(path: Path) -> Path:
    """Return the file to write for a name that a user gave: a link's target, not the link.

    Raises:
        OSError: the name is a device or an open file, such as /dev/stdout, or links form a loop.
    """
    for _ in range(_MAX_LINKS):
        folder = Path(os.path.realpath(path.parent))
        if folder == Path("/dev") or folder.is_relative_to("/proc"):
            # The open file may have a name of its own. Replacing the file of that name would not
            # change what the other program has open.
            raise OSError(
                EINVAL,
                "stands for a device or an open file, which cannot be replaced; name a file",
                str(path),
            )
        path = folder / path.name
        if not path.is_symlink():
            return path
        path = folder / path.readlink()
    raise OSError(ELOOP, os.strerror(ELOOP), str(path))


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold an advisory lock on a folder. The kernel releases it when the process ends.

    Raises:
        OSError: there is no such folder, or it cannot be read.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        # NFS does not lock what is open for reading only. There, `instead_of` is the protection.
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def create_private_file(path: Path, data: bytes, owner: tuple[int, int]) -> None:
    """Write a new file, mode 0600, and wait until the disk has it.

    Root gives it to `owner`, a user and a group.

    Raises:
        FileExistsError: it is there.
        OSError: it cannot be written.
    """
    with _draft(path) as (draft, file):  # drafts have that mode from the beginning
        if os.geteuid() == 0:
            os.fchown(file.fileno(), *owner)
        _fill(file, data, durable=True)
        path.hardlink_to(draft)  # a rename would replace a file that is there
    _sync(path.parent)


def replace_private_file(path: Path, data: Iterable[bytes]) -> None:
    """Write a file, mode 0600, in place of whatever has its name; it can be made again.

    Raises:
        OSError: it cannot be written.
    """
    with _draft(path) as (draft, file):  # drafts have that mode from the beginning
        _fill(file, data, durable=False)
        draft.replace(path)


def create_file(path: Path, data: bytes) -> None:
    """Write a file that is not there yet, with the mode that new files have.

    Raises:
        FileExistsError: it is there.
        OSError: it cannot be written.
    """
    with _draft(path) as (draft, file):
        os.fchmod(file.fileno(), 0o666 & ~_umask())
        _fill(file, data, durable=False)
        path.hardlink_to(draft)  # a rename would replace a file that is there


def sweep(folder: Path, names: str, wanted: Callable[[Path], bool] = lambda _path: True) -> None:
    """Delete the drafts that killed runs left; `names` is a pattern, and each file is `wanted`.

    Call this only where no other run can be writing them.
    """
    for left in drafts(folder, names):
        # Between the name and the ending is one random word.
        if wanted(folder / left.name[1:].rsplit(".", 2)[0]):
            left.unlink(missing_ok=True)


def sweep_beside(path: Path) -> None:
    """Delete the drafts of this one file. Call this only where no other run can be writing it.

    A file whose name begins with the whole name of this one may have drafts of its own.
    """
    sweep(path.parent, glob.escape(path.name), lambda file: file == path)


def drafts(folder: Path, names: str) -> list[Path]:
    """Return the drafts that killed runs left or another run is writing; `names` is a pattern."""
    return sorted(folder.glob(f".{names}.*{_DRAFT}"))


@contextmanager
def _draft(path: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """Make an empty file, mode 0600, beside the one that it will become.

    Change it by its handle only. In a folder of somebody else, its name may lead to another file.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=_DRAFT)
    except OSError as error:
        # Name the file itself; the draft's name means nothing to the user.
        raise OSError(error.errno, error.strerror, str(path)) from None
    try:
        with os.fdopen(handle, "wb") as file:
            yield Path(name), file
    except OSError as error:
        if error.filename is not None:
            raise
        # A full disk: what failed is a write to a handle, which has no name.
        raise OSError(error.errno, error.strerror, str(path)) from None
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name)  # noqa: PTH108 - a Path for each of many files costs more


def _fill(file: BinaryIO, data: bytes | Iterable[bytes], *, durable: bool) -> None:
    file.writelines([data] if isinstance(data, bytes) else data)
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
