"""The next step in a key's life, what it waits for, and when you may take it.

A key is pending, active, retiring, revoked, absent, in that order. It may sign once no cache can
still hold the answer that it does not exist: every authoritative server has served it for the
longest time that a cache keeps the old answer, which is the record's TTL or the negative one
(RFC 2308 §5). It is revoked once mail that it signed has left the queues. Nothing here reads the
clock: `now` comes from the command line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from mailauth_dns.keys.declared import Key
from mailauth_dns.keys.in_dns import KeyInDns
from mailauth_dns.keys.times import moment, span
from mailauth_dns.policy.sections.dkim import KeyState, RotationSection

KeysInDns = Mapping[str, tuple[Key, KeyInDns]]  # the keys of one domain, by selector


@dataclass(frozen=True, slots=True)
class KeyStep:
    """The next step in a key's life.

    `at` is when you may take it, None while something else must come first, which `why` names.
    """

    to: KeyState | Literal["successor"]
    at: datetime | None
    why: str = ""

    def due(self, now: datetime) -> bool:
        """Tell whether you may take it."""
        return self.at is not None and self.at <= now


def usable_from(key: Key, in_dns: KeyInDns) -> datetime | None:
    """Return when the key may sign: the wait after `seen`.

    None while the key is not known to be served everywhere.
    """
    if key.section.seen is None or in_dns.state != "served" or in_dns.wait is None:
        return None
    return key.section.seen + in_dns.wait


def next_step(
    key: Key, in_dns: KeyInDns, rotation: RotationSection, now: datetime, beside: KeysInDns
) -> KeyStep | None:
    """Return the next step of one key, None where there is none.

    `beside` are all keys of its domain.
    """
    section = key.section
    if section.state is KeyState.PENDING:
        return _activation(key, in_dns)
    if section.state is KeyState.ACTIVE:
        return _succession(key, beside, rotation, now) if key.ours else None
    if section.state is KeyState.RETIRING:
        if section.signed_until is None:
            return KeyStep(KeyState.REVOKED, None, "write signed_until: when did it sign last?")
        return KeyStep(KeyState.REVOKED, section.signed_until + rotation.grace)
    if section.state is KeyState.REVOKED:
        return _deletion(key, in_dns, rotation)
    return None


def _activation(key: Key, in_dns: KeyInDns) -> KeyStep:
    if in_dns.state != "served":
        why = f"{_reason(in_dns)}; every server must serve it first: plan and apply"
        return KeyStep(KeyState.ACTIVE, None, why)
    if key.section.seen is None:
        return KeyStep(
            KeyState.ACTIVE, None, "no `seen:` in the policy yet; `dkim status` writes it"
        )
    why = "every cache must have forgotten that the key was not there"
    if in_dns.wait is not None:
        why = f"{why}: {span(in_dns.wait)}, {in_dns.bound}"
    return KeyStep(KeyState.ACTIVE, usable_from(key, in_dns), why)


def _succession(key: Key, beside: KeysInDns, rotation: RotationSection, now: datetime) -> KeyStep:
    """Return what comes after an active key.

    It retires when a pending key begins to sign. It gets no successor while another key retires.
    """
    waiting = under_way(key.public.k, beside, rotation, now) if key.public is not None else {}
    for selector, step in waiting.items():
        if step.to is KeyState.ACTIVE:
            return KeyStep(KeyState.RETIRING, None, f"when {selector} begins to sign")
    for selector, step in waiting.items():
        why = f"{selector} is revoked first"
        if step.at is None or step.due(now):
            return KeyStep("successor", None, why + (f": {step.why}" if step.why else _ROTATE))
        return KeyStep("successor", step.at, why)
    return KeyStep("successor", now)


_ROTATE = " (dkim rotate)"


def _deletion(key: Key, in_dns: KeyInDns, rotation: RotationSection) -> KeyStep:
    if in_dns.state not in ("revoked", "missing"):
        why = f"{_reason(in_dns)}; the revocation must be published first: plan and apply"
        return KeyStep(KeyState.ABSENT, None, why)
    if key.section.since is None:
        return KeyStep(KeyState.ABSENT, None, "write since: when was it revoked?")
    return KeyStep(KeyState.ABSENT, key.section.since + rotation.revoked_for)


def under_way(
    type: str, beside: KeysInDns, rotation: RotationSection, now: datetime
) -> dict[str, KeyStep]:
    """Return the steps that a new key of a type waits for, by selector.

    They are those of our pending and retiring keys.
    """
    steps = {
        selector: next_step(key, in_dns, rotation, now, beside)
        for selector, (key, in_dns) in of_type(type, beside).items()
        if key.section.state in (KeyState.PENDING, KeyState.RETIRING)
    }
    return {selector: step for selector, step in steps.items() if step is not None}


def of_type(type: str, beside: KeysInDns) -> KeysInDns:
    """Return our keys of one type, in the policy's order."""
    return {selector: pair for selector, pair in beside.items() if pair[0].is_own(type)}


def _reason(in_dns: KeyInDns) -> str:
    words = {
        "served": "DNS serves the key",
        "revoked": "DNS has an empty key",
        "missing": "DNS has no such record",
        "other": "DNS has another record",
        "partly": "the servers differ",
        "unknown": "DNS is unknown",
    }
    return words[in_dns.state] + (f" ({in_dns.detail})" if in_dns.detail else "")


def when(step: KeyStep, now: datetime) -> str:
    """Say when you may take a step."""
    if step.at is None:
        return f"not yet: {step.why}"
    return "now" if step.due(now) else later(step.at, step.why)


def later(at: datetime, why: str) -> str:
    """Say from when you may take a step, and why not before."""
    return f"from {moment(at)}" + (f": {why}" if why else "")
