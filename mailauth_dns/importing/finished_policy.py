"""A drafted policy as people get it: with comments, what lint would change, what is unknown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.importing.surroundings import Draft, Surroundings
from mailauth_dns.importing.yaml_text import annotated
from mailauth_dns.lint.catalog import RULES
from mailauth_dns.lint.finding import Finding
from mailauth_dns.lint.run_rules import run
from mailauth_dns.lint.subject import subjects
from mailauth_dns.policy.repo import Repo
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey

Unknowns = Sequence[tuple[RRKey, str]]  # sets that may be there, each with the reason


@dataclass(frozen=True, slots=True)
class Imported:
    """One domain's policy: `text` is YAML with comments, `proposals` are what lint would change."""

    draft: Draft
    text: str
    proposals: tuple[Finding, ...]
    unknown: Unknowns

    @property
    def path(self) -> str:
        """The file that the policy belongs in."""
        return self.draft.policy.path


def commented(
    drafts: Sequence[Draft],
    beside: Surroundings,
    head: Iterable[str],
    unknown: Mapping[DomainName, Unknowns],
    today: date,
) -> tuple[Imported, ...]:
    """Return drafts with comments: `head`, what is unknown or not said, what lint would change."""
    domains = frozenset(draft.domain for draft in drafts)
    repo = Repo(Path(), (*(draft.policy for draft in drafts), *beside.policies), {}, beside.lock)
    found: dict[str, list[Finding]] = {draft.policy.path: [] for draft in drafts}
    for finding in run(RULES, subjects(repo, compile_repo(repo), today, domains)):
        # What a default says is not this file's to change.
        found.get(finding.place.source.path, []).append(finding)
    result = []
    for draft in drafts:
        said = [*head, *(f"unknown: {reason}" for reason in reasons(unknown[draft.domain]))]
        said += [draft.nearly_parked] if draft.nearly_parked is not None else []
        said += draft.told
        said += ["Not said here:", *(f"  {left}" for left in draft.left)] if draft.left else []
        findings = found[draft.policy.path]
        result.append(
            Imported(
                draft, annotated(draft.text, said, findings), tuple(findings), unknown[draft.domain]
            )
        )
    return tuple(result)


def reasons(unknown: Unknowns) -> tuple[str, ...]:
    """Return each reason why something is unknown, once, with what it concerns."""
    keys: dict[str, list[str]] = {}
    for (name, type), reason in unknown:
        keys.setdefault(reason, []).append(f"{name} {type}")
    return tuple(
        f"{first}{f' and {len(more)} more' if more else ''}: {reason}"
        for reason, (first, *more) in keys.items()
    )
