"""Which zones a branch changes, by what their policies mean and not by the names of files.

The policies in the checkout, committed or not, are compared with those of the commit at which HEAD
left the given ref: what others merged there since is no change of this branch. Both are compiled,
so a comment changes nothing, and new defaults change what they really change.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import PurePosixPath

from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.compile.publication import Publication
from mailauth_dns.deploy import git_files, plan_notes
from mailauth_dns.deploy.evidence_since import zones_of_new_evidence
from mailauth_dns.deploy.git_files import GitFile
from mailauth_dns.errors import MailAuthError, PolicyError
from mailauth_dns.policy.load import load_sound
from mailauth_dns.policy.repo import Policy, Repo
from mailauth_dns.policy.repo_layout import (
    DEFAULTS,
    EVIDENCE_DIR,
    KEY_DIR,
    POLICY_DIR,
    PROVIDER_DIR,
    SENDER_DIR,
)
from mailauth_dns.records.name import DomainName

_FOLDERS = ("zones", PROVIDER_DIR.as_posix())
# By `compile`, from the rest; and what says nothing of what a policy means.
_MADE = ("zones/compiled/", "zones/mta-sts/", f"{EVIDENCE_DIR.as_posix()}/")


@dataclass(frozen=True, slots=True)
class Since:
    """The zones that changed, and what a reader of their plan must know."""

    zones: frozenset[DomainName]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Before:
    """The repo as it was; `broken` are the files that nothing could be made of."""

    repo: Repo
    publications: tuple[Publication, ...]
    broken: tuple[str, ...]


def changed_since(ref: str, repo: Repo, publications: Sequence[Publication]) -> Since:
    """Return the zones whose policy or provider is not as it was where HEAD left `ref`.

    Raises:
        MailAuthError: git does not tell what was there.
    """
    try:
        base = git_files.merge_base(repo.root, ref)
        before = _before(repo, base)
        judged_anew = zones_of_new_evidence(repo, base)
    except MailAuthError as error:
        raise MailAuthError(f"--changed-since {ref}: {error}") from None
    was, now = _bases(before.repo, before.publications), _bases(repo, publications)
    zones = frozenset(
        zone for zone, basis in now.items() if zone in judged_anew or was.get(zone) != basis
    )
    commit = base[:12]
    first = f"planned are the zones that changed since {ref} ({commit}): {len(zones)} of {len(now)}"
    broken = plan_notes.broken(before.broken, commit, all_zones=not before.publications)
    gone = plan_notes.gone(before.publications, publications)
    return Since(zones, (first, *broken, *gone))


def _before(repo: Repo, commit: str) -> _Before:
    """Return the repo as it was in a commit.

    A policy file with the same octets, and the same files behind it, is not read again. The day is
    that of the commit: a sender whose grace ended since then is a change, although no file is.
    """
    day = git_files.day(repo.root, commit)
    there = {
        file.path: file
        for file in git_files.files(repo.root, commit, *_FOLDERS)
        if not file.path.startswith(_MADE)
    }
    unchanged = _unchanged(repo, there, day)
    wanted = tuple(file for path, file in there.items() if path not in unchanged)
    with git_files.laid_out(repo.root, wanted) as folder:
        read, broken = load_sound(folder, today=day)
    policies = (*read.policies, *(each for each in repo.policies if each.path in unchanged))
    old = replace(read, policies=tuple(sorted(policies, key=lambda policy: policy.domain)))
    try:
        return _Before(old, compile_repo(old), broken)
    except PolicyError as error:
        paths = dict.fromkeys((*broken, *(problem.path for problem in error.problems)))
        return _Before(old, (), tuple(paths))


def _unchanged(repo: Repo, there: Mapping[str, GitFile], day: date) -> frozenset[str]:
    """Return the policy files whose policies were the same in the commit, on its day."""
    defaults = (POLICY_DIR / DEFAULTS).as_posix()

    @cache
    def is_same(path: str) -> bool:
        return path in there and there[path].is_same(repo.root)

    # What many policies may be made from: where it differs, all are read again.
    shared = {path for path in there if PurePosixPath(path).parent == PurePosixPath(SENDER_DIR)}
    own = (repo.root / SENDER_DIR).glob("*.yaml")
    shared |= {path.relative_to(repo.root).as_posix() for path in own}
    if defaults in there or (repo.root / defaults).exists():
        shared.add(defaults)
    if any(file.is_link for file in there.values()) or not all(map(is_same, shared)):
        return frozenset()
    found: dict[str, bool] = {}
    for policy in repo.policies:
        is_old = all(map(is_same, _sources(policy))) and not _has_ended_since(policy, day)
        found[policy.path] = found.get(policy.path, True) and is_old
    return frozenset(path for path, same in found.items() if same)


def _has_ended_since(policy: Policy, day: date) -> bool:
    """Tell whether the grace of one of its senders ended after a day."""
    lives = (use.life for use in policy.senders)
    return any(life.gone and life.gone_from is not None and life.gone_from > day for life in lives)


def _sources(policy: Policy) -> Iterator[str]:
    """Yield the files that a policy is made from, without the defaults."""
    yield policy.path
    if policy.body.domains_file is not None:
        yield posixpath.normpath((POLICY_DIR / policy.body.domains_file).as_posix())
    for selector, section in (policy.body.dkim.selectors if policy.body.dkim else {}).items():
        if selector in policy.keys:
            yield (KEY_DIR / policy.domain / str(section.key)).as_posix()


def _bases(repo: Repo, publications: Iterable[Publication]) -> dict[DomainName, object]:
    """Return what the plan of each zone is made from, to be compared.

    What the SPF lock knows of names that a record may include is left out: each lock has it for all
    zones, and it changes no record.
    """
    said: dict[DomainName, list[object]] = {}
    for policy in repo.policies:
        if policy.body.tests or policy.body.allow:
            row = (policy.domain, policy.body.tests, policy.body.allow)
            said.setdefault(policy.zone, []).append(row)
    digests = {id: stanza.digest for id, stanza in repo.stanzas.items()}
    return {
        each.origin: (
            each.digest,
            each.mta_sts,
            {id: digests.get(id) for id in each.providers},
            said.get(each.origin),
        )
        for each in publications
    }
