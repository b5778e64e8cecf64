"""What lint reports: a finding, its words, and the order and number of several."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from mailauth_dns.lint.rule import At, Rule, Severity
from mailauth_dns.policy.repo import Policy
from mailauth_dns.records.name import DomainName
from mailauth_dns.typed_yaml.yaml_tree import Place

_NAMES = re.compile(r"[\w*-]+(?:\.[\w-]+)*")


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem with its rule and its place.

    Where `unknown`, the rule could not be decided: `message` says why, and `fix` is empty.
    `shared` means that the place alone does not say which domain the finding is about: the file
    holds several domains, or several inherit from it.
    """

    rule: Rule
    domains: tuple[DomainName, ...]
    shared: bool
    place: Place
    message: str
    fix: str
    at: At | None = None
    unknown: bool = False

    @property
    def domain(self) -> DomainName:
        """The first domain that the finding is about."""
        return self.domains[0]

    @property
    def word(self) -> str:
        """How bad the finding is, in one word."""
        return "unknown" if self.unknown else str(self.rule.severity)

    @property
    def text(self) -> str:
        """What happens to mail, after the live record or the domains where the place is shared."""
        if self.at is not None:
            return f"{self.at}: {self.message}"
        if not self.shared or (
            len(self.domains) == 1 and self.domain in _NAMES.findall(self.message)
        ):
            return self.message
        return f"{self.domains_told}: {self.message}"

    @property
    def domains_told(self) -> str:
        """The domains that the finding is about, in a few words."""
        first, *more = self.domains
        if not more:
            return first
        return f"{first} and {more[0] if len(more) == 1 else f'{len(more)} more domains'}"

    @property
    def advice(self) -> str:
        """What happens to mail, and where there is one, the fix."""
        return f"{self.text}; {self.fix}" if self.fix else self.text


def tally(found: Iterable[Finding], waived: int) -> str:
    """Return how many findings there are of each kind, the worst first, and how many are waived."""
    number = Counter(finding.word for finding in found)
    words = ("unknown", *map(str, sorted(Severity, reverse=True)))
    told = [f"{number[word]} {_plural(word, number[word])}" for word in words if number[word]]
    return ", ".join([*(told or ["nothing found"]), *([f"{waived} waived"] if waived else [])])


def _plural(word: str, number: int) -> str:
    return f"{word}s" if number > 1 and word not in ("unknown", "info") else word


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings in the files' order."""
    return sorted(findings, key=_order)


def _order(finding: Finding) -> tuple[str, int, int, str]:
    return (finding.place.source.path, finding.place.line, finding.place.column, finding.rule.id)


def is_shared(policy: Policy, place: Place) -> bool:
    """Tell whether other domains can have the same place: it does not say which is meant."""
    return policy.body.domain is None or place.source.path != policy.path
