"""The user that a signing program runs as, and whether it can read private keys."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mailauth_dns.errors import MailAuthError
from mailauth_dns.signing_host import opendkim_conf
from mailauth_dns.signing_host.package_paths import KEY_DIR
from mailauth_dns.signing_host.systemd_units import started

HOST = Path("/")  # the file system of the host that keys are made on


@dataclass(frozen=True, slots=True)
class Owner:
    """A user of this host, the group that its files get, and all `groups` that it is in."""

    name: str
    uid: int
    gid: int
    groups: frozenset[int]

    def may(self, there: os.stat_result, bit: int) -> bool:
        """Tell whether the user has a permission; `bit` is the one for others, such as S_IXOTH."""
        if self.uid == 0:
            return True
        shift = 6 if there.st_uid == self.uid else 3 if there.st_gid in self.groups else 0
        return bool(there.st_mode & (bit << shift))


def named(text: str) -> Owner:
    """Return the user that `--owner USER[:GROUP]` names.

    Raises:
        MailAuthError: there is no such user or group on this host.
    """
    user, colon, group = text.partition(":")
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        raise MailAuthError(
            f"--owner {text}: this host has no user {user!r}; "
            "name the one that your signing program runs as"
        ) from None
    try:
        gid = grp.getgrnam(group).gr_gid if colon and group else entry.pw_gid
    except KeyError:
        raise MailAuthError(f"--owner {text}: this host has no group {group!r}") from None
    groups = frozenset({gid, *os.getgrouplist(entry.pw_name, entry.pw_gid)})
    return Owner(entry.pw_name, entry.pw_uid, gid, groups)


def user_name(uid: int) -> str:
    """Return the name of a user, or `uid 1234` where this host has none for the number."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def signers() -> dict[str, Owner]:
    """Return the users that signing programs run as on this host, by program; root is left out.

    That a user exists is not enough: it may own a key only where a program's own configuration
    names it.

    Raises:
        MailAuthError: a configuration cannot be read.
    """
    opendkims = [
        each.user for each in opendkim_conf.daemons(HOST).values() if each.user is not None
    ]
    users = {
        "OpenDKIM": opendkims[0] if len(set(opendkims)) == 1 else None,
        "Rspamd": started(HOST, "rspamd")[1] if (HOST / "etc/rspamd").is_dir() else None,
    }
    found = {}
    for program, user in users.items():
        try:
            if user is not None and (owner := named(user)).uid != 0:
                found[program] = owner
        except MailAuthError:
            continue  # a configuration that was copied here from another host
    return found


def barrier(path: Path, owner: Owner) -> Path | None:
    """Return the topmost folder, down to `path`, that the user may not enter; else None."""
    for each in reversed([path, *path.parents]):
        if each.is_dir() and not owner.may(each.stat(), stat.S_IXOTH):
            return each
    return None


def unreadable(path: Path, owner: Owner) -> Iterator[str]:
    """Yield what keeps a user from reading a private key, and what to do.

    `path` is <folder>/<domain>/<file>.

    Raises:
        OSError: it cannot be looked at.
    """
    real = path.resolve()
    stopped = barrier(real.parent, owner)
    if stopped is not None:
        ours = stopped in (real.parent, real.parent.parent)
        way = (
            f"chown {owner.name} {stopped}"
            if ours
            else f"keep the keys in a folder that {owner.name} may enter, such as {KEY_DIR}"
        )
        yield (
            f"{stopped}: {owner.name} may not enter this folder, so it cannot sign, "
            f"and mail gets 4.7.1; {way}"
        )
    there = real.stat()
    if not owner.may(there, stat.S_IROTH):
        yield (
            f"{path}: {owner.name} may not read it, so it cannot sign, "
            f"and mail gets 4.7.1; chown {owner.name} {path}"
        )


def heir(of_domain: Path, given: Owner | None) -> tuple[Owner | None, str]:
    """Return whom a new key in <folder>/<domain> is given to, and a remark about it.

    None stands for the folder's owner. Only a user that the command, the folder's owner or the
    configuration of a signing program names gets a key.

    Raises:
        MailAuthError: only root may give a key away.
    """
    if os.geteuid() != 0:
        if given is not None and given.uid != os.geteuid():
            raise MailAuthError(
                f"--owner {given.name}: only root may give a key to another user; "
                f"run this as root, or as {given.name}"
            )
        return None, ""
    if given is not None:
        return given, ""
    if of_domain.exists() and (there := of_domain.stat()).st_uid != 0:
        return _owner_of(there), ""
    folder = of_domain.parent
    if folder.exists() and folder.stat().st_uid != 0:
        return None, ""
    found = signers()
    if len({owner.name for owner in found.values()}) == 1:
        owner = next(iter(found.values()))
        if barrier(folder.resolve(), owner) is None:
            return owner, ""
    return None, _of_root(of_domain, found)


def _of_root(of_domain: Path, found: dict[str, Owner]) -> str:
    """Return the remark about a key that root keeps: the signing program cannot read it."""
    users = " and ".join(f"{program} as {owner.name}" for program, owner in found.items())
    who = (
        f"this host runs {users}"
        if users
        else "a signing program runs as a user of its own, such as opendkim"
    )
    folder = of_domain.parent
    closed = of_domain if folder.exists() and folder.stat().st_mode & stat.S_IXOTH else folder
    return (
        f"{closed} belongs to root, and {who}; that user must own it to sign: "
        f"chown -R USER {closed}, or --owner USER next time"
    )


def _owner_of(there: os.stat_result) -> Owner:
    name = user_name(there.st_uid)
    try:
        return named(name)
    except MailAuthError:  # this host has no name for the number
        return Owner(name, there.st_uid, there.st_gid, frozenset({there.st_gid}))
