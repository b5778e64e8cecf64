"""What a policy permits, as a plan tells it beside a change, a test or a zone."""

from __future__ import annotations

from collections.abc import Iterable
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
    """A permission that has no effect on a plan: its day is over, or nothing needs it."""

    permission: Permission
    state: Literal["expired", "unused"]


def all_permitted(rules: Iterable[str], permissions: Iterable[Permission]) -> bool:
    """Tell whether each of the rules has a permission."""
    return set(rules) <= {permission.rule for permission in permissions}
