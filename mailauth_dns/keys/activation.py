"""`dkim activate`: pending keys begin to sign once every cache can have them, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mailauth_dns.errors import MailAuthError
from mailauth_dns.keys import policy_edit
from mailauth_dns.keys.next_step import KeysInDns, next_step, of_type
from mailauth_dns.keys.policy_edit import Written
from mailauth_dns.keys.rotation import with_sightings, write_steps
from mailauth_dns.keys.status import look
from mailauth_dns.keys.transitions import taken, waits
from mailauth_dns.policy.repo import Policy, Repo
from mailauth_dns.policy.sections.dkim import DkimSection, KeyState


@dataclass(frozen=True, slots=True)
class Waiting:
    """A pending key that may not sign yet, and why.

    `at` is when it may, None while every server has to serve it first.
    """

    text: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Activation:
    """What an activation wrote, the selectors that are active now, and the keys that wait."""

    written: tuple[Written, ...]
    active: tuple[str, ...]
    waiting: tuple[Waiting, ...]


def activate(repo: Repo, policy: Policy, now: datetime) -> Activation:
    """Make pending keys active where that is due; the active keys of their type then retire.

    Unlike a rotation it makes no key, so that it can be run again.

    Raises:
        MailAuthError: the policy is shared or parked, has no key of ours that is pending or active,
            or cannot be written.
    """
    policy_edit.check_editable(repo, policy)
    changes, keys = with_sightings(policy, look([policy], now), now)
    due, waiting = _due(policy, keys, now)
    for selector, edit in due.items():
        changes.setdefault(selector, {}).update(edit)
    states = {
        selector: due.get(selector, {}).get("state") or key.section.state
        for selector, (key, _) in keys.items()
        if key.ours
    }
    active = tuple(selector for selector, state in states.items() if state == KeyState.ACTIVE)
    if not active and not waiting:
        raise MailAuthError(
            f"{policy.path}: has no key of ours that could sign; "
            f"make one: mailauth-dns dkim keygen {policy.domain}"
        )
    return Activation(write_steps(repo, policy, changes, keys), active, waiting)


def _due(
    policy: Policy, keys: KeysInDns, now: datetime
) -> tuple[dict[str, policy_edit.SelectorEdit], tuple[Waiting, ...]]:
    """Return the edits that are due, by selector, and the keys that have to wait."""
    settings = (policy.body.dkim or DkimSection()).rotation
    edits: dict[str, policy_edit.SelectorEdit] = {}
    waiting: list[Waiting] = []
    for selector, (key, in_dns) in keys.items():
        if not key.is_pending or key.public is None:
            continue
        step = next_step(key, in_dns, settings, now, keys)
        if step is None:
            continue
        if step.due(now):
            edits |= taken(selector, step, of_type(key.public.k, keys), now)
        else:
            waiting.append(Waiting(waits(key, step), step.at))
    return edits, tuple(waiting)
