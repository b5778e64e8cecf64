"""Who beside its owner could read a private key or replace it: modes, folders, groups, git."""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

from mailauth_dns.signing_host.key_owner import Owner, user_name

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_ROOT = 0


def weaknesses(path: Path, signer: Owner | None = None) -> list[str]:
    """Return who else could read or replace a private key, in words.

    That includes whatever OpenDKIM's RequireSafeKeys refuses. `signer` is who reads the key, where
    that is known: a group of that user alone may then read it too, and the file's owner matters.

    Raises:
        OSError: the file cannot be looked at.
    """
    there = path.stat()
    reader = signer.uid if signer is not None else there.st_uid
    found = []
    if there.st_mode & _OTHERS and not (signer is not None and _for_signer_alone(there, signer)):
        way = f"chmod 600 {path}"
        if reader != there.st_uid:
            way = f"chown {user_name(reader)} {path} and {way}"
        found.append(
            f"{path}: its mode is {stat.S_IMODE(there.st_mode):04o}: "
            f"others than its owner may use it; {way}"
        )
    found += replaceable(path, reader)
    if signer is not None and there.st_uid not in (_ROOT, reader):
        found.append(
            f"{path}: belongs to {user_name(there.st_uid)}, and OpenDKIM runs as {signer.name} "
            f"and refuses it; chown {signer.name} {path}"
        )
    for parent in path.resolve().parents:
        owner = parent.stat().st_uid
        if owner not in (_ROOT, reader):
            whose = (
                f"OpenDKIM runs as {signer.name} and refuses"
                if signer is not None
                else f"the key to {user_name(reader)}: OpenDKIM refuses"
            )
            found.append(f"{parent}: belongs to {user_name(owner)} and {whose} keys below it")
    return found


def replaceable(path: Path, owner: int) -> Iterator[str]:
    """Yield what lets others than the owner and root replace a file: the folders above it.

    A sticky bit does not help: OpenDKIM does not trust such a folder either.
    """
    for parent in path.resolve().parents:
        if not parent.exists():
            continue
        there = parent.stat()
        if there.st_mode & stat.S_IWOTH:
            yield f"{parent}: everybody may write there, so OpenDKIM refuses keys below it"
        elif there.st_mode & stat.S_IWGRP:
            others = _members(there.st_gid) - {user_name(_ROOT), user_name(owner)}
            if others:
                yield (
                    f"{parent}: a group may write there, and {min(others)} is in it, "
                    "so OpenDKIM refuses keys below"
                )


def _for_signer_alone(there: os.stat_result, signer: Owner) -> bool:
    """Tell whether the file's group has nobody beside the signer and root, and only reads it.

    That is so for root:opendkim 0640.
    """
    return not there.st_mode & (stat.S_IRWXO | stat.S_IWGRP) and _members(there.st_gid) <= {
        user_name(_ROOT),
        signer.name,
    }


def _members(group: int) -> frozenset[str]:
    """Return the users in a group, with those whose first group it is."""
    with contextlib.suppress(KeyError):
        listed = grp.getgrgid(group).gr_mem
        return frozenset(
            [*listed, *(user.pw_name for user in pwd.getpwall() if user.pw_gid == group)]
        )
    return frozenset()


def in_git(folder: Path) -> frozenset[Path] | None:
    """Return the files of the folder that git keeps; None where git does not say."""
    if not any((parent / ".git").exists() for parent in (folder, *folder.parents)):
        return frozenset()
    try:
        listed = subprocess.run(  # noqa: S603
            ["git", "-C", str(folder), "ls-files", "-z"],  # noqa: S607 - git is found on PATH
            capture_output=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return frozenset(folder / os.fsdecode(name) for name in listed.stdout.split(b"\0") if name)
