"""Since when DNS lets a domain's mail pass as it does now, as far as git knows.

What reports say of an earlier day is worth nothing where DNS held something then that it lacks now:
mail that passed by it fails today. What has been added since takes nothing away.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import lru_cache
from itertools import accumulate
from pathlib import Path

from mailauth_dns.compile import declarations
from mailauth_dns.compile.publication import Declared
from mailauth_dns.deploy import git, git_files
from mailauth_dns.deploy.git_files import GitFile
from mailauth_dns.deploy.spf_passes import spf_passes
from mailauth_dns.errors import MailAuthError
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
_FILES = 64  # files whose domains are asked about in turn: a zone may have some of each

Holds = frozenset[tuple[str, ...]]  # what mail may pass by
_RELAXED: Holds = frozenset((name, Alignment.RELAXED.name) for name in ("dkim", "spf"))


@dataclass(frozen=True, slots=True)
class Since:
    """The day of that commit, in UTC; None where nobody knows. `why` says why not, or not more."""

    day: date | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class _Commit:
    id: str
    day: date
    parent: str | None


def records_since(
    repo: Repo, policy: Policy, *, alignment: bool = True, oldest: date = date.min
) -> Since:
    """Return the day of the last commit that took something away by which mail may pass.

    That is a term of SPF, a value of DKIM, or relaxed alignment. Commits are dated by their merge.
    Without `alignment` only records count: what a plan is about to tighten is in the newest commit.
    Days before the `oldest` are alike to who asks: any of them may stand for another.
    """
    found = _history(repo, policy.path, alignment).since(policy.domain, oldest)
    if found.day is None:
        return found
    ended = (use.life.gone_from for use in policy.senders if use.life.gone)
    return replace(found, day=max([found.day, *(each for each in ended if each is not None)]))


@lru_cache(maxsize=_FILES)
def _history(repo: Repo, path: str, alignment: bool) -> _History:
    """Return the history of a file, as of when it was first asked for since the repo was read."""
    return _History(repo, _by_path(repo)[path], alignment=alignment)


@lru_cache(maxsize=1)
def _by_path(repo: Repo) -> Mapping[str, Sequence[Policy]]:
    found: dict[str, list[Policy]] = {}
    for policy in repo.policies:
        found.setdefault(policy.path, []).append(policy)
    return found


class _History:
    """The commits behind a file, read back from the newest only as far as somebody asks.

    git is slow, and one file may be the policy of thousands of domains: git is asked once for each
    commit, and all domains of the file are compared with it.
    """

    def __init__(self, repo: Repo, policies: Sequence[Policy], *, alignment: bool) -> None:
        self._root, self._policy = repo.root, policies[0]
        added = frozenset() if alignment else _RELAXED
        # What may pass now, of each domain that is not decided yet.
        self._open = {each.domain: _holds(repo, each) | added for each in policies}
        self._decided: dict[DomainName, Since] = {}
        self._failed = ""
        self._commits: tuple[_Commit, ...] = ()
        self._latest: tuple[date, ...] = ()  # of each commit and all before it: clocks may be wrong
        self._next = 0
        self._guarded(self._begin)

    def since(self, domain: DomainName, oldest: date) -> Since:
        """Return the day for a domain, whatever has ended without a commit."""
        while domain in self._open:
            if self._commits and self._latest[self._next] < oldest:
                return Since(self._commits[self._next].day)
            if self._failed:
                return Since(None, self._failed)
            self._guarded(self._step)
        found = self._decided[domain]
        # Somebody may have asked for more, and what was then found out says nothing here.
        return Since(found.day) if found.day is not None and found.day < oldest else found

    def _guarded(self, ask: Callable[[], None]) -> None:
        try:
            ask()
        except MailAuthError as error:
            self._failed = str(error)

    def _begin(self) -> None:
        path = self._policy.path
        self._compare("HEAD", Since(None, f"git does not have {path} as it is: commit it first"))
        self._commits = tuple(_commits(self._root, self._policy))
        if not self._commits:
            self._decide(self._open, Since(None, f"git does not have {path}"))
        days = (each.day for each in reversed(self._commits))
        self._latest = tuple(reversed(tuple(accumulate(days, max))))

    def _step(self) -> None:
        """Look at what was before the next commit."""
        commit = self._commits[self._next]
        if commit.parent is None:
            shallow = git.said(self._root, "rev-parse", "--is-shallow-repository").strip()
            why = "this clone is shallow: git fetch --unshallow" if shallow == b"true" else ""
            self._decide(self._open, Since(commit.day, why))
        else:
            self._compare(commit.parent, Since(commit.day))
        self._next += 1
        if self._next == len(self._commits):
            self._decide(self._open, Since(commit.day))

    def _compare(self, commit: str, otherwise: Since) -> None:
        """Decide the domains that held something in a commit which they lack now, or no policy."""
        held = _held(self._root, self._policy, commit, self._open)
        gone = (each for each, now in self._open.items() if each not in held or held[each] - now)
        self._decide(gone, otherwise)

    def _decide(self, domains: Iterable[DomainName], since: Since) -> None:
        for each in tuple(domains):
            self._decided[each] = since
            del self._open[each]


def _commits(root: Path, policy: Policy) -> Iterator[_Commit]:
    """Yield the commits that changed what is behind the policy's file, the newest first."""
    paths = [policy.path, (POLICY_DIR / DEFAULTS).as_posix(), _key_dir(policy)]
    paths += [SENDER_DIR.as_posix(), LOCK_FILE.as_posix()]
    if policy.body.domains_file is not None:
        paths.append((POLICY_DIR / policy.body.domains_file).as_posix())
    log = ("log", "--first-parent", "--format=%H %ct %P")
    said = git.said(root, *log, f"--since={_ENOUGH}", "--", *paths, seconds=_SECONDS)
    lines = said or git.said(root, *log, "-1", "--", *paths, seconds=_SECONDS)
    for line in lines.decode().splitlines():
        id, seconds, *parents = line.split()
        day = datetime.fromtimestamp(int(seconds), UTC).date()
        yield _Commit(id, day, parents[0] if parents else None)


def _held(
    root: Path, policy: Policy, commit: str, domains: Collection[DomainName]
) -> Mapping[DomainName, Holds]:
    """Return what mail could pass by as of a commit, of the domains that had a sound policy."""
    there = [
        file
        for file in git_files.files(root, commit, "zones", PROVIDER_DIR.as_posix())
        if not file.path.startswith(_MADE) and _is_behind(file, policy)
    ]
    with git_files.laid_out(root, tuple(there)) as folder:
        old, _ = load_sound(folder)
        return {
            each.domain: _holds(old, each)
            for each in old.policies
            if each.domain in domains and not any(spf_flattening.lock_problems(each, old.lock))
        }


def _key_dir(policy: Policy) -> str:
    """Return the folder of the keys of a file's domains."""
    return (KEY_DIR / (policy.domain if policy.body.domain is not None else "")).as_posix()


def _is_behind(file: GitFile, policy: Policy) -> bool:
    """Tell whether a policy may be made from a file."""
    if file.path.startswith(f"{POLICY_DIR.as_posix()}/") and file.path.endswith(".yaml"):
        return file.path in (policy.path, (POLICY_DIR / DEFAULTS).as_posix())
    if file.path.startswith(f"{KEY_DIR.as_posix()}/"):
        return file.path.startswith(f"{_key_dir(policy)}/")
    return True


def _holds(repo: Repo, policy: Policy) -> Holds:
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
