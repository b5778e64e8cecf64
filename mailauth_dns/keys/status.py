"""The policy's keys beside live DNS, and what comes next for each: `dkim status`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mailauth_dns.keys import delegation, problems
from mailauth_dns.keys.declared import Key, keys_of
from mailauth_dns.keys.in_dns import KeyInDns, ask, key_in_dns
from mailauth_dns.keys.next_step import KeyStep, next_step
from mailauth_dns.keys.problems import KeyProblem
from mailauth_dns.policy.repo import Policy
from mailauth_dns.policy.sections.dkim import DkimSection, KeyState
from mailauth_dns.records.name import DomainName


@dataclass(frozen=True, slots=True)
class KeyStatus:
    """One declared selector, what DNS serves for it, and what comes next.

    `unsigned` says that its sender publishes no usable key where our alias leads to, and `unseen`
    why that is unknown.
    """

    key: Key
    in_dns: KeyInDns
    step: KeyStep | None
    unsigned: str | None = None
    unseen: str | None = None

    @property
    def unknown(self) -> str | None:
        """Why it is unknown what DNS has for the key; None where it is known."""
        return (self.in_dns.detail or "DNS") if self.in_dns.state == "unknown" else self.unseen

    @property
    def wrong(self) -> str | None:
        """Why signatures with a key in use fail; None where DNS does not say that they do."""
        if self.unsigned is not None:
            return self.unsigned
        if (
            self.key.section.state not in (KeyState.ACTIVE, KeyState.RETIRING)
            or not self.in_dns.contradicts
        ):
            return None
        return next(each.message for each in problems.of_published(self.key, self.in_dns))


def look(policies: Iterable[Policy], now: datetime) -> tuple[KeyStatus, ...]:
    """Ask for every key that the policies declare, and for what delegated ones lead to."""
    policies = tuple(policies)
    pairs, observations = ask(policies)
    in_dns = {key.name: key_in_dns(key, observations[policy.zone]) for policy, key in pairs}
    return _statuses(pairs, in_dns, _behind(policies, in_dns, pairs), now)


def _behind(
    policies: Iterable[Policy],
    in_dns: Mapping[DomainName, KeyInDns],
    pairs: Sequence[tuple[Policy, Key]],
) -> Mapping[DomainName, KeyProblem]:
    """Return why senders' keys are of no use, or are unknown, by selector name."""
    wanted = [
        (key, target)
        for _, key in pairs
        if in_dns[key.name].state == "served" and (target := problems.delegated_to(key)) is not None
    ]
    if not wanted:
        return {}
    targets = delegation.resolved(policies, frozenset(target for _, target in wanted))
    return {
        key.name: problem
        for key, target in wanted
        for problem in problems.of_target(key, target, targets[target])
    }


def again(
    statuses: Iterable[KeyStatus], policies: Iterable[Policy], now: datetime
) -> tuple[KeyStatus, ...]:
    """Return the status of the policies as they are now, without asking DNS again."""
    pairs = [(policy, key) for policy in policies for key in keys_of(policy)]
    statuses = tuple(statuses)
    before = {status.key.name: status for status in statuses}
    found = _statuses(pairs, {name: each.in_dns for name, each in before.items()}, {}, now)
    return tuple(
        replace(each, unsigned=before[each.key.name].unsigned, unseen=before[each.key.name].unseen)
        for each in found
    )


def _statuses(
    pairs: Sequence[tuple[Policy, Key]],
    in_dns: Mapping[DomainName, KeyInDns],
    behind: Mapping[DomainName, KeyProblem],
    now: datetime,
) -> tuple[KeyStatus, ...]:
    beside: dict[DomainName, dict[str, tuple[Key, KeyInDns]]] = {}
    for _, key in pairs:
        beside.setdefault(key.domain, {})[key.selector] = (key, in_dns[key.name])
    found = []
    for policy, key in pairs:
        rotation = (policy.body.dkim or DkimSection()).rotation
        step = next_step(key, in_dns[key.name], rotation, now, beside[key.domain])
        found.append(KeyStatus(key, in_dns[key.name], step, *_said(behind.get(key.name))))
    return tuple(found)


def _said(problem: KeyProblem | None) -> tuple[str | None, str | None]:
    """Return why a sender's key is of no use, and why that is unknown."""
    if problem is None:
        return None, None
    if problem.weight == "unknown":
        return None, f"what the sender publishes is unknown: {problem.message}"
    return f"the sender publishes no key there, ask the sender: {problem.message}", None


def remarks(statuses: Iterable[KeyStatus]) -> list[str]:
    """Return remarks about keys of one domain and type taken together."""
    waiting: dict[tuple[DomainName, str], list[str]] = {}
    for status in statuses:
        key = status.key
        if key.is_pending and key.public is not None:
            waiting.setdefault((key.domain, key.public.k), []).append(key.selector)
    return [
        several_pending(selectors, type, domain)
        for (domain, type), selectors in waiting.items()
        if len(selectors) > 1
    ]


def several_pending(selectors: Sequence[str], type: str, domain: DomainName) -> str:
    """Return the remark about several keys of one type that wait to take over."""
    return (
        f"{domain} has {len(selectors)} pending {type} keys, {' and '.join(selectors)}: one is "
        "enough to take over; take the others out of the policy (published ones: "
        "`state: absent`), or `dkim rotate` makes all of them active"
    )
