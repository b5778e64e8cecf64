"""Values of earlier runs, by name, in the user's cache folder: JSON, and never code.

Nobody needs what is in here. It may be deleted, cut off, changed or filled by somebody else at any
time: a value that is not exactly what this version of the program put there is not there. So each
file is signed (HMAC-SHA256) with a key that only the user can read. A folder in which somebody else
could write is left alone. Nothing in here raises an error: without a shelf, a run takes longer.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from mailauth_dns.atomic_files import create_private_file, replace_private_file

MAX_VALUE = 64_000_000  # octets of one value
MAX_SHELF = 256_000_000  # octets of all; the ones that were put first go first
MAX_VALUES = 64
_FORMAT = 1
_KEY = "key"
_KEY_OCTETS = 32
_SUFFIX = ".json"
_DRAFTS = "*.draft"  # of killed runs
_OLD_DRAFT = 3600  # seconds; a younger draft may be one that another run is writing


def folder_of(environment: Mapping[str, str]) -> Path | None:
    """Return the folder that the environment names; None where there is to be no cache.

    It is `MAILAUTH_CACHE`, which may be empty for none, or `mailauth-dns` in `XDG_CACHE_HOME`, or
    in ~/.cache. A home that is not there, or is somebody else's, gets none: root with a user's HOME
    would leave a folder there in which the user cannot write.
    """
    named = environment.get("MAILAUTH_CACHE")
    if named is not None:
        return Path(named) if Path(named).is_absolute() else None
    base = Path(environment.get("XDG_CACHE_HOME", ""))
    if not base.is_absolute():  # the XDG specification: others are to be ignored
        home = Path(environment.get("HOME", ""))
        if not _is_own(home):
            return None
        base = home / ".cache"
    return base / "mailauth-dns" if base.is_absolute() else None


class Shelf:
    """The values in one folder, or none where the folder is None or cannot be trusted."""

    def __init__(self, folder: Path | None, program: str) -> None:
        """Remember the folder; nothing is read or made before it is needed.

        `program` is its version: another one's values are not there.
        """
        self._folder = folder
        self._program = program
        self._secret: bytes | None = None

    @property
    def is_open(self) -> bool:
        """Whether values can be kept at all."""
        return self._folder is not None

    def get(self, name: str) -> Any:  # noqa: ANN401 - anything JSON holds
        """Return the value of that name as JSON data; None where there is none to rely on."""
        with suppress(OSError, ValueError, RecursionError):
            folder = self._trusted()
            if folder is None or (key := self._key(folder, make=False)) is None:
                return None
            signed, _, data = _octets(folder / _file_name(name), MAX_VALUE).partition(b"\n")
            if hmac.compare_digest(signed, self._signature(key, name, data)):
                return json.loads(data)
        return None

    def put(self, name: str, value: object) -> None:
        """Keep JSON data under a name, if that is possible."""
        with suppress(OSError, ValueError, RecursionError):
            data = json.dumps(value, separators=(",", ":")).encode()
            folder = self._made() if len(data) <= MAX_VALUE else None
            if folder is None or (key := self._key(folder, make=True)) is None:
                return
            signed = self._signature(key, name, data)
            replace_private_file(folder / _file_name(name), (signed, b"\n", data))
            _make_room(folder)

    def _signature(self, key: bytes, name: str, data: bytes) -> bytes:
        head = json.dumps([_FORMAT, self._program, name]).encode()
        return hmac.new(key, head + b"\n" + data, hashlib.sha256).hexdigest().encode()

    def _made(self) -> Path | None:
        """Return the folder, which is made if it is not there."""
        if self._folder is not None and not os.path.lexists(self._folder):
            self._folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._folder.mkdir(mode=0o700, exist_ok=True)
        return self._trusted()

    def _trusted(self) -> Path | None:
        """Return the folder if it is the user's and nobody else can write in it."""
        folder = self._folder
        if folder is None:
            return None
        status = folder.lstat()  # a link to a folder is none
        mine = stat.S_ISDIR(status.st_mode) and _is_mine(status)
        return folder if mine else None

    def _key(self, folder: Path, *, make: bool) -> bytes | None:
        """Return the key, which is made if `make` says so and there is none."""
        if self._secret is not None:
            return self._secret
        path = folder / _KEY
        if make and not os.path.lexists(path):
            with suppress(FileExistsError):  # another run was faster
                create_private_file(
                    path, os.urandom(_KEY_OCTETS).hex().encode(), (os.geteuid(), os.getegid())
                )
        try:
            secret = bytes.fromhex(_octets(path, 2 * _KEY_OCTETS, private=True).decode("ascii"))
        except (OSError, ValueError):
            secret = b""
        if len(secret) != _KEY_OCTETS:
            if make:  # nobody can read what it signed
                path.unlink(missing_ok=True)
            return None
        self._secret = secret
        return secret


def _file_name(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:40] + _SUFFIX


def _octets(path: Path, limit: int, *, private: bool = False) -> bytes:
    """Return what a file of the user's holds.

    Raises:
        OSError: there is none, or it is a link, a pipe, too large, or could be somebody else's.
    """
    # Without O_NONBLOCK, a pipe would stop the run.
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        open_to_others = private and status.st_mode & 0o077
        if not stat.S_ISREG(status.st_mode) or not _is_mine(status) or open_to_others:
            raise OSError("not a file of the user's alone")
        if status.st_size > limit:
            raise OSError("too large")
        return file.read(limit + 1)


def _is_own(folder: Path) -> bool:
    with suppress(OSError, ValueError):
        status = folder.stat()
        return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()
    return False


def _is_mine(status: os.stat_result) -> bool:
    """Tell whether a file or folder is the user's, and only the user can write it."""
    return status.st_uid == os.geteuid() and not status.st_mode & 0o022


def _make_room(folder: Path) -> None:
    """Delete what was put first until the rest is small enough, and what killed runs left."""
    kept = sorted(_sized(folder, f"*{_SUFFIX}"), reverse=True)
    newest = kept[0][0] if kept else 0.0
    total = 0
    for number, (_, size, path) in enumerate(kept):
        total += size
        if number >= MAX_VALUES or (number and total > MAX_SHELF):
            path.unlink(missing_ok=True)
    for changed, _, path in _sized(folder, f".{_DRAFTS}"):
        if changed < newest - _OLD_DRAFT:
            path.unlink(missing_ok=True)


def _sized(folder: Path, names: str) -> Iterator[tuple[float, int, Path]]:
    """Yield the time, the size and the path of files."""
    for path in folder.glob(names):
        with suppress(OSError):
            status = path.lstat()
            yield status.st_mtime, status.st_size, path
