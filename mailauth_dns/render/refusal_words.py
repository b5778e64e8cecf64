"""Why apply refuses something, the safe way instead, and who can permit it all the same."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from mailauth_dns.lint.catalog import ALL_RULES
from mailauth_dns.plan.permission import Permission
from mailauth_dns.plan.permissions import LIVE_UNKNOWN

_SAFE_WAYS = {
    "DMARC032": "keep what receivers report (mailauth-dns reports read --write), and tighten once "
    "mailauth-dns dmarc status says that the step may come",
    "DMARC033": "go to quarantine first, read the reports until all mail passes, then reject",
    "DKIM030": "sign with another key, and keep this one seven days after its last signature",
    "DKIM034": "give the new key a selector that was never used",
    "DNS004": "write what the wildcard says for this name as a record of its own",
    "DNS008": "plan for the provider whose servers answer, or move the delegation first",
    "SND010": "keep the sender until its mail has stopped, and read the reports of the days after",
    "SPF010": "replace terms that ask DNS by addresses, until ten are left",
    "STS017": "publish mode none first, and take the policy away when the old max_age is over",
    "STS019": "keep what senders report (mailauth-dns reports read --write), and enforce once "
    "mailauth-dns mta_sts status says that it may be",
    "TEST001": "mend the change, or the test if it is out of date",
    "TEST002": "plan again where DNS answers for the names that the test leads to",
    LIVE_UNKNOWN: "plan again where the zone's servers answer",
}


@dataclass(frozen=True, slots=True)
class Explained:
    """A rule that refuses: why, with the safe way, and who can permit it all the same.

    `page` is the command that says more of it. `allow` is what a policy says to permit it, None if
    no policy can.
    """

    rule: str
    why: tuple[str, ...]
    page: str
    allow: str | None


def explained(rule: str) -> Explained:
    """Return why a rule refuses, in sentences of which nothing is escaped."""
    why = [_firsts()[rule]] if rule in _firsts() else []
    if rule in _SAFE_WAYS:
        why.append(f"The safe way: {_SAFE_WAYS[rule]}.")
    allow = f"allow: [{{rule: {rule}, reason: ..., until: DAY}}]"
    page = f"mailauth-dns rules {rule}"
    return Explained(rule, tuple(why), page, None if rule == LIVE_UNKNOWN else allow)


@cache
def _firsts() -> dict[str, str]:
    """Return the first sentence of each rule's page."""
    return {rule.id: " ".join(rule.page.partition("\n\n")[0].split()) for rule in ALL_RULES}


def expired_said(permission: Permission) -> str:
    """Return that a permission is over, and where it stands."""
    return (
        f"{permission.rule} was permitted until {permission.until}: that day is over "
        f"({permission.path}:{permission.line})"
    )
