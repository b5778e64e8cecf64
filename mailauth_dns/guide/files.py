"""What a repo's files say, and what is to be done about them before DNS is asked."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.compile.publication import Publication
from mailauth_dns.deploy import git_commit
from mailauth_dns.errors import MailAuthError, PolicyError
from mailauth_dns.export.pipeline import pipeline_of
from mailauth_dns.export.signers import signing
from mailauth_dns.guide.situation import Here
from mailauth_dns.keys import private_files
from mailauth_dns.keys.declared import keys_of
from mailauth_dns.lint.finding import Finding
from mailauth_dns.lint_policies import lint_repo
from mailauth_dns.octo import compiled_folder
from mailauth_dns.policy import spf_flattening
from mailauth_dns.policy.load import load_repo
from mailauth_dns.policy.repo import Policy, Repo
from mailauth_dns.policy.repo_layout import POLICY_DIR
from mailauth_dns.records.name import DomainName


@dataclass(frozen=True)
class Files:
    """The repo, what it publishes by zone, and lint's findings by domain.

    `stale` are the zones whose files compile would write. `chosen` are the policies that are looked
    at.
    """

    repo: Repo
    publications: Mapping[DomainName, Publication]
    chosen: tuple[Policy, ...]
    stale: frozenset[DomainName]
    found: Mapping[DomainName, tuple[Finding, ...]]


def read(
    root: Path, named: Collection[DomainName], private_dir: Path | None, now: datetime
) -> tuple[Here, Files | None]:
    """Return where the repo is, and its files; None where they cannot be read."""
    if not (root / POLICY_DIR).is_dir():
        return Here("no repo", now, unknown_domains=tuple(named)), None
    try:
        repo = load_repo(root, may_be_empty=True)
    except MailAuthError as error:
        return _broken(error, now), None
    if not repo.policies:
        return Here("empty", now, unknown_domains=tuple(named)), None
    try:
        publications = {each.origin: each for each in compile_repo(repo)}
        compiled = compiled_folder.compare(root, publications.values())
    except MailAuthError as error:
        lacking = any(
            True
            for policy in repo.policies
            for _ in spf_flattening.lock_problems(policy, repo.lock)
        )
        return (
            Here("no lock", now, problem=_first(error)) if lacking else _broken(error, now)
        ), None
    chosen = _chosen(repo, named)
    known = {policy.domain for policy in chosen}
    findings = lint_repo(
        repo, tuple(publications.values()), domains=known if named and known else ()
    ).findings
    by_domain: dict[DomainName, list[Finding]] = {}
    for finding in findings:
        for domain in finding.domains:
            by_domain.setdefault(domain, []).append(finding)
    zones = {path: zone for zone, each in publications.items() for path in _paths(each)}
    stale = _awaited(root, publications.values(), compiled.stale)
    here = Here(
        "loaded",
        now,
        stale=bool(compiled.gone) or not zones.keys() >= stale,
        uncommitted=git_commit.uncommitted(root),
        tracked=tuple(each for each in git_commit.FOLDERS if (root / each).exists()),
        private_dir=_private_dir(private_dir, root),
        unknown_domains=tuple(sorted(set(named) - known)),
        signing=_signing(repo),
        policies=len(repo.policies),
        pipeline=pipeline_of(root),
        administrator=os.geteuid() == 0,
    )
    found = {domain: tuple(each) for domain, each in by_domain.items()}
    of_zones = frozenset(zones[path] for path in stale if path in zones)
    return here, Files(repo, publications, chosen, of_zones, found)


def _broken(error: MailAuthError, now: datetime) -> Here:
    problems = len(error.problems) if isinstance(error, PolicyError) else 1
    return Here("broken", now, problem=_first(error), problems=problems)


def _first(error: MailAuthError) -> str:
    """Return the first problem, without the line that shows its place."""
    return str(error).split("\n", 1)[0]


def _chosen(repo: Repo, named: Collection[DomainName]) -> tuple[Policy, ...]:
    wanted = frozenset(named)
    return tuple(policy for policy in repo.policies if not wanted or policy.domain in wanted)


def _paths(publication: Publication) -> list[Path]:
    """Return the files that speak of this zone alone."""
    bodies = [compiled_folder.MTA_STS_FOLDER / f"{domain}.txt" for domain in publication.mta_sts]
    return [compiled_folder.FOLDER / f"{publication.origin}.yaml", *bodies]


def _awaited(
    root: Path, publications: Iterable[Publication], stale: Iterable[Path]
) -> frozenset[Path]:
    """Return the stale files that somebody reads: where DNS is a web form, nobody reads zones."""
    if (root / compiled_folder.FOLDER).is_dir() or any(each.providers for each in publications):
        return frozenset(stale)
    return frozenset(path for path in stale if compiled_folder.FOLDER not in path.parents)


def _private_dir(named: Path | None, root: Path) -> Path | None:
    """Return the folder of private keys; None where nobody said it, or it is not here."""
    if named is None and not os.environ.get(private_files.ENVIRONMENT):
        return None
    folder = private_files.folder(named, root)
    return folder if folder.is_dir() else None


def _signing(repo: Repo) -> tuple[DomainName, ...]:
    return tuple(policy.domain for policy in repo.policies if any(map(signing, keys_of(policy))))
