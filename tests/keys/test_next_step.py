"""The next step of a key and when it may be taken, as a table."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mailauth_dns.keys.declared import Key
from mailauth_dns.keys.in_dns import KeyInDns
from mailauth_dns.keys.next_step import KeyStep, next_step, usable_from
from mailauth_dns.keys.transitions import transitions
from mailauth_dns.policy.sections.dkim import KeyState
from tests.keys.declared_keys import (
    ED25519,
    EVERYWHERE,
    FORGOTTEN,
    HOUR,
    LATER,
    NOW,
    RSA,
    SETTINGS,
    key,
)

STEPS: dict[str, tuple[Key, KeyInDns, KeyStep | None]] = {
    "pending, not published": (
        key(state="pending"),
        KeyInDns("missing", wait=HOUR),
        KeyStep(
            KeyState.ACTIVE,
            None,
            "DNS has no such record; every server must serve it first: plan and apply",
        ),
    ),
    "pending, one server lags": (
        key(state="pending", seen=NOW),
        KeyInDns("partly", "a: served, b: missing", HOUR),
        KeyStep(
            KeyState.ACTIVE,
            None,
            "the servers differ (a: served, b: missing); every server must serve it first: plan and apply",
        ),
    ),
    "pending, unknown": (
        key(state="pending", seen=NOW - 9 * HOUR),
        KeyInDns("unknown", "b: timed out"),
        KeyStep(
            KeyState.ACTIVE,
            None,
            "DNS is unknown (b: timed out); every server must serve it first: plan and apply",
        ),
    ),
    "pending, never seen": (
        key(state="pending"),
        EVERYWHERE,
        KeyStep(KeyState.ACTIVE, None, "no `seen:` in the policy yet; `dkim status` writes it"),
    ),
    "pending, seen": (
        key(state="pending", seen=NOW),
        EVERYWHERE,
        KeyStep(KeyState.ACTIVE, NOW + HOUR, FORGOTTEN),
    ),
    "active": (key(), EVERYWHERE, KeyStep("successor", NOW)),
    "active, a sender's": (key(p=RSA.p), EVERYWHERE, None),
    "active, delegated": (key(cname="s1.example.net", public=None), EVERYWHERE, None),
    "retiring": (
        key(state="retiring", signed_until=NOW),
        EVERYWHERE,
        KeyStep(KeyState.REVOKED, NOW + timedelta(days=7)),
    ),
    "retiring since nobody knows": (
        key(state="retiring"),
        EVERYWHERE,
        KeyStep(KeyState.REVOKED, None, "write signed_until: when did it sign last?"),
    ),
    "revoked": (
        key(state="revoked", since=NOW),
        KeyInDns("revoked"),
        KeyStep(KeyState.ABSENT, NOW + timedelta(days=30)),
    ),
    "revoked, already gone": (
        key(state="revoked", since=NOW),
        KeyInDns("missing"),
        KeyStep(KeyState.ABSENT, NOW + timedelta(days=30)),
    ),
    "revoked, not published": (
        key(state="revoked", since=NOW),
        KeyInDns("other"),
        KeyStep(
            KeyState.ABSENT,
            None,
            "DNS has another record; the revocation must be published first: plan and apply",
        ),
    ),
    "absent": (key(state="absent"), KeyInDns("missing"), None),
}


@pytest.mark.parametrize("case", STEPS)
def test_the_next_step_and_when_it_may_be_taken(case: str) -> None:
    given, seen, step = STEPS[case]
    assert next_step(given, seen, SETTINGS, NOW, {given.selector: (given, seen)}) == step


GRACE = timedelta(days=7)
# What is beside an active RSA key, and what comes next for it: what `status` says, and `rotate`
# does.
BESIDE: dict[str, tuple[list[Key], KeyStep]] = {
    "a pending key": (
        [key("new", state="pending")],
        KeyStep(KeyState.RETIRING, None, "when new begins to sign"),
    ),
    "a pending key beside a retiring one": (
        [key("older", state="retiring", signed_until=NOW), key("new", state="pending")],
        KeyStep(KeyState.RETIRING, None, "when new begins to sign"),
    ),
    "a pending key of another type": (
        [key("new", ED25519, state="pending")],
        KeyStep("successor", NOW),
    ),
    "a sender's pending key": ([key("new", p=RSA.p, state="pending")], KeyStep("successor", NOW)),
    "a retiring key": (
        [key("older", state="retiring", signed_until=NOW)],
        KeyStep("successor", NOW + GRACE, "older is revoked first"),
    ),
    "a retiring key whose grace is over": (
        [key("older", state="retiring", signed_until=NOW - GRACE)],
        KeyStep("successor", None, "older is revoked first (dkim rotate)"),
    ),
    "a retiring key since nobody knows": (
        [key("older", state="retiring")],
        KeyStep(
            "successor", None, "older is revoked first: write signed_until: when did it sign last?"
        ),
    ),
    "a retiring key of another type": (
        [key("older", ED25519, state="retiring", signed_until=NOW)],
        KeyStep("successor", NOW),
    ),
    "a revoked key": ([key("older", state="revoked", since=NOW)], KeyStep("successor", NOW)),
}


@pytest.mark.parametrize("case", BESIDE)
def test_status_and_rotate_agree_on_when_an_active_key_gets_a_successor(case: str) -> None:
    others, step = BESIDE[case]
    pairs = {each.selector: (each, EVERYWHERE) for each in [key("old"), *others]}
    assert next_step(*pairs["old"], SETTINGS, NOW, pairs) == step
    assert transitions("rsa", pairs, SETTINGS, NOW).new_key is (
        step.to == "successor" and step.due(NOW)
    )


def test_a_key_is_usable_when_it_was_seen_long_enough_and_is_still_served() -> None:
    assert usable_from(key(seen=NOW), EVERYWHERE) == LATER
    assert usable_from(key(), EVERYWHERE) is None
    assert usable_from(key(seen=NOW), KeyInDns("partly", wait=HOUR)) is None
