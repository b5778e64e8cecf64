"""The lock of a folder of zone files: one run writes at a time."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mailauth_dns.errors import ProviderError

LOCK_WAIT = 10.0  # seconds to wait for another run


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Hold the lock of a folder of zone files; no other run writes there meanwhile.

    Raises:
        ProviderError: another run holds it for longer than `LOCK_WAIT`.
    """
    path = directory / ".mailauth-dns.lock"
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    except OSError as error:
        raise ProviderError(f"{path}: {error.strerror}") from None
    try:
        until = time.monotonic() + LOCK_WAIT
        while True:
            try:
                # The kernel gives it back when the process ends, however it ends.
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    raise ProviderError(
                        f"{directory} is locked by another run; wait until it ends"
                    ) from None
                time.sleep(0.02)
        yield
    finally:
        os.close(handle)
