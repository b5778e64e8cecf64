"""The policy's keys beside live DNS, and what comes next for each: `dkim status`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mailauth_dns.keys import problems
from mailauth_dns.keys.declared import Key, keys_of
from mailauth_dns.keys.in_dns import KeyInDns, ask, key_in_dns
from mailauth_dns.keys.next_step import KeyStep, next_step
from mailauth_dns.policy.repo import Policy
from mailauth_dns.policy.sections.dkim import DkimSection, KeyState
from mailauth_dns.records.name import DomainName


@dataclass(frozen=True, slots=True)
class KeyStatus:
    """One declared selector, what DNS serves for it, and what comes next."""

    key: Key
    in_dns: KeyInDns
    step: KeyStep | None

    @property
    def wrong(self) -> str | None:
        """Why signatures with a key in use fail: DNS holds another. None where that is not so."""
        if (
            self.key.section.state not in (KeyState.ACTIVE, KeyState.RETIRING)
            or not self.in_dns.contradicts
        ):
            return None
        return next(each.message for each in problems.of_published(self.key, self.in_dns))


def look(policies: Iterable[Policy], now: datetime) -> tuple[KeyStatus, ...]:
    """Ask the authoritative servers for every key that the policies declare."""
    pairs, observations = ask(policies)
    in_dns = {key.name: key_in_dns(key, observations[policy.zone]) for policy, key in pairs}
    return _statuses(pairs, in_dns, now)


def again(
    statuses: Iterable[KeyStatus], policies: Iterable[Policy], now: datetime
) -> tuple[KeyStatus, ...]:
    """Return the status of the policies as they are now, without asking DNS again."""
    pairs = [(policy, key) for policy in policies for key in keys_of(policy)]
    return _statuses(pairs, {status.key.name: status.in_dns for status in statuses}, now)


def _statuses(
    pairs: Sequence[tuple[Policy, Key]], in_dns: Mapping[DomainName, KeyInDns], now: datetime
) -> tuple[KeyStatus, ...]:
    beside: dict[DomainName, dict[str, tuple[Key, KeyInDns]]] = {}
    for _, key in pairs:
        beside.setdefault(key.domain, {})[key.selector] = (key, in_dns[key.name])
    found = []
    for policy, key in pairs:
        rotation = (policy.body.dkim or DkimSection()).rotation
        step = next_step(key, in_dns[key.name], rotation, now, beside[key.domain])
        found.append(KeyStatus(key, in_dns[key.name], step))
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
