"""A key's life as stretches of time, from what its policy says and what comes next.

A policy keeps the beginning of the state that a key is in (`since`), when every server was first
seen to serve it (`seen`) and when it signed last (`signed_until`). What it does not keep is None.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from mailauth_dns.keys.status import KeyStatus
from mailauth_dns.policy.sections.dkim import KeyState


@dataclass(frozen=True, slots=True)
class Stretch:
    """One state from `start` to `end`; None where that is not known, or not decided.

    `planned`: it lies ahead.
    """

    state: KeyState
    start: datetime | None
    end: datetime | None
    planned: bool = False


_AFTER = {
    KeyState.PENDING: KeyState.ACTIVE,
    KeyState.RETIRING: KeyState.REVOKED,
}


def life(status: KeyStatus, now: datetime) -> Iterator[Stretch]:
    """Yield the stretches of a key's life that are known, in the order of time."""
    section, step = status.key.section, status.step
    state = section.state
    if state is KeyState.ABSENT:
        return
    if state is KeyState.ACTIVE and section.seen is not None and section.since is not None:
        yield Stretch(KeyState.PENDING, section.seen, section.since)
    if state is KeyState.RETIRING and section.signed_until is not None:
        yield Stretch(KeyState.ACTIVE, section.seen, section.signed_until)
    if state is KeyState.REVOKED and section.signed_until is not None:
        yield Stretch(KeyState.ACTIVE, section.seen, section.signed_until)
        yield Stretch(KeyState.RETIRING, section.signed_until, section.since)
    began = section.signed_until if state is KeyState.RETIRING else section.since
    yield Stretch(state, began, now)
    if step is None or step.at is None:
        return
    if step.at > now:
        yield Stretch(state, now, step.at, planned=True)
    if (after := _AFTER.get(state)) is not None:
        yield Stretch(after, max(step.at, now), None, planned=True)
