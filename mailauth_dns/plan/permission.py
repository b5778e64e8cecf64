"""What a policy permits, as a plan tells it beside a change, a test or a zone."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal


@dataclass(frozen=True, slots=True)
class Permission:
    """One entry of a policy's `allow`; the day `until` is in UTC and included."""

    rule: str
    reason: str
    until: date
    path: str
    line: int

    def __str__(self) -> str:
        """Return it in words, with the place that was reviewed."""
        return f"permitted by {self.path}:{self.line} until {self.until}: {self.reason}"


@dataclass(frozen=True, slots=True)
class IdlePermission:
    """A permission that has no effect on a plan: its day is over, or nothing needs it.

    `domains` are those of its policy that were planned.
    """

    permission: Permission
    state: Literal["expired", "unused"]
    domains: tuple[str, ...]


def expired(
    idle: Iterable[IdlePermission], rules: Container[str], domains: Iterable[str]
) -> tuple[Permission, ...]:
    """Return the permissions for these rules and one of these domains whose day is over."""
    names = set(domains)
    return tuple(
        each.permission
        for each in idle
        if each.state == "expired"
        and each.permission.rule in rules
        and not names.isdisjoint(each.domains)
    )


def all_permitted(rules: Iterable[str], permissions: Iterable[Permission]) -> bool:
    """Tell whether each of the rules has a permission."""
    return set(rules) <= {permission.rule for permission in permissions}
