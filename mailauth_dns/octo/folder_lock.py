"""The locks of a folder of zone files: one run at a time writes a zone, and many write zones.

Whoever writes a zone holds the folder's lock, shared with others, and the zone's file alone. Where
the file cannot be locked, they hold the folder's lock alone. Hold it so to keep every run out.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mailauth_dns.errors import ProviderError

LOCK_WAIT = 10.0  # seconds to wait for another run
_PAUSE = 0.01


@contextmanager
def locked(directory: Path, file: Path) -> Iterator[None]:
    """Hold the locks for one zone; no other run writes its `file` meanwhile.

    Raises:
        ProviderError: another run holds one for longer than `LOCK_WAIT`.
    """
    until = time.monotonic() + LOCK_WAIT
    folder = _opened(directory)
    try:
        while not _taken(folder, fcntl.LOCK_SH):
            _pause(directory, until)
        handle = _zone_file(file, lambda: _pause(file, until))
        # From shared to alone goes through neither, so that two who try this do not wait for ever.
        while handle is None and not _taken(folder, fcntl.LOCK_EX):
            _pause(directory, until)
        try:
            yield
        finally:
            if handle is not None:
                os.close(handle)
    finally:
        os.close(folder)  # the kernel does so too when the process ends, however it ends


@contextmanager
def alone(directory: Path) -> Iterator[bool]:
    """Hold the lock of a folder alone, if nobody else has it now; yield whether that is so.

    Raises:
        ProviderError: the lock cannot be made.
    """
    folder = _opened(directory)
    try:
        yield _taken(folder, fcntl.LOCK_EX)
    finally:
        os.close(folder)


def is_free(file: Path) -> bool:
    """Tell whether nobody has a zone's file locked now, also by a link in another folder."""
    handle = _writable(file)
    if handle is None:
        return True
    try:
        return _taken(handle, fcntl.LOCK_EX)
    except OSError:  # nobody can lock it
        return True
    finally:
        os.close(handle)


def _opened(directory: Path) -> int:
    path = f"{directory}/.mailauth-dns.lock"
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    except OSError as error:
        raise ProviderError(f"{path}: {error.strerror}") from None


def _zone_file(file: Path, pause: Callable[[], None]) -> int | None:
    """Return a handle on a zone's file that is locked; None where that cannot be had.

    The file is replaced when it is written. So the one that was opened may be gone by the time
    that it is ours, and then there is another one.
    """
    while (handle := _writable(file)) is not None:
        is_ours = False
        try:
            while not _taken(handle, fcntl.LOCK_EX):
                pause()
            there = os.stat(file)  # noqa: PTH116 - for every zone
            is_ours = os.path.samestat(os.fstat(handle), there)
        except FileNotFoundError:
            pass
        except OSError:
            # NFS, for one, locks no file that is open for reading only.
            return None
        finally:
            if not is_ours:
                os.close(handle)
        if is_ours:
            return handle
    return None


def _writable(file: Path) -> int | None:
    """Open a file; None where it is missing or cannot be opened, which its reader tells."""
    for mode in (os.O_RDWR, os.O_RDONLY):
        # O_NONBLOCK: to open a pipe would wait for ever.
        with suppress(OSError):
            return os.open(file, mode | os.O_CLOEXEC | os.O_NONBLOCK)
    return None


def _taken(handle: int, kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _pause(what: Path, until: float) -> None:
    if time.monotonic() > until:
        raise ProviderError(f"{what} is locked by another run; wait until it ends")
    time.sleep(_PAUSE)
