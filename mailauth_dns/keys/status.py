"""The policy's keys beside live DNS, and what comes next for each: `dkim status`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mailauth_dns.keys import delegation, problems
from mailauth_dns.keys.declared import Key, keys_of
from mailauth_dns.keys.in_dns import KeyInDns, ask, key_in_dns
from mailauth_dns.keys.next_step import KeyStep, next_step
from mailauth_dns.policy.repo import Policy
from mailauth_dns.policy.sections.dkim import DkimSection, KeyState
from mailauth_dns.records.name import DomainName


@dataclass(frozen=True, slots=True)
class KeyStatus:
    """One declared selector, what DNS serves for it, and what comes next.

    `unsigned` says that its sender publishes no usable key where our alias leads to.
    """

    key: Key
    in_dns: KeyInDns
    step: KeyStep | None
    unsigned: str | None = None

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
    return _statuses(pairs, in_dns, _unsigned(policies, in_dns, pairs), now)


def _unsigned(
    policies: Iterable[Policy],
    in_dns: Mapping[DomainName, KeyInDns],
    pairs: Sequence[tuple[Policy, Key]],
) -> Mapping[DomainName, str]:
    """Return why senders' keys are of no use, by selector name; one that is unknown is not said."""
    wanted = [
        (key, target)
        for _, key in pairs
        if in_dns[key.name].state == "served" and (target := problems.delegated_to(key)) is not None
    ]
    if not wanted:
        return {}
    targets = delegation.resolved(policies, frozenset(target for _, target in wanted))
    return {
        key.name: f"the sender publishes no key there, ask the sender: {problem.message}"
        for key, target in wanted
        for problem in problems.of_target(key, target, targets[target])
        if problem.weight == "wrong"
    }


def again(
    statuses: Iterable[KeyStatus], policies: Iterable[Policy], now: datetime
) -> tuple[KeyStatus, ...]:
    """Return the status of the policies as they are now, without asking DNS again."""
    pairs = [(policy, key) for policy in policies for key in keys_of(policy)]
    statuses = tuple(statuses)
    unsigned = {status.key.name: status.unsigned for status in statuses if status.unsigned}
    return _statuses(pairs, {each.key.name: each.in_dns for each in statuses}, unsigned, now)


def _statuses(
    pairs: Sequence[tuple[Policy, Key]],
    in_dns: Mapping[DomainName, KeyInDns],
    unsigned: Mapping[DomainName, str],
    now: datetime,
) -> tuple[KeyStatus, ...]:
    beside: dict[DomainName, dict[str, tuple[Key, KeyInDns]]] = {}
    for _, key in pairs:
        beside.setdefault(key.domain, {})[key.selector] = (key, in_dns[key.name])
    found = []
    for policy, key in pairs:
        rotation = (policy.body.dkim or DkimSection()).rotation
        step = next_step(key, in_dns[key.name], rotation, now, beside[key.domain])
        found.append(KeyStatus(key, in_dns[key.name], step, unsigned.get(key.name)))
    return tuple(found)


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
