"""End a sender: write into the policy from which day it sends no more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import partial

from mailauth_dns.errors import MailAuthError
from mailauth_dns.keys import policy_edit
from mailauth_dns.policy.repo import Policy, Repo
from mailauth_dns.policy.retirement_edit import with_retired
from mailauth_dns.policy.senders_in_tests import is_of
from mailauth_dns.senders.use import Use, whole_days


@dataclass(frozen=True, slots=True)
class Retired:
    """A sender that was ended in a policy: from `gone_from` on, one plan takes its records away.

    `tests` are those of the policy that still expect mail of it.
    """

    policy: Policy
    use: Use
    day: date
    gone_from: date
    tests: tuple[str, ...]


def retire(repo: Repo, policy: Policy, key: str, day: date) -> Retired:
    """Write into the policy's file that a sender sends no more from a day on.

    Raises:
        MailAuthError: the policy does not declare the sender, or has retired it, or other domains
            share the file.
    """
    use = _declared(policy, key)
    _check_alone(repo, policy, use.key, day)
    edited = partial(with_retired, policy.path, sender=use.key, day=day.isoformat())
    with policy_edit.alone(repo.root, policy.path):
        policy_edit.edit(repo.root, policy.path, edited)
    gone_from = day + whole_days(policy.body.sender_grace)
    tests = tuple(test.name for test in policy.body.tests if is_of(use, policy, test))
    return Retired(policy, use, day, gone_from, tests)


def _declared(policy: Policy, key: str) -> Use:
    """Return a policy's sender by the policy's own name for it, or by its id in the catalogue."""
    uses = [use for use in policy.senders if use.key == key]
    uses = uses or [use for use in policy.senders if use.sender == key]
    if not uses:
        there = ", ".join(use.key for use in policy.senders) or "none"
        raise MailAuthError(
            f"{policy.path}: {policy.domain} has no sender {key!r}; its senders: {there}"
        )
    if len(uses) > 1:
        named = " or ".join(use.key for use in uses)
        raise MailAuthError(f"{policy.path}: {key} is named there several times; say {named}")
    [use] = uses
    if use.life.retired is not None:
        raise MailAuthError(
            f"{policy.path}: senders.{use.key} is retired since {use.life.retired} already; "
            f"its records go from {use.life.gone_from} on"
        )
    return use


def _check_alone(repo: Repo, policy: Policy, key: str, day: date) -> None:
    sharing = [other for other in repo.policies if other.path == policy.path]
    if len(sharing) > 1:
        raise MailAuthError(
            f"{policy.path} is the policy of {len(sharing)} domains; where the sender ends for all "
            f"of them, write `retired: {day}` below senders.{key} there, else give "
            f"{policy.domain} a policy of its own"
        )
