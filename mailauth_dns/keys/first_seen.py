"""`seen:`, the first time that every server was seen to serve a key, as an edit of its policy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from mailauth_dns.errors import MailAuthError
from mailauth_dns.keys import policy_edit
from mailauth_dns.keys.declared import Key
from mailauth_dns.keys.in_dns import KeyInDns
from mailauth_dns.keys.policy_edit import SelectorEdit, Written, spelling
from mailauth_dns.keys.status import KeyStatus
from mailauth_dns.keys.times import moment
from mailauth_dns.policy.repo import Policy, Repo
from mailauth_dns.policy.sections.dkim import KeyState


def edit(key: Key, in_dns: KeyInDns, now: datetime) -> SelectorEdit | None:
    """Return what an observation adds to the policy, None where it adds nothing.

    It adds `seen` when every server serves the key for the first time. A pending key that a server
    has lost again starts anew: caches may hold its absence again.
    """
    if not key.ours:
        return None
    seen, state = key.section.seen, key.section.state
    if state in (KeyState.PENDING, KeyState.ACTIVE) and seen is None and in_dns.state == "served":
        return {"seen": moment(now)}
    if state is KeyState.PENDING and seen is not None and in_dns.state not in ("served", "unknown"):
        return {"seen": None}
    return None


def applied(key: Key, keys: SelectorEdit) -> Key:
    """Return the key as it is once this edit is written."""
    text = keys["seen"]
    seen = datetime.fromisoformat(text) if text is not None else None
    return replace(key, section=key.section.model_copy(update={"seen": seen}))


def write(
    repo: Repo, policies: Sequence[Policy], statuses: Sequence[KeyStatus], now: datetime
) -> tuple[tuple[Written, ...], tuple[str, ...]]:
    """Write what the observations add; return what was written, and what could not be.

    A selector of a file that several domains share is seen when it is seen for all of them.
    """
    by_domain = {policy.domain: policy for policy in policies}
    of_path = {policy.path: policy for policy in policies}
    found: dict[str, dict[str, list[SelectorEdit | None]]] = {}  # by path and selector
    for status in statuses:
        policy = by_domain[status.key.domain]
        if (name := spelling(policy, status.key.selector)) is not None:
            edits = found.setdefault(policy.path, {}).setdefault(name, [])
            edits.append(edit(status.key, status.in_dns, now))
    sharing = Counter(policy.path for policy in repo.policies)
    written: list[Written] = []
    problems: list[str] = []
    for path, selectors in found.items():
        changes = {
            selector: each[0]
            for selector, each in selectors.items()
            if each[0] is not None and each.count(each[0]) == sharing[path]
        }
        try:
            written += policy_edit.write(repo.root, of_path[path], changes)
        except MailAuthError as error:
            problems.append(str(error))
    return tuple(written), tuple(problems)
