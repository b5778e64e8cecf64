"""One part of a lint: some policy files, read, compiled and checked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.compile.publication import Declared
from mailauth_dns.compile.report_consents import report_hosts
from mailauth_dns.errors import PolicyError
from mailauth_dns.lint.catalog import ALL_RULES, BY_ID
from mailauth_dns.lint.rule import Rule
from mailauth_dns.lint.run_rules import run
from mailauth_dns.lint.subject import Subject, declared_by_domain, neighbours_of
from mailauth_dns.lint.waiver import waiver_rows
from mailauth_dns.lint_parts.neighbours import Answers, Asked, Facts, facts_of
from mailauth_dns.lint_parts.sent import SentFinding, SentWaiver, sent_findings, sent_waivers
from mailauth_dns.policy.declared_senders import catalogue_of
from mailauth_dns.policy.load import read_lock
from mailauth_dns.policy.policy_files import PolicyFiles
from mailauth_dns.policy.repo import Policy, Repo
from mailauth_dns.policy.repo_checks import return_paths
from mailauth_dns.policy.repo_files import RepoFiles
from mailauth_dns.policy.repo_layout import POLICY_DIR
from mailauth_dns.policy.spf_lock import Lock
from mailauth_dns.records import dmarc_consent
from mailauth_dns.records.name import MAX_NAME, DomainName
from mailauth_dns.senders.catalogue_files import Catalogue
from mailauth_dns.senders.recognition import Recognition

_REPORTS = "._report._dmarc."
DIGEST = 8  # octets for a name


class PolicyFacts(NamedTuple):
    """What the rest of the repo must know of a policy. `names` are digests of what it declares."""

    domain: DomainName
    zone: DomainName
    providers: tuple[str, ...]
    nameservers: tuple[str, ...]
    return_paths: tuple[DomainName, ...]
    names: bytes


class FileResult(NamedTuple):
    """What came of a file. `asked` is what was asked about other policies, with the answers."""

    name: str
    policies: tuple[PolicyFacts, ...]
    found: tuple[SentFinding, ...]
    waivers: tuple[SentWaiver, ...]
    asked: Answers


class Part(NamedTuple):
    """Names of policy files, and what is known of the policies in others."""

    names: tuple[str, ...]
    told: Answers


class PartResult(NamedTuple):
    """What came of a part. `facts` is what its policies answer; `keys` are the key files read."""

    files: tuple[FileResult, ...]
    facts: Facts
    keys: tuple[str, ...]


@dataclass
class LintFiles:
    """Checks parts of the repo in `root` with the rules of these ids."""

    root: Path
    rules: tuple[str, ...]
    today: date
    has_defaults: bool

    def __call__(self, part: Part) -> PartResult | None:
        """Return what came of a part; None where the repo must be read as a whole to say it."""
        files = RepoFiles(self.root)
        reader = PolicyFiles(
            files, self._shared.catalogue, self.today, has_defaults=self.has_defaults
        )
        by_file = {name: _read(reader, self.root / POLICY_DIR / name) for name in part.names}
        if files.problems:
            return None
        policies = sorted(
            (each for some in by_file.values() for each in some), key=lambda each: each.domain
        )
        if any(map(_stands_out, policies)):
            return None
        try:
            publications = compile_repo(
                Repo(self.root, tuple(policies), {}, self._shared.lock, self._shared.catalogue)
            )
        except PolicyError:
            return None
        declared = declared_by_domain(publications)
        facts = facts_of(neighbours_of(policies, declared))
        checked = tuple(
            self._checked(name, some, declared, Asked(facts, part.told))
            for name, some in by_file.items()
        )
        keys = sorted(files.relative(path) for path in reader.key_paths)
        return PartResult(checked, facts, tuple(keys))

    def _checked(
        self,
        name: str,
        policies: Sequence[Policy],
        declared: Mapping[DomainName, Sequence[Declared]],
        asked: Asked,
    ) -> FileResult:
        neighbours = asked.neighbours
        subjects = [
            Subject(
                *(policy, tuple(declared.get(policy.domain, ())), neighbours),
                *(self._shared.recognition, self.today),
            )
            for policy in policies
        ]
        return FileResult(
            name,
            tuple(_facts(subject.policy, subject.declared) for subject in subjects),
            tuple(sent_findings(run(self._shared.rules, subjects))),
            tuple(sent_waivers(waiver_rows(policies, ALL_RULES))),
            asked.noted,
        )

    @cached_property
    def _shared(self) -> _Shared:
        """What all parts of a process need, which is read once."""
        files = RepoFiles(self.root)
        catalogue = catalogue_of(files)
        rules = tuple(BY_ID[id] for id in self.rules)
        return _Shared(catalogue, Recognition(catalogue), read_lock(files), rules)


class _Shared(NamedTuple):
    catalogue: Catalogue
    recognition: Recognition
    lock: Lock
    rules: tuple[Rule, ...]


def _read(reader: PolicyFiles, path: Path) -> list[Policy]:
    return sorted(reader.policies(path), key=lambda policy: policy.domain)


def _stands_out(policy: Policy) -> bool:
    """Tell whether a policy may have to do with records that another part writes for reports."""
    return _REPORTS in policy.domain or any(
        len(dmarc_consent.report_name(policy.domain, host)) > MAX_NAME
        for host in report_hosts(policy)
    )


def _facts(policy: Policy, declared: Iterable[Declared]) -> PolicyFacts:
    body = policy.body
    return PolicyFacts(
        *(policy.domain, policy.zone, body.providers, body.nameservers),
        tuple(name for _, name in return_paths(policy)),
        b"".join(_digests(declared)),
    )


def _digests(declared: Iterable[Declared]) -> Iterator[bytes]:
    for name in dict.fromkeys(entry.key[0] for entry in declared):
        yield hashlib.blake2b(name.encode(), digest_size=DIGEST).digest()
