"""The steps that keys of one type may take now, as edits of their policy.

A pending key becomes active, and the active ones retire at the same moment. A retiring key is
revoked, a revoked one becomes absent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from mailauth_dns.keys.declared import Key
from mailauth_dns.keys.next_step import KeysInDns, KeyStep, later, next_step, of_type, under_way
from mailauth_dns.keys.policy_edit import SelectorEdit
from mailauth_dns.keys.times import moment
from mailauth_dns.policy.sections.dkim import KeyState, RotationSection


@dataclass(frozen=True, slots=True)
class Transitions:
    """What keys of one type may do now.

    `edits` are by selector. `waiting` says what has to wait and why, where there is no edit.
    `new_key` is whether nothing is under way, so that it is time for a new key.
    """

    edits: Mapping[str, SelectorEdit]
    new_key: bool = False
    waiting: tuple[str, ...] = ()


def transitions(
    type: str, keys: KeysInDns, settings: RotationSection, now: datetime
) -> Transitions:
    """Return what our keys of one type may do now; `keys` are all of the domain."""
    own = of_type(type, keys)
    edits: dict[str, SelectorEdit] = {}
    waiting: list[str] = []
    for selector, (key, in_dns) in own.items():
        if key.section.state is KeyState.ACTIVE:
            continue  # it retires when its successor becomes active
        step = next_step(key, in_dns, settings, now, keys)
        if step is None:
            continue
        if step.due(now):
            edits |= taken(selector, step, own, now)
        elif key.section.state is not KeyState.REVOKED:  # a revoked key does not hold up a new one
            waiting.append(waits(key, step))
    idle = not edits and not under_way(type, keys, settings, now)
    return Transitions(edits, new_key=idle, waiting=() if edits else tuple(waiting))


def taken(
    selector: str, step: KeyStep, own: KeysInDns, now: datetime
) -> Iterator[tuple[str, SelectorEdit]]:
    """Yield the edits of a step that is due."""
    at = moment(now)
    yield selector, {"state": step.to, "since": at}
    if step.to is KeyState.ACTIVE:
        for other, (key, _) in own.items():
            if other != selector and key.section.state is KeyState.ACTIVE:
                yield other, _retirement(at)


def successors(edits: Mapping[str, SelectorEdit], keys: KeysInDns) -> dict[str, str]:
    """Return which key begins to sign for each that retires by these edits, by selector."""

    def by_state(state: KeyState) -> list[tuple[str, str]]:
        return [
            (selector, public.k)
            for selector, edit in edits.items()
            if edit.get("state") == state and (public := keys[selector][0].public) is not None
        ]

    begin = by_state(KeyState.ACTIVE)
    return {
        old: next(new for new, other in begin if other == type)
        for old, type in by_state(KeyState.RETIRING)
    }


def _retirement(at: str) -> SelectorEdit:
    return {"state": KeyState.RETIRING, "since": at, "signed_until": at}


def waits(key: Key, step: KeyStep) -> str:
    """Say which step of a key has to wait, and why."""
    what = _DONE[step.to]
    if step.at is None:
        return f"{key.name} cannot {what} yet: {step.why}"
    return f"{key.name} may {what} {later(step.at, step.why)}"


_DONE = {
    KeyState.ACTIVE: "begin to sign",
    KeyState.RETIRING: "retire",
    KeyState.REVOKED: "be revoked",
    KeyState.ABSENT: "be deleted",
    "successor": "get a successor",
}
