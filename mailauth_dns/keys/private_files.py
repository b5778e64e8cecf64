"""Private keys as files on the signing host: <folder>/<domain>/<selector>.private.

Nobody but the owner may read them. An Ed25519 key is there a second time, as <selector>.seed, which
Rspamd reads. The folder is outside the zone repo and its git work tree, symbolic links followed: a
key that was committed once is public for good.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Container, Iterator
from dataclasses import dataclass
from errno import EINVAL
from pathlib import Path

from mailauth_dns.atomic_files import alone, create_private_file, drafts, sweep
from mailauth_dns.errors import MailAuthError
from mailauth_dns.keys.exposure import replaceable
from mailauth_dns.keys.keypair import KeyPair
from mailauth_dns.records.name import DomainName
from mailauth_dns.signing_host.key_owner import Owner, barrier, user_name
from mailauth_dns.signing_host.package_paths import KEY_DIR

ENVIRONMENT = "MAILAUTH_PRIVATE_DIR"

SUFFIX = ".private"
_SUFFIXES = (SUFFIX, ".seed")

MAX_PRIVATE = 100_000  # octets; an RSA key of 4096 bits has 3300


@dataclass(frozen=True, slots=True)
class KeyDestination:
    """Where new private keys go.

    `named` is the folder of the command line, None for the environment's. `owner` is the user that
    root gives a key to, None for the folder's owner or the signing program's user.
    """

    named: Path | None
    owner: Owner | None

    def folder(self, root: Path) -> Path:
        """Return the folder; see `folder` of this module."""
        return folder(self.named, root)


def folder(named: Path | None, root: Path) -> Path:
    """Return the folder of private keys, absolute: the one named, else the environment's.

    `root` is the zone repo.

    Raises:
        MailAuthError: none is named, or it is inside the repo or the git work tree of the repo.
    """
    given = named or (Path(text) if (text := os.environ.get(ENVIRONMENT)) else None)
    if given is None:
        raise MailAuthError(
            "where are private keys kept? name a folder outside the repo: "
            f"--private-dir DIR, or {ENVIRONMENT}"
        )
    # With -C a relative path is relative to that folder, as with git.
    found = (root / given.expanduser()).resolve()
    refuse_inside(found, root)
    return found


def refuse_inside(path: Path, root: Path) -> None:
    """Refuse a path in the repo or in a git work tree around it, symbolic links followed.

    Raises:
        MailAuthError: it is in there.
    """
    repo = root.resolve()
    trees = [repo, *(parent for parent in repo.parents if (parent / ".git").exists())]
    real = path.resolve()
    for tree in trees:
        if real == tree or real.is_relative_to(tree):
            raise MailAuthError(
                f"{path}: is inside {tree}, which is kept in git; "
                "keep private keys in a folder outside it"
            )


def path_of(folder: Path, domain: DomainName, selector: str) -> Path:
    """Return the path of a selector's private key."""
    return folder / domain / f"{selector}{SUFFIX}"


def seed_of(path: Path) -> Path:
    """Return the path of the seed of the Ed25519 key at `path`."""
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
    path: Path, root: Path, pair: KeyPair, owner: Owner | None = None, *, again: bool = False
) -> None:
    """Write the private half of a key once, whole or not at all, for its owner alone.

    `path` is as `path_of` gives it. The file has mode 0600, its folder 0700. When root writes, both
    belong to `owner`, else to the owner of the folder above: the signing program reads them under
    its own name. `again` keeps the files that exist, which the caller has found to be of this key,
    and writes the missing ones.

    Raises:
        MailAuthError: there is a key already; someone else could replace it; the owner could not
            reach it; or it cannot be written.
    """
    try:
        with _new_folders_go_with_failure(path.parent):
            whose = _make_domain_folder(path, root, owner)
        with alone(path.parent):
            _sweep(path.parent)
            if not (again and path.exists()):
                create_private_file(path, pair.private_pem, whose)
            if pair.seed is not None and not (again and seed_of(path).exists()):
                _create_seed(path, pair.seed, whose)
    except FileExistsError as error:
        there = error.filename2 or error.filename
        raise MailAuthError(
            f"{there}: there is a private key already; it is never overwritten: "
            "choose another selector"
        ) from None
    except OSError as error:
        raise MailAuthError(
            f"{error.filename or path}: cannot be written: {_why(error, owner)}"
        ) from None


def _why(error: OSError, owner: Owner | None) -> str:
    if error.errno != EINVAL:
        return str(error.strerror)
    # What chown says of a number that the user namespace has no mapping for.
    who = f"{owner.name} (user {owner.uid})" if owner is not None else "the folder's owner"
    return (
        f"no file can be given to {who} here, since this container or user namespace does not "
        "have that user; run it outside, or name another --owner"
    )


@contextlib.contextmanager
def _new_folders_go_with_failure(folder: Path) -> Iterator[None]:
    """Take away the folders down to `folder` that are made inside, where that fails."""
    new = [each for each in (folder, *folder.parents) if not each.exists()]
    try:
        yield
    except BaseException:
        for each in new:
            with contextlib.suppress(OSError):  # not made, or somebody else uses it by now
                each.rmdir()
        raise


def _make_domain_folder(path: Path, root: Path, owner: Owner | None) -> tuple[int, int]:
    """Make the folder for a domain's keys; return the user and group that the keys belong to."""
    of_domain, folder = path.parent, path.parent.parent
    _make_folder(folder, owner)
    there = folder.stat()
    whose = (owner.uid, owner.gid) if owner is not None else (there.st_uid, there.st_gid)
    refuse_inside(of_domain, root)
    for reason in replaceable(path, whose[0]):
        raise MailAuthError(f"{reason}; use another folder")
    if owner is not None:
        _refuse_out_of_reach(of_domain, owner)
    _make_folder(of_domain, owner)
    refuse_inside(of_domain, root)  # again: the folder's owner could have put a link there
    if os.geteuid() == 0:
        # For the same reason, what a link leads to is not given away.
        os.chown(of_domain, *whose, follow_symlinks=False)
    return whose


def _refuse_out_of_reach(of_domain: Path, owner: Owner) -> None:
    """Refuse a domain's folder that the owner cannot reach, or that is another user's.

    That user would lose the keys in it.
    """
    folder = of_domain.parent.resolve()
    if (stopped := barrier(folder, owner)) is not None:
        way = (
            f"chown {owner.name} {stopped}, or use another folder"
            if stopped == folder
            else f"use another folder, such as {KEY_DIR}"
        )
        raise MailAuthError(
            f"{stopped}: {owner.name} may not enter this folder, and could not read the key; {way}"
        )
    if of_domain.exists() and (there := of_domain.stat().st_uid) not in (0, owner.uid):
        user = user_name(there)
        raise MailAuthError(
            f"{of_domain}: belongs to {user}, who would lose the keys in it; "
            f"use --owner {user}, or another folder"
        )


def _create_seed(path: Path, seed: bytes, owner: tuple[int, int]) -> None:
    try:
        create_private_file(seed_of(path), seed, owner)
    except OSError as error:
        raise MailAuthError(
            f"{seed_of(path)}: cannot be written: {error.strerror}; "
            f"{path} is made, but nothing uses it: delete it"
        ) from None


def sweep_folder(folder: Path) -> None:
    """Delete the drafts that killed runs left in a domain's folder: each can hold a private key."""
    # A user who may not delete them still gets to see the rest.
    with contextlib.suppress(OSError), alone(folder):
        _sweep(folder)


def _sweep(folder: Path) -> None:
    for suffix in _SUFFIXES:
        sweep(folder, f"*{suffix}")


def unnamed(
    folder: Path, domain: DomainName, selectors: Container[str]
) -> tuple[list[Path], list[Path]]:
    """Return a domain's private keys that are for none of these selectors, and killed runs' drafts.

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
    """Make a folder for its owner alone; an owner may enter the new folders above."""
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
                f"{error.filename}: is a file, or a link that leads nowhere; "
                "private keys need a folder there"
            ) from None
    else:
        if owner is not None and os.geteuid() == 0:
            os.chown(path, owner.uid, owner.gid, follow_symlinks=False)
