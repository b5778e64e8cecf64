"""Since when DNS lets a domain's mail pass as it does now, as far as git knows.

What reports say of an earlier day is worth nothing where DNS held something then that it lacks now:
mail that passed by it fails today. What has been added since takes nothing away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from itertools import accumulate

from mailauth_dns.deploy import git
from mailauth_dns.deploy.past_policies import Behind, Commit, Holds, holds, past_of
from mailauth_dns.errors import MailAuthError
from mailauth_dns.policy.repo import Policy, Repo
from mailauth_dns.records.dmarc import Alignment
from mailauth_dns.records.name import DomainName

_FILES = 64  # files whose domains are asked about in turn: a zone may have some of each
_RELAXED: Holds = frozenset((name, Alignment.RELAXED.name) for name in ("dkim", "spf"))


@dataclass(frozen=True, slots=True)
class Since:
    """The day of that commit, in UTC; None where nobody knows. `why` says why not, or not more."""

    day: date | None
    why: str = ""


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

    One file may be the policy of thousands of domains: git is asked once for each commit, and all
    domains of the file are compared with it. A domain that came from another file is followed
    there: what counts is what its records said.
    """

    def __init__(self, repo: Repo, policies: Sequence[Policy], *, alignment: bool) -> None:
        self._root, self._path, self._past = repo.root, policies[0].path, past_of(repo)
        added = frozenset() if alignment else _RELAXED
        # What may pass now, of each domain that is not decided yet, and where these are declared.
        self._open = {each.domain: holds(repo, each) | added for each in policies}
        self._files = {Behind.of(policies[0]): set(self._open)}
        self._decided: dict[DomainName, Since] = {}
        self._failed = ""
        self._latest: tuple[date, ...] = ()  # of each commit and all before it: clocks may be wrong
        self._next: int | None = None
        self._last: Commit | None = None  # of those that were looked at
        self._guarded(self._begin)

    def since(self, domain: DomainName, oldest: date) -> Since:
        """Return the day for a domain, whatever has ended without a commit."""
        while domain in self._open:
            if self._next is not None and self._latest[self._next] < oldest:
                return Since(self._past.commits[self._next].day)
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
        [(behind, domains)] = self._files.items()
        why = f"git does not have {self._path} as it is: commit it first"
        self._compare(self._past.held("HEAD", behind, domains), domains, Since(None, why))
        days = (each.day for each in reversed(self._past.commits))
        self._latest = tuple(reversed(tuple(accumulate(days, max))))
        self._go_on(0)

    def _go_on(self, begin: int) -> None:
        """Find the next commit that changed what a domain is made from; without one, decide."""
        found = (self._past.touching(each, begin) for each in self._files)
        self._next = min((each for each in found if each is not None), default=None)
        if self._next is None and self._files:
            last = self._last or next(filter(None, map(self._past.last, self._files)), None)
            self._decide(self._open, self._from(last))

    def _from(self, commit: Commit | None) -> Since:
        """Return what is known where nothing is before a commit."""
        if commit is None:
            return Since(None, f"git does not have {self._path}")
        if commit.parent is not None:
            return Since(commit.day)
        shallow = git.said(self._root, "rev-parse", "--is-shallow-repository").strip()
        why = "this clone is shallow: git fetch --unshallow" if shallow == b"true" else ""
        return Since(commit.day, why)

    def _step(self) -> None:
        """Look at what was before the next commit."""
        assert self._next is not None
        at, commit = self._next, self._past.commits[self._next]
        self._last = commit
        if commit.parent is None:
            self._decide(self._open, self._from(commit))
            return
        for behind, domains in tuple(self._files.items()):
            if self._past.touching(behind, at) == at:
                self._look(commit, commit.parent, behind, frozenset(domains))
        self._go_on(at + 1)

    def _look(
        self, commit: Commit, parent: str, behind: Behind, domains: frozenset[DomainName]
    ) -> None:
        """Decide the domains of a file for which something was other before a commit."""
        held = dict(self._past.held(parent, behind, domains))
        if missing := domains - held.keys():
            moved = self._past.moved(commit)
            for each in missing & moved.keys():
                held.update(self._past.held(parent, moved[each], {each}))
                self._files[behind].remove(each)
                self._files.setdefault(moved[each], set()).add(each)
        self._compare(held, domains, Since(commit.day))

    def _compare(
        self, held: Mapping[DomainName, Holds], domains: Iterable[DomainName], otherwise: Since
    ) -> None:
        """Decide the domains that held something which they lack now, or had no policy."""
        now = {each: self._open[each] for each in domains}
        gone = (each for each in now if each not in held or held[each] - now[each])
        self._decide(gone, otherwise)

    def _decide(self, domains: Iterable[DomainName], since: Since) -> None:
        for each in tuple(domains):
            self._decided[each] = since
            del self._open[each]
        self._files = {
            behind: left
            for behind, all_ in self._files.items()
            if (left := all_ & self._open.keys())
        }
