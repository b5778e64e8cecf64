"""Lint of a repo whose policy files are checked in parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import TypeVar

from mailauth_dns.lint.catalog import ALL_RULES
from mailauth_dns.lint.merge_findings import merged
from mailauth_dns.lint.rule import Rule
from mailauth_dns.lint.waiver import matched
from mailauth_dns.lint_parts import sent
from mailauth_dns.lint_parts.lint_files import FileResult, LintFiles, Part, PartResult
from mailauth_dns.lint_parts.neighbours import Answers, Facts, add_facts
from mailauth_dns.lint_parts.together import are_sound
from mailauth_dns.lint_policies import Linted, LintResult
from mailauth_dns.policy.declared_senders import catalogue_of
from mailauth_dns.policy.load import check_keys_folder, read_lock, read_stanzas
from mailauth_dns.policy.repo_files import RepoFiles
from mailauth_dns.policy.repo_layout import DEFAULTS, POLICY_DIR
from mailauth_dns.spread.spread import Spread

FILES = 100  # policy files in a part
_ROUNDS = 4  # an answer that changes may lead to other questions, though hardly to many
_T = TypeVar("_T")
_MAX_TOLD = 10_000  # answers that later parts are told ahead


def lint_in_parts(
    root: Path, rules: Sequence[Rule], spread: Spread, *, files: int = FILES
) -> Linted | None:
    """Check the policies of the repo in `root` with static `rules`, some `files` at a time.

    The result is that of `lint_repo`. None where something in the repo is wrong or must be looked
    at as a whole: then load it in one process, which says what it is.
    """
    today = datetime.now(UTC).date()
    own = RepoFiles(root)
    listed = [path.name for path in own.policy_files(root / POLICY_DIR)]
    names = [name for name in listed if name != DEFAULTS]
    stanzas = read_stanzas(own)
    # Parts read these too. What is wrong with them is found here, once.
    catalogue_of(own)
    read_lock(own)
    work = LintFiles(root, tuple(rule.id for rule in rules), today, DEFAULTS in listed)
    found = None if own.problems else _collected(spread, work, names, files)
    if found is None:
        return None
    check_keys_folder(own, {root / path for path in found.keys})
    policies = [policy for each in found.by_file.values() for policy in each.policies]
    if own.problems or not policies or not are_sound(policies, stanzas.keys()):
        return None
    domains = tuple(sorted(policy.domain for policy in policies))
    sent_ones = (each for file in found.by_file.values() for each in file.found)
    together = merged(sent.findings(sent_ones), {domain: at for at, domain in enumerate(domains)})
    waivers = sorted(
        sent.waivers(row for each in found.by_file.values() for row in each.waivers),
        key=attrgetter("domain"),
    )
    left, silenced = matched(together, waivers, (), rules, ALL_RULES, today)
    return Linted(
        LintResult(tuple(left), tuple(silenced)),
        domains,
        any(policy.providers for policy in policies),
    )


class _Found:
    """What the parts said so far."""

    def __init__(self) -> None:
        self.by_file: dict[str, FileResult] = {}
        self.facts: Facts = {}
        self.keys: set[str] = set()
        self.told: Answers = {}

    def add(self, result: PartResult) -> None:
        self.by_file.update((each.name, each) for each in result.files)
        add_facts(self.facts, result.facts)
        self.keys.update(result.keys)
        for each in result.files:
            for question in self.wrong(each.asked):
                if len(self.told) < _MAX_TOLD:
                    self.told[question] = self.facts.get(question)

    def wrong(self, asked: Answers) -> Answers:
        """Return the questions that were answered otherwise than all parts do, with the answers."""
        return {
            question: self.facts.get(question)
            for question, answer in asked.items()
            if self.facts.get(question) != answer
        }


def _collected(spread: Spread, work: LintFiles, names: Sequence[str], files: int) -> _Found | None:
    """Return what all parts say, when each has been told what it asked; None as above."""
    found = _Found()
    # Later parts are told what earlier ones did not know, such as the first domain with a key that
    # all have: without it each of them would be done twice.
    parts = (Part(some, dict(found.told)) for some in _some(names, files))
    for _ in range(_ROUNDS):
        for result in spread.each(work, parts):
            if result is None:
                return None
            found.add(result)
        again = [each for each in found.by_file.values() if found.wrong(each.asked)]
        if not again:
            return found
        parts = (
            Part(
                tuple(each.name for each in some),
                {question: found.facts.get(question) for each in some for question in each.asked},
            )
            for some in _some(again, files)
        )
    return None


def _some(items: Iterable[_T], number: int) -> Iterator[tuple[_T, ...]]:
    each = iter(items)
    while some := tuple(islice(each, number)):
        yield some
