"""The file of a shard of lint: what its rules found, before waivers, and what lint was asked.

The file says where something was found, and not what stands there: the lines that people see are
those of the repo in which the shards are merged.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from mailauth_dns.errors import MailAuthError
from mailauth_dns.lint.finding import Finding
from mailauth_dns.lint.rule import At, Rule
from mailauth_dns.policy.repo import Policy
from mailauth_dns.records.name import DomainName
from mailauth_dns.spread.merge import COMMIT, DAY, FILES, TOOL, Made
from mailauth_dns.spread.shard import Shard
from mailauth_dns.typed_yaml import yaml_tree
from mailauth_dns.typed_yaml.yaml_tree import Place, SourceText

FORMAT = 1
MAX_FILE = 500_000_000  # octets


@dataclass(frozen=True, slots=True)
class FoundEntry:
    """A finding; `name`, `type` and `server` are the live record at fault, where there is one."""

    rule: str
    domains: tuple[str, ...]
    shared: bool
    path: str
    line: int
    column: int
    width: int
    message: str
    fix: str
    name: str | None
    type: str | None
    server: str | None
    unknown: bool


@dataclass(frozen=True, slots=True)
class LintShard:
    """A whole file. `select` and `ignore` are ids of rules; None: all were selected.

    `files` is the SHA-256 of the repo's files, and `day` that on which the rules ran, in UTC.
    """

    format: Literal[1]
    number: int
    of: int
    tool: str
    commit: str | None
    files: str
    day: str
    domains: tuple[str, ...]
    live: bool
    private_web: bool
    select: tuple[str, ...] | None
    ignore: tuple[str, ...]
    findings: tuple[FoundEntry, ...]

    def made(self, name: str) -> Made:
        """Return it as what is compared with the other shards; `name` is its file."""
        same = {
            TOOL: self.tool,
            COMMIT: self.commit,
            FILES: self.files,
            DAY: self.day,
            "the domains": self.domains,
            "--live": self.live,
            "--private-web": self.private_web,
            "--select": self.select,
            "--ignore": self.ignore,
        }
        return Made(name, Shard(self.number, self.of), same)


class _Read(BaseModel):
    model_config = ConfigDict(extra="forbid")
    lint_shard: LintShard


def dumped(shard: LintShard) -> str:
    """Return the file's text."""
    return json.dumps({"lint_shard": asdict(shard)}, indent=1, ensure_ascii=True) + "\n"


def read(path: Path) -> LintShard:
    """Return the shard in a file.

    Raises:
        MailAuthError: the file cannot be read, or is none of a shard.
    """
    try:
        with path.open("rb") as file:
            octets = file.read(MAX_FILE + 1)
        if len(octets) > MAX_FILE:
            raise MailAuthError(f"{path} is too big for a shard of lint")
        return _Read.model_validate_json(octets).lint_shard
    except OSError as error:
        raise MailAuthError(f"{path}: {error.strerror}") from None
    except ValidationError:
        raise MailAuthError(
            f"{path} is not what `lint --shard I/N --out FILE` of this version writes"
        ) from None


def entry(finding: Finding) -> FoundEntry:
    """Return a finding as the file has it."""
    place, at = finding.place, finding.at
    return FoundEntry(
        rule=finding.rule.id,
        domains=finding.domains,
        shared=finding.shared,
        path=place.source.path,
        line=place.line,
        column=place.column,
        width=place.width,
        message=finding.message,
        fix=finding.fix,
        name=at.key[0] if at is not None else None,
        type=at.key[1] if at is not None else None,
        server=at.server if at is not None else None,
        unknown=finding.unknown,
    )


class Places:
    """The findings of shards, with their lines as the repo has them."""

    def __init__(self, policies: Iterable[Policy], rules: Iterable[Rule]) -> None:
        """Look for places in these policies."""
        self._policies = {policy.domain: policy for policy in policies}
        self._rules = {rule.id: rule for rule in rules}
        self._sources: dict[int, Mapping[str, SourceText]] = {}  # by what domains of a file share

    def finding(self, each: FoundEntry) -> Finding | None:
        """Return a finding; None where its rule, its domains or its place are not there."""
        domains = tuple(map(DomainName, each.domains))
        policy = self._policies.get(domains[0]) if domains else None
        rule = self._rules.get(each.rule)
        if policy is None or rule is None or not self._policies.keys() >= set(domains):
            return None
        source = self._source(policy, each.path)
        if source is None or not 1 <= each.line <= len(source.lines):
            return None
        at = None
        if each.name is not None and each.type is not None and each.server is not None:
            at = At((DomainName(each.name), each.type), each.server)
        place = Place(source, each.line, each.column, each.width)
        said = (each.message, each.fix)
        return Finding(rule, domains, each.shared, place, *said, at, each.unknown)

    def _source(self, policy: Policy, path: str) -> SourceText | None:
        declared = policy.declared_at.source
        if path == declared.path:
            return declared
        if (found := self._sources.get(id(policy.root))) is None:
            found = {each.path: each for each in _sources(policy.root)}
            self._sources[id(policy.root)] = found
        return found.get(path)


def _sources(node: yaml_tree.Node) -> Iterator[SourceText]:
    """Yield the files that a policy is of: its own, and what it inherits from."""
    yield node.place.source
    if isinstance(node, yaml_tree.Mapping):
        for place in node.keys.values():
            yield place.source
        for below in node.items.values():
            yield from _sources(below)
    elif isinstance(node, yaml_tree.Sequence):
        for below in node.items:
            yield from _sources(below)
