"""The files that decide about a plan of local zones, by their octets: SHA-256 of each.

Where a repo is laid out in an unusual way, such as with links inside it, there are no inputs: then
everything is read the whole way, which knows what to say.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from struct import Struct

from mailauth_dns.policy.domain_list import LIST_DIR
from mailauth_dns.policy.repo_layout import (
    DEFAULTS,
    KEY_DIR,
    LOCK_FILE,
    POLICY_DIR,
    PROVIDER_DIR,
    SENDER_DIR,
)

_FORMAT = 3
# What reads policies and zone files, beside Python and this program (cache/shelf.py).
_LIBRARIES = ("octodns", "pydantic", "pydantic-core", "PyYAML", "idna", "cryptography")
_STAMP = Struct("<QQqq")
_MAX_FILE = 64_000_000  # octets; what is larger is not remembered


@dataclass(frozen=True, slots=True)
class Seen:
    """What a file holds, by its digest, and by what tells that it was not written meanwhile."""

    digest: str
    stamp: bytes


@dataclass(frozen=True, slots=True)
class Inputs:
    """The files of a repo by their paths in it.

    `policies` are policy files, and `others` the lists and keys that they may name. `shared` are
    those that decide for every zone, and `digest` is of all that does.
    """

    digest: str
    shared: Mapping[str, Seen]
    policies: Mapping[str, Seen]
    others: Mapping[str, Seen]


def inputs_of(root: Path, options: Iterable[object]) -> Inputs | None:
    """Return the inputs of a plan in `root`; None where only the whole way knows what is there.

    `options` are those of the command that change what a plan says.
    """
    with suppress(OSError, _Unusual):
        real = os.path.realpath(root)
        for folder in (POLICY_DIR, KEY_DIR, PROVIDER_DIR, SENDER_DIR, LOCK_FILE.parent):
            if os.path.realpath(root / folder) != str(Path(real) / folder):
                return None
        policies = dict(_policies(root / POLICY_DIR))
        policies.pop((POLICY_DIR / DEFAULTS).as_posix(), None)
        shared = _shared(root)
        decides = [
            _FORMAT,
            list(options),
            [metadata.version(name) for name in _LIBRARIES],
            sorted((path, each.digest) for path, each in shared.items()),
        ]
        digest = hashlib.sha256(json.dumps(decides).encode()).hexdigest()
        others = dict(_below(root, KEY_DIR, without=b"PRIVATE KEY")) | dict(_lists(root))
        return Inputs(digest, shared, policies, others)
    return None


def shared_are(root: Path, inputs: Inputs) -> bool:
    """Tell whether the files that decide for every zone are what they were."""
    with suppress(OSError, _Unusual):
        return _shared(root) == inputs.shared
    return False


def seen(path: str | Path, *, without: bytes | None = None) -> Seen | None:
    """Return what a file is now; None if it is a link, no file or too large, or cannot be read.

    A file that holds `without` is none of these that are remembered either.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _MAX_FILE:
            return None
        data = os.read(handle, status.st_size + 1)
    except OSError:
        return None
    finally:
        os.close(handle)
    if len(data) != status.st_size or (without is not None and without in data):
        return None
    times = status.st_mtime_ns, status.st_ctime_ns
    stamp = _STAMP.pack(status.st_ino, status.st_size, *times)  # a tuple takes three times as much
    return Seen(hashlib.sha256(data).hexdigest(), stamp)


class _Unusual(Exception):
    """There is something in the repo that only the whole way knows."""


def _policies(folder: Path) -> Iterator[tuple[str, Seen]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(".") and entry.is_file(follow_symlinks=False):
                continue
            suffix = os.path.splitext(entry.name)[1]  # noqa: PTH122 - a Path for each costs more
            if not entry.is_file(follow_symlinks=False) or suffix == ".yml":
                raise _Unusual
            if suffix == ".yaml":
                found = seen(entry.path)
                if found is None:
                    raise _Unusual
                yield f"{POLICY_DIR.as_posix()}/{entry.name}", found


def _lists(root: Path) -> Iterator[tuple[str, Seen]]:
    """Yield the lists of domains that a policy may name; one that is a link is none of these."""
    for parent, _, files in os.walk(root / LIST_DIR):
        for name in files:
            path = Path(parent, name) if name.endswith(".txt") else None
            if path is not None and (found := seen(path)) is not None:
                yield path.relative_to(root).as_posix(), found


def _shared(root: Path) -> dict[str, Seen]:
    """Return the files that decide for every zone, by their paths."""
    found: dict[str, Seen] = {}
    for folder in (PROVIDER_DIR, SENDER_DIR, LOCK_FILE.parent):
        found |= _below(root, folder)
    defaults = root / POLICY_DIR / DEFAULTS
    if os.path.lexists(defaults):
        there = seen(defaults)
        if there is None:
            raise _Unusual
        found[DEFAULTS] = there
    return found


def _below(root: Path, folder: Path, *, without: bytes | None = None) -> Iterator[tuple[str, Seen]]:
    """Yield the files in and below a folder by their paths in the repo."""

    def refuse(error: OSError) -> None:
        raise error

    top = root / folder
    for parent, folders, files in os.walk(top, onerror=refuse) if top.is_dir() else ():
        if any(Path(parent, name).is_symlink() for name in folders):
            raise _Unusual
        for name in files:
            path = Path(parent, name)
            found = seen(path, without=without)
            if found is None:
                raise _Unusual
            yield path.relative_to(root).as_posix(), found
