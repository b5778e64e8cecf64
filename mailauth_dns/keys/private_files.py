"""Private keys as files on the signing host: <folder>/<domain>/<selector>.private, for nobody but their owner to read.

An Ed25519 key stands beside it once more, as <selector>.seed, which is what Rspamd reads.

The folder lies outside the zone repo and its git work tree, symbolic links followed: a key that was committed once is public for good.
"""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import stat
import subprocess
from collections.abc import Container, Iterator
from errno import EINVAL
from pathlib import Path

from mailauth_dns.atomic_files import alone, create_private_file, drafts, sweep
from mailauth_dns.errors import MailAuthError
from mailauth_dns.keys.keypair import KeyPair
from mailauth_dns.records.name import DomainName
from mailauth_dns.signing_host.key_owner import Owner, barrier

ENVIRONMENT = "MAILAUTH_PRIVATE_DIR"

SUFFIX = ".private"
_SUFFIXES = (SUFFIX, ".seed")

MAX_PRIVATE = 100_000  # octets; an RSA key of 4096 bits has 3300

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def folder(named: Path | None, root: Path) -> Path:
    """Return the folder of private keys, absolute: the one named, else the environment's; `root` is the zone repo.

    Raises:
        MailAuthError: none is named, or it lies inside the repo or the git work tree that holds the repo.
    """
    given = named or (Path(text) if (text := os.environ.get(ENVIRONMENT)) else None)
    if given is None:
        raise MailAuthError(
            f"where are private keys kept? name a folder outside the repo: --private-dir DIR, or {ENVIRONMENT}"
        )
    found = (
        root / given.expanduser()
    ).resolve()  # with -C a relative path lies in that folder, as with git
    refuse_inside(found, root)
    return found


def refuse_inside(path: Path, root: Path) -> None:
    """Refuse a path, symbolic links followed, in the repo or in a git work tree that the repo is part of.

    Raises:
        MailAuthError: it lies there.
    """
    repo = root.resolve()
    trees = [repo, *(parent for parent in repo.parents if (parent / ".git").exists())]
    real = path.resolve()
    for tree in trees:
        if real == tree or real.is_relative_to(tree):
            raise MailAuthError(
                f"{path}: lies inside {tree}, which is kept in git; private keys belong into a folder outside it"
            )


def path_of(folder: Path, domain: DomainName, selector: str) -> Path:
    """Return where the private key of a selector is."""
    return folder / domain / f"{selector}{SUFFIX}"


def seed_of(path: Path) -> Path:
    """Return where the seed of the Ed25519 key at `path` is."""
    return path.with_name(path.name.removesuffix(SUFFIX) + ".seed")


def octets(path: Path) -> bytes:
    """Return what a private key's file holds.

    Raises:
        OSError: it cannot be read, or is no file.
    """
    # To open a pipe would be to wait for ever; a folder says by itself what it is.
    if not (stat.S_ISREG(mode := path.stat().st_mode) or stat.S_ISDIR(mode)):
        raise OSError(EINVAL, "is not a regular file", str(path))
    with path.open("rb") as file:
        return file.read(MAX_PRIVATE)


def write(
    folder: Path,
    root: Path,
    domain: DomainName,
    selector: str,
    pair: KeyPair,
    owner: Owner | None = None,
    *,
    again: bool = False,
) -> Path:
    """Write the private half of a key once, mode 0600 in a folder of mode 0700, whole or not at all, and return where.

    When root writes, the files belong to `owner`, else to the folder's owner: the signing program reads them under its own name.
    `again` leaves the files that are there, for a caller that has found them to be of this key, and writes those that are missing.

    Raises:
        MailAuthError: there is a key already, somebody else could replace it or the owner not reach it, or it cannot be written.
    """
    path = path_of(folder, domain, selector)
    try:
        _make_folder(folder, owner)
        there = folder.stat()
        whose = (owner.uid, owner.gid) if owner is not None else (there.st_uid, there.st_gid)
        refuse_inside(path.parent, root)
        for reason in _open_to_others(path, whose[0]):
            raise MailAuthError(f"{reason}; use another folder")
        if owner is not None:
            _refuse_out_of_reach(path.parent, owner)
        _make_folder(path.parent, owner)
        refuse_inside(
            path.parent, root
        )  # once more: the folder's owner could have put a link there meanwhile
        if os.geteuid() == 0:
            # The folder's owner could have put a link in its place: what the link leads to is not given away.
            os.chown(path.parent, *whose, follow_symlinks=False)
        with alone(path.parent):
            _sweep(path.parent)
            if not (again and path.exists()):
                create_private_file(path, pair.private_pem, whose)
            if pair.seed is not None and not (again and seed_of(path).exists()):
                _create_seed(path, pair.seed, whose)
    except FileExistsError as error:
        there = error.filename2 or error.filename
        raise MailAuthError(
            f"{there}: there is a private key already; it is never overwritten: choose another selector"
        ) from None
    except OSError as error:
        raise MailAuthError(
            f"{error.filename or path}: cannot be written: {error.strerror}"
        ) from None
    return path


def _refuse_out_of_reach(of_domain: Path, owner: Owner) -> None:
    """Refuse a domain's folder that the owner would not come to, or that is another user's, who would lose the keys in it."""
    folder = of_domain.parent.resolve()
    if (stopped := barrier(folder, owner)) is not None:
        way = (
            f"chown {owner.name} {stopped}, or use another folder"
            if stopped == folder
            else "use another folder, such as /etc/opendkim/keys"
        )
        raise MailAuthError(
            f"{stopped}: {owner.name} may not pass this folder, and could not read the key; {way}"
        )
    if of_domain.exists() and (there := of_domain.stat().st_uid) not in (0, owner.uid):
        raise MailAuthError(
            f"{of_domain}: belongs to {_user(there)}, who would lose the keys in it; --owner {_user(there)}, or another folder"
        )


def _create_seed(path: Path, seed: bytes, owner: tuple[int, int]) -> None:
    try:
        create_private_file(seed_of(path), seed, owner)
    except OSError as error:
        raise MailAuthError(
            f"{seed_of(path)}: cannot be written: {error.strerror}; {path} is made and used by nothing: delete it"
        ) from None


def sweep_folder(folder: Path) -> None:
    """Delete the drafts that killed runs left among the keys of a domain: each can hold a private key."""
    with (
        contextlib.suppress(OSError),
        alone(folder),
    ):  # whoever may not delete them may still be told about the rest
        _sweep(folder)


def _sweep(folder: Path) -> None:
    for suffix in _SUFFIXES:
        sweep(folder, f"*{suffix}")


def unnamed(
    folder: Path, domain: DomainName, selectors: Container[str]
) -> tuple[list[Path], list[Path]]:
    """Return the files of a domain's private keys whose selector is none of these, and the drafts that killed runs left.

    Raises:
        OSError: the folder cannot be read.
    """
    of_domain = folder / domain
    if not of_domain.is_dir():
        return [], []
    found = sorted(
        path
        for path in of_domain.iterdir()
        if path.suffix in _SUFFIXES and path.stem not in selectors
    )
    return found, [path for suffix in _SUFFIXES for path in drafts(of_domain, f"*{suffix}")]


def _make_folder(path: Path, owner: Owner | None) -> None:
    """Make a folder for its owner alone where there is none; an owner may pass those above it that are missing."""
    try:
        for above in reversed(path.parents):
            if not above.is_dir():
                above.mkdir(exist_ok=True)
                if owner is not None:
                    above.chmod(0o755)  # a umask of 077 would keep the owner out
        path.mkdir(mode=0o700)
    except FileExistsError as error:
        if not path.is_dir():
            raise MailAuthError(
                f"{error.filename}: is a file, or a link that leads nowhere; private keys need a folder there"
            ) from None
    else:
        if owner is not None and os.geteuid() == 0:
            os.chown(path, owner.uid, owner.gid, follow_symlinks=False)


def _open_to_others(path: Path, owner: int) -> Iterator[str]:
    """Yield what lets somebody beside the owner and root replace a file by its folders; a sticky bit does not make OpenDKIM trust them."""
    for parent in path.resolve().parents:
        if not parent.exists():
            continue
        there = parent.stat()
        if there.st_mode & stat.S_IWOTH:
            yield f"{parent}: everybody may write there, so OpenDKIM refuses keys below it"
        elif there.st_mode & stat.S_IWGRP and (
            others := _members(there.st_gid) - {_user(0), _user(owner)}
        ):
            yield f"{parent}: a group may write there, and {min(others)} is in it, so OpenDKIM refuses keys below"


def _members(group: int) -> frozenset[str]:
    """Return the users in a group, those included whose first group it is."""
    with contextlib.suppress(KeyError):
        return frozenset(
            [
                *grp.getgrgid(group).gr_mem,
                *(user.pw_name for user in pwd.getpwall() if user.pw_gid == group),
            ]
        )
    return frozenset()


def _user(number: int) -> str:
    with contextlib.suppress(KeyError):
        return pwd.getpwuid(number).pw_name
    return f"uid {number}"


def weaknesses(path: Path, signer: Owner | None = None) -> list[str]:
    """Return who else could read or replace a private key, in words; what OpenDKIM's RequireSafeKeys refuses is among them.

    `signer` is who reads it, where that is known: a group that holds nobody else may then read it too, and whose it is matters.

    Raises:
        OSError: the file cannot be looked at.
    """
    found = []
    there = path.stat()
    reader = signer.uid if signer is not None else there.st_uid
    if there.st_mode & _OTHERS and not (signer is not None and _for_signer_alone(there, signer)):
        way = (
            f"chmod 600 {path}"
            if reader == there.st_uid
            else f"chown {_user(reader)} {path} and chmod 600 {path}"
        )
        found.append(
            f"{path}: its mode is {stat.S_IMODE(there.st_mode):04o}: others than its owner may use it; {way}"
        )
    found += _open_to_others(path, reader)
    if signer is not None and there.st_uid not in (0, reader):
        found.append(
            f"{path}: belongs to {_user(there.st_uid)}, and OpenDKIM runs as {signer.name} and refuses it; chown {signer.name} {path}"
        )
    for parent in path.resolve().parents:
        owner = parent.stat().st_uid
        if owner not in (0, reader):
            whose = (
                f"OpenDKIM runs as {signer.name} and refuses"
                if signer is not None
                else f"the key to {_user(reader)}: OpenDKIM refuses"
            )
            found.append(f"{parent}: belongs to {_user(owner)} and {whose} keys below it")
    return found


def _for_signer_alone(there: os.stat_result, signer: Owner) -> bool:
    """Tell whether a file's group opens it to nobody beside the signer and root, as root:opendkim 0640 does."""
    return not there.st_mode & (stat.S_IRWXO | stat.S_IWGRP) and _members(there.st_gid) <= {
        _user(0),
        signer.name,
    }


def in_git(folder: Path) -> frozenset[Path] | None:
    """Return the files of the folder that a git work tree around it keeps; None where there is one that git does not tell of."""
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
