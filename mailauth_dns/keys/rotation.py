"""`dkim rotate`: the next steps of a domain's keys, type by type, written into its policy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mailauth_dns.errors import MailAuthError
from mailauth_dns.keys import first_seen, policy_edit
from mailauth_dns.keys.declared import Key
from mailauth_dns.keys.in_dns import KeyInDns
from mailauth_dns.keys.keygen import KeySpec, NewKey, keygen
from mailauth_dns.keys.next_step import KeysInDns, of_type
from mailauth_dns.keys.policy_edit import SelectorEdit, Written, spelling
from mailauth_dns.keys.private_files import KeyDestination
from mailauth_dns.keys.status import KeyStatus, look
from mailauth_dns.keys.transitions import Transitions, successors, transitions
from mailauth_dns.policy.repo import Policy, Repo
from mailauth_dns.policy.sections.dkim import DkimSection, KeyState, SelectorSection
from mailauth_dns.records.dkim import KeyType


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation wrote and made, what has to wait, and what stopped it before its end."""

    written: tuple[Written, ...]
    made: tuple[NewKey, ...]
    waiting: tuple[str, ...]
    problem: str | None = None


def rotate(
    repo: Repo,
    policy: Policy,
    types: Sequence[KeyType],
    bits: int,
    destination: KeyDestination,
    now: datetime,
) -> Rotated:
    """Write the next step of the domain's keys into its policy.

    `types` limits it to these; none means every type of which the policy has a key, RSA where it
    has no key yet. It makes new keys in `destination` when nothing is under way. Where you name
    types, it also makes the key of a type that an earlier run did not get to.

    Raises:
        MailAuthError: nothing was written: the policy is shared or parked, or cannot be written;
            or the first new key cannot be made.
    """
    policy_edit.check_editable(repo, policy)
    changes, keys = with_sightings(policy, look([policy], now), now)
    settings = (policy.body.dkim or DkimSection()).rotation
    found = {type: transitions(type, keys, settings, now) for type in types or _types(keys)}
    _add_edits(changes, found.values())
    new = _new_keys(found, keys, named=bool(types))
    if new:
        destination.folder(repo.root)  # refuses before anything is written
    written = write_steps(repo, policy, changes, keys)
    made: list[NewKey] = []
    problem = None
    try:
        for type in new:
            made.append(keygen(repo, policy, KeySpec(type, bits), destination, now))
    except MailAuthError as error:
        if not written and not made:
            raise
        problem = f"{error}\n{_unfinished(policy, new[len(made) :])}"
    waiting = [text for each in found.values() for text in each.waiting]
    return Rotated(written, tuple(made), tuple(waiting), problem)


def _add_edits(changes: dict[str, dict[str, str | None]], steps: Iterable[Transitions]) -> None:
    for step in steps:
        for selector, edit in step.edits.items():
            changes.setdefault(selector, {}).update(edit)


def write_steps(
    repo: Repo, policy: Policy, changes: Mapping[str, SelectorEdit], keys: KeysInDns
) -> tuple[Written, ...]:
    """Write edits of selectors, and name the keys that begin to sign in the policy's tests.

    Raises:
        MailAuthError: it cannot be written, or has changed since DNS was asked.
    """
    # An inherited selector keeps its name here, and the edit refuses it.
    spelled = {selector: spelling(policy, selector) or selector for selector in changes}
    named = {old: spelled[new] for old, new in successors(changes, keys).items()}
    edits = {spelled[selector]: edit for selector, edit in changes.items()}
    return policy_edit.write(repo.root, policy, edits, named)


def with_sightings(
    policy: Policy, statuses: Iterable[KeyStatus], now: datetime
) -> tuple[dict[str, dict[str, str | None]], KeysInDns]:
    """Return the edits of `seen` in the policy's own file, and the keys as they are with them."""
    changes: dict[str, dict[str, str | None]] = {}
    keys: dict[str, tuple[Key, KeyInDns]] = {}
    for status in statuses:
        key = status.key
        if (
            spelling(policy, key.selector) is not None
            and (edit := first_seen.edit(key, status.in_dns, now)) is not None
        ):
            changes[key.selector] = dict(edit)
            key = first_seen.applied(key, edit)
        keys[key.selector] = (key, status.in_dns)
    return changes, keys


def _new_keys(
    found: Mapping[KeyType, Transitions], keys: KeysInDns, *, named: bool
) -> list[KeyType]:
    """Return the types of which to make a key; `named` is whether the user named types."""
    idle = [type for type, each in found.items() if each.new_key]
    if len(idle) == len(found):
        return idle
    # To ask again whether one type may go on must not begin a rotation of the other.
    return _left_out(idle, found, keys) if named else []


def _left_out(idle: Sequence[KeyType], types: Iterable[KeyType], keys: KeysInDns) -> list[KeyType]:
    """Return which of the idle types an earlier run did not get to.

    That run made the keys of the other types, and the keys of these are older.
    """

    def sections(type: KeyType) -> list[SelectorSection]:
        return [key.section for key, _ in of_type(type, keys).values()]

    others = [section for type in types if type not in idle for section in sections(type)]
    begun = [
        section.since
        for section in others
        if section.state is KeyState.PENDING and section.since is not None
    ]
    if not begun or any(section.state is KeyState.RETIRING for section in others):
        return []
    return [
        type
        for type in idle
        if all(section.since is None or section.since <= min(begun) for section in sections(type))
    ]


def _types(keys: KeysInDns) -> list[KeyType]:
    return [type for type in KeyType if of_type(type, keys)] or [KeyType.RSA]


def _unfinished(policy: Policy, types: Sequence[KeyType]) -> str:
    missing = " ".join(f"--type {each}" for each in types)
    return (
        f"what stands above is done; `mailauth-dns dkim rotate {policy.domain} {missing}` "
        "makes what is missing"
    )
