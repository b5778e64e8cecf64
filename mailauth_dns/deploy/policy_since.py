"""Since when DNS lets a domain's mail pass as it does now, as far as git knows.

What reports say of an earlier day is worth nothing where DNS held something then that it lacks now:
mail that passed by it fails today. What has been added since takes nothing away.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

from mailauth_dns.compile import declarations
from mailauth_dns.compile.publication import Declared
from mailauth_dns.deploy import git, git_files
from mailauth_dns.deploy.git_files import GitFile
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

_MADE = ("zones/compiled/", "zones/mta-sts/", "zones/evidence/")  # by commands, from the rest
_ENOUGH = "400 days"  # evidence is kept no longer
_SECONDS = 60

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


def records_since(repo: Repo, policy: Policy, *, alignment: bool = True) -> Since:
    """Return the day of the last commit that took something away by which mail may pass.

    That is a value of SPF or DKIM, or relaxed alignment. Commits are dated by their merge. Without
    `alignment` only records count: what a plan is about to tighten is in the newest commit.
    """
    now = _holds(repo, policy) | (frozenset() if alignment else _RELAXED)
    try:
        held = _held(repo, policy, "HEAD")
        if held is None or not held <= now:
            return Since(None, f"git does not have {policy.path} as it is: commit it first")
        day, why = None, ""
        for commit in _commits(repo, policy):
            day = commit.day
            if commit.parent is None:
                shallow = git.said(repo.root, "rev-parse", "--is-shallow-repository").strip()
                why = "this clone is shallow: git fetch --unshallow" if shallow == b"true" else ""
            elif (held := _held(repo, policy, commit.parent)) is None or not held <= now:
                break
    except MailAuthError as error:
        return Since(None, str(error))
    if day is None:
        return Since(None, f"git does not have {policy.path}")
    ended = (use.life.gone_from for use in policy.senders if use.life.gone)
    return Since(max([day, *(each for each in ended if each is not None)]), why)


def _commits(repo: Repo, policy: Policy) -> Iterator[_Commit]:
    """Yield the commits that changed a file behind the policy, the newest first."""
    paths = [policy.path, (POLICY_DIR / DEFAULTS).as_posix(), (KEY_DIR / policy.domain).as_posix()]
    paths += [SENDER_DIR.as_posix(), LOCK_FILE.as_posix()]
    if policy.body.domains_file is not None:
        paths.append((POLICY_DIR / policy.body.domains_file).as_posix())
    log = ("log", "--first-parent", "--format=%H %ct %P")
    said = git.said(repo.root, *log, f"--since={_ENOUGH}", "--", *paths, seconds=_SECONDS)
    lines = said or git.said(repo.root, *log, "-1", "--", *paths, seconds=_SECONDS)
    for line in lines.decode().splitlines():
        id, seconds, *parents = line.split()
        day = datetime.fromtimestamp(int(seconds), UTC).date()
        yield _Commit(id, day, parents[0] if parents else None)


def _held(repo: Repo, policy: Policy, commit: str) -> Holds | None:
    """Return what the domain's mail could pass by as of a commit; None if it had no file."""
    there = [
        file
        for file in git_files.files(repo.root, commit, "zones", PROVIDER_DIR.as_posix())
        if not file.path.startswith(_MADE) and _is_behind(file, policy)
    ]
    with git_files.laid_out(repo.root, tuple(there)) as folder:
        old, _ = load_sound(folder)
        found = next((each for each in old.policies if each.domain == policy.domain), None)
        if found is None or any(spf_flattening.lock_problems(found, old.lock)):
            return None
        return _holds(old, found)


def _is_behind(file: GitFile, policy: Policy) -> bool:
    """Tell whether a policy may be made from a file."""
    if file.path.startswith(f"{POLICY_DIR.as_posix()}/") and file.path.endswith(".yaml"):
        return file.path in (policy.path, (POLICY_DIR / DEFAULTS).as_posix())
    if file.path.startswith(f"{KEY_DIR.as_posix()}/") and policy.body.domain is not None:
        return file.path.startswith(f"{KEY_DIR.as_posix()}/{policy.domain}/")
    return True


def _holds(repo: Repo, policy: Policy) -> Holds:
    found = set[tuple[str, ...]]()
    for entry in declarations.of(policy, repo.lock):
        if entry.family is Family.DMARC:
            found.update(*map(_alignment, entry.values))
        elif entry.family is Family.SPF or entry.family is Family.DKIM or entry.sender is not None:
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
