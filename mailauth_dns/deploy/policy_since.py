"""Since when a domain's mail has been authenticated by what its policy says now, as git knows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from mailauth_dns.policy.repo import Policy, Repo


@dataclass(frozen=True, slots=True)
class Since:
    """The day, in UTC; None where nobody knows, and then `why` says it."""

    day: date | None
    why: str = ""


def records_since(repo: Repo, policy: Policy) -> Since:
    """Return the day of the last commit that changed what SPF, DKIM or alignment come to."""
    raise NotImplementedError(repo, policy)
