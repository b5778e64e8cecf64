"""The files of a commit: read from git's objects, so that the work tree stays as it is.

No attribute, filter or hook has a part in that. A symbolic link is a link here too, and leads only
to what was read with it.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path, PurePosixPath

from mailauth_dns.deploy.git import GitFailed, said
from mailauth_dns.errors import MailAuthError

_LINK, _SUBMODULE = "120000", "160000"
_SECONDS = 600  # a clone without its blobs fetches them now


@dataclass(frozen=True, slots=True)
class GitFile:
    """A file of a commit; `path` is relative to the folder that git was run in."""

    path: str
    mode: str
    id: str

    @property
    def is_link(self) -> bool:
        """Whether it is a symbolic link."""
        return self.mode == _LINK

    def is_same(self, root: Path) -> bool:
        """Tell whether the file in `root` has the same octets."""
        path = root / self.path
        try:
            if self.is_link or not stat.S_ISREG(path.lstat().st_mode):
                return False
            octets = path.read_bytes()
        except OSError:
            return False
        kind = "sha256" if len(self.id) == 64 else "sha1"
        named = hashlib.new(kind, b"blob %d\0" % len(octets), usedforsecurity=False)
        named.update(octets)
        return named.hexdigest() == self.id


def merge_base(root: Path, ref: str) -> str:
    """Return the commit at which HEAD and `ref` parted.

    Raises:
        MailAuthError: `ref` is no commit here, or has none in common with HEAD; or there is no git.
    """
    if ref.startswith("-") or not ref:
        raise MailAuthError(f"{ref!r} is no git ref; name a branch, a tag or a commit")
    if ".." in ref:
        raise MailAuthError(
            f"{ref} is a range; name one ref: it is compared from where HEAD left it"
        )
    try:
        said(root, "rev-parse", "--git-dir")
    except GitFailed as error:
        raise MailAuthError(f"git: {error}") from None
    commit = _word(root, "rev-parse", "--verify", "--end-of-options", f"{ref}^{{commit}}")
    if commit is None:
        raise MailAuthError(
            f"{ref} is no commit here; fetch it first: git fetch origin{_shallow(root)}"
        )
    base = _word(root, "merge-base", "HEAD", commit)
    if base is None:
        raise MailAuthError(f"HEAD and {ref} have no commit in common here{_shallow(root)}")
    return base


def day(root: Path, commit: str) -> date:
    """Return the day of a commit, in UTC.

    Raises:
        MailAuthError: git does not tell.
    """
    seconds = _word(root, "rev-list", "--timestamp", "-1", commit)
    if seconds is None:
        raise MailAuthError(f"git does not tell when {commit} was made")
    return datetime.fromtimestamp(int(seconds), UTC).date()


def _shallow(root: Path) -> str:
    """Return in words what to do where the clone has only the last commits."""
    if _word(root, "rev-parse", "--is-shallow-repository") != "true":
        return ""
    return (
        "; this clone is shallow: git fetch --unshallow origin, or check out with the whole "
        "history (fetch-depth: 0)"
    )


def _word(root: Path, *arguments: str) -> str | None:
    """Return the first word that git prints; None where it fails."""
    try:
        return next(iter(said(root, *arguments, seconds=_SECONDS).decode().split()), None)
    except GitFailed:
        return None


def files(root: Path, commit: str, *folders: str) -> tuple[GitFile, ...]:
    """Return the files below these folders of `root`, as they were in a commit.

    Raises:
        MailAuthError: git does not tell, or one is a submodule.
    """
    try:
        listed = said(root, "ls-tree", "-r", "-z", commit, "--", *folders, seconds=_SECONDS)
    except GitFailed as error:
        raise MailAuthError(f"git: {error}") from None
    found = []
    for entry in listed.split(b"\0"):
        if entry:
            about, _, path = entry.partition(b"\t")
            mode, _, id = about.decode().split()
            found.append(GitFile(os.fsdecode(path), mode, id))
    if modules := [each.path for each in found if each.mode == _SUBMODULE]:
        raise MailAuthError(
            f"{modules[0]} is a git submodule, and its files are in another repository; "
            "the whole zone repo must be in one"
        )
    return tuple(each for each in found if ".." not in PurePosixPath(each.path).parts)


@contextmanager
def laid_out(root: Path, wanted: tuple[GitFile, ...]) -> Iterator[Path]:
    """Yield a folder with these files, which is removed afterwards.

    Raises:
        MailAuthError: git does not have one of them.
    """
    octets = contents(root, wanted)
    with tempfile.TemporaryDirectory(prefix="mailauth-dns-") as name:
        folder = Path(name)
        # Links come last, so that nothing is written through one.
        for file in sorted(wanted, key=lambda each: each.is_link):
            path = folder / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            if file.is_link:
                path.symlink_to(os.fsdecode(octets[file.id]))
            else:
                path.write_bytes(octets[file.id])
        yield folder


def contents(root: Path, wanted: tuple[GitFile, ...]) -> Mapping[str, bytes]:
    """Return the octets of files by their ids.

    Raises:
        MailAuthError: git does not have one of them.
    """
    ids = list(dict.fromkeys(each.id for each in wanted))
    asked = "".join(f"{id}\n" for id in ids).encode()
    try:
        left = memoryview(said(root, "cat-file", "--batch", given=asked, seconds=_SECONDS))
    except GitFailed as error:
        raise MailAuthError(f"git: {error}") from None
    found = {}
    for id in ids:
        head, left = _first_line(left)
        kind, _, size = head.rpartition(" ")
        if not kind.endswith(" blob"):
            raise MailAuthError(f"git does not have the file {id}: {head}")
        found[id] = bytes(left[: int(size)])
        left = left[int(size) + 1 :]
    return found


def _first_line(octets: memoryview) -> tuple[str, memoryview]:
    end = bytes(octets[:200]).index(b"\n")
    return bytes(octets[:end]).decode(), octets[end + 1 :]
