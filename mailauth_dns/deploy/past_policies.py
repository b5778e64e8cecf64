"""What policies said in older commits: the files behind each, and what mail could pass by.

git is slow to start, so that it lists the commits once for all policies of a repo.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property, lru_cache
from pathlib import Path

from mailauth_dns.compile import declarations
from mailauth_dns.compile.publication import Declared
from mailauth_dns.deploy import git, git_files
from mailauth_dns.deploy.git_files import GitFile
from mailauth_dns.deploy.spf_passes import spf_passes
from mailauth_dns.policy import spf_flattening
from mailauth_dns.policy.load import load_sound
from mailauth_dns.policy.repo import Policy, Repo
from mailauth_dns.policy.repo_layout import (
    DEFAULTS,
    KEY_DIR,
    LOCK_FILE,
    POLICY_DIR,
    PROVIDER_DIR,
    SENDER_DIR,
)
from mailauth_dns.records import dkim, dmarc
from mailauth_dns.records.dmarc import Alignment
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName

_MADE = ("zones/compiled/", "zones/mta-sts/", "zones/evidence/")  # by commands, from the rest
_ENOUGH = "400 days"  # evidence is kept no longer
_SECONDS = 60
_HELD = 1024  # commits of files that domains have left: many may have left one
_FOLDERS = (KEY_DIR.as_posix(), SENDER_DIR.as_posix())
_DEFAULTS = (POLICY_DIR / DEFAULTS).as_posix()
_LOCK = LOCK_FILE.as_posix()

Holds = frozenset[tuple[str, ...]]  # what mail may pass by


@dataclass(frozen=True, slots=True)
class Behind:
    """What a policy is made from: its file, the folder of its keys, the list of its domains."""

    path: str
    keys: str
    list: str | None = None

    @staticmethod
    def of(policy: Policy) -> Behind:
        """Return what is behind a policy, as its own commit has it."""
        body = policy.body
        # Domains of one file share its keys.
        keys = (KEY_DIR / (policy.domain if body.domain is not None else "")).as_posix()
        listed = body.domains_file
        return Behind(policy.path, keys, os.path.normpath(POLICY_DIR / listed) if listed else None)

    @property
    def places(self) -> tuple[str, ...]:
        """The files and folders in git, without those that it may have from the providers."""
        said = (self.path, _DEFAULTS, self.keys, SENDER_DIR.as_posix(), _LOCK)
        return (*said, self.list) if self.list is not None else said

    def has(self, path: str) -> bool:
        """Tell whether a policy may be made from a file."""
        if _is_policy_file(path):
            return path in (self.path, _DEFAULTS)
        return not path.startswith(f"{KEY_DIR.as_posix()}/") or path.startswith(f"{self.keys}/")


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit of the branch, and the policy files and lists of domains that it changed."""

    id: str
    day: date
    parent: str | None
    changed: frozenset[str] = frozenset()


@lru_cache(maxsize=1)
def past_of(repo: Repo) -> Past:
    """Return the past of a repo, as of when it was first asked for since the repo was read."""
    return Past(repo)


class Past:
    """The commits of a repo's branch, the newest first, and what its policies said in them."""

    def __init__(self, repo: Repo) -> None:
        self._root = repo.root
        self._now = {policy.domain: policy.path for policy in repo.policies}
        self._known: dict[Holds, Holds] = {}  # one value for what stays the same
        self._left = lru_cache(maxsize=_HELD)(self._left_behind)
        self._moved = lru_cache(maxsize=_HELD)(self._moved_in)

    @cached_property
    def commits(self) -> tuple[Commit, ...]:
        """The commits of the last 400 days that changed anything that a policy is made from.

        Raises:
            MailAuthError: git does not tell.
        """
        return tuple(commit for commit, _ in self._logged)

    def touching(self, behind: Behind, begin: int) -> int | None:
        """Return the place of the first commit from `begin` on that changed what is behind."""
        found = []
        for place in behind.places:
            indexes = self._index.get(place, ())
            at = bisect_left(indexes, begin)
            if at < len(indexes):
                found.append(indexes[at])
        return min(found, default=None)

    def last(self, behind: Behind) -> Commit | None:
        """Return the last commit that changed what is behind a policy, however old it is.

        Raises:
            MailAuthError: git does not tell.
        """
        log = ("log", "--first-parent", "-1", "--format=%H %ct %P", "--", *behind.places)
        said = git.said(self._root, *log, seconds=_SECONDS).decode().strip()
        return _commit(said) if said else None

    def held(
        self, commit: str, behind: Behind, domains: Collection[DomainName]
    ) -> Mapping[DomainName, Holds]:
        """Return what mail could pass by, of the domains that had a sound policy in a file.

        Raises:
            MailAuthError: git does not tell.
        """
        if any(self._now.get(domain) != behind.path for domain in domains):
            return self._left(commit, behind)
        return self._read(commit, behind, lambda domain: domain in domains)

    def moved(self, commit: Commit) -> Mapping[DomainName, Behind]:
        """Return the files that a commit changed, by the domains that they had before it.

        Raises:
            MailAuthError: git does not tell.
        """
        return self._moved(commit)

    def _left_behind(self, commit: str, behind: Behind) -> Mapping[DomainName, Holds]:
        """Return what the domains held that have another file now: each of them will ask."""
        elsewhere = (each for each, path in self._now.items() if path != behind.path)
        return self._read(commit, behind, frozenset(elsewhere).__contains__)

    def _read(
        self, commit: str, behind: Behind, wanted: Callable[[DomainName], bool]
    ) -> Mapping[DomainName, Holds]:
        there = [file for file in self._files(commit) if behind.has(file.path)]
        with git_files.laid_out(self._root, tuple(there)) as folder:
            old, _ = load_sound(folder)
            found = {
                each.domain: holds(old, each)
                for each in old.policies
                if wanted(each.domain) and not any(spf_flattening.lock_problems(each, old.lock))
            }
        return {domain: self._known.setdefault(held, held) for domain, held in found.items()}

    def _moved_in(self, commit: Commit) -> Mapping[DomainName, Behind]:
        if commit.parent is None:
            return {}
        there = tuple(self._files(commit.parent))
        policies = [file for file in there if _is_policy_file(file.path)]
        names = [Path(path).name.encode() for path in commit.changed if not _is_policy_file(path)]
        text = git_files.contents(self._root, tuple(policies)) if names else {}
        left = {
            file.path
            for file in policies
            if file.path in commit.changed or any(name in text[file.id] for name in names)
        }
        wanted = [
            file
            for file in there
            if not _is_policy_file(file.path) or file.path in left or file.path == _DEFAULTS
        ]
        if not left:
            return {}
        with git_files.laid_out(self._root, tuple(wanted)) as folder:
            old, _ = load_sound(folder)
        return {each.domain: Behind.of(each) for each in old.policies}

    def _files(self, commit: str) -> Iterator[GitFile]:
        """Yield the files of a commit from which policies may be made."""
        for file in git_files.files(self._root, commit, "zones", PROVIDER_DIR.as_posix()):
            if not file.path.startswith(_MADE):
                yield file

    @cached_property
    def _logged(self) -> tuple[tuple[Commit, tuple[str, ...]], ...]:
        """All commits with the paths that they changed, in the folder of the repo."""
        log = ("log", "--first-parent", "-m", "--name-only", "--no-renames", "--relative", "-z")
        form = (f"--since={_ENOUGH}", "--format=%x01%H %ct %P")
        places = ("zones", *(f":(exclude){folder}" for folder in _MADE))
        said = git.said(self._root, *log, *form, "--", *places, seconds=_SECONDS)
        return tuple(map(_logged, said.split(b"\x01")[1:]))

    @cached_property
    def _index(self) -> Mapping[str, list[int]]:
        """The places of the commits that changed each file, and each folder above it."""
        found: dict[str, list[int]] = {}
        for index, (_, paths) in enumerate(self._logged):
            for place in {place for path in paths for place in _at_and_above(path)}:
                found.setdefault(place, []).append(index)
        return found


def _commit(line: str, changed: Iterable[str] = ()) -> Commit:
    id, seconds, *parents = line.split()
    day = datetime.fromtimestamp(int(seconds), UTC).date()
    others = (*(f"{folder}/" for folder in _FOLDERS), _LOCK)
    files = frozenset(path for path in changed if not path.startswith(others))
    return Commit(id, day, parents[0] if parents else None, files)


def _logged(entry: bytes) -> tuple[Commit, tuple[str, ...]]:
    head, *names = entry.split(b"\0")
    paths = tuple(os.fsdecode(name.lstrip(b"\n")) for name in names if name.strip())
    return _commit(head.decode(), paths), paths


def _at_and_above(path: str) -> Iterator[str]:
    yield path
    if path.startswith(tuple(f"{folder}/" for folder in _FOLDERS)):
        yield from (parent.as_posix() for parent in Path(path).parents)


def _is_policy_file(path: str) -> bool:
    return path.startswith(f"{POLICY_DIR.as_posix()}/") and path.endswith(".yaml")


def holds(repo: Repo, policy: Policy) -> Holds:
    """Return what mail may pass by as a policy has it."""
    found = set[tuple[str, ...]]()
    for entry in declarations.of(policy, repo.lock):
        if entry.family is Family.DMARC:
            found.update(*map(_alignment, entry.values))
        elif entry.family is Family.SPF:
            found |= {(*entry.key, term) for term in spf_passes(entry.values)}
        elif entry.family is Family.DKIM or entry.sender is not None:
            found |= {
                (*entry.key, value) for value in entry.values if not _is_revoked(entry, value)
            }
    return frozenset(found)


def _is_revoked(entry: Declared, value: str) -> bool:
    is_key = entry.family is Family.DKIM and entry.key[1] == "TXT"
    return is_key and not dkim.parse(value).p


def _alignment(text: str) -> Iterator[tuple[str, ...]]:
    record = dmarc.parse(text)
    for name, alignment in (("dkim", record.effective_adkim), ("spf", record.effective_aspf)):
        if alignment is Alignment.RELAXED:
            yield (name, alignment.name)
