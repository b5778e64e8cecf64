"""What a rotation may do now with the keys of one type, as a table."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mailauth_dns.keys.declared import Key
from mailauth_dns.keys.in_dns import KeyInDns
from mailauth_dns.keys.transitions import transitions
from tests.keys.declared_keys import (
    AT,
    EARLIER,
    ED25519,
    EVERYWHERE,
    FORGOTTEN,
    NOW,
    RSA,
    SETTINGS,
    key,
)

ROTATIONS: dict[str, tuple[list[tuple[Key, KeyInDns]], dict[str, dict[str, str]], bool, int]] = {
    # our keys, what is written, whether nothing is under way, how many wait
    "no key": ([], {}, True, 0),
    "an active key alone": ([(key("a"), EVERYWHERE)], {}, True, 0),
    "a revoked key keeps nobody from a new one": (
        [(key("a", state="revoked", since=NOW), KeyInDns("revoked"))],
        {},
        True,
        0,
    ),
    "too early": (
        [(key("a"), EVERYWHERE), (key("b", state="pending", seen=NOW), EVERYWHERE)],
        {},
        False,
        1,
    ),
    "one takes over": (
        [(key("a"), EVERYWHERE), (key("b", state="pending", seen=EARLIER), EVERYWHERE)],
        {
            "a": {"state": "retiring", "since": AT, "signed_until": AT},
            "b": {"state": "active", "since": AT},
        },
        False,
        0,
    ),
    "the first key of a type retires nobody": (
        [(key("b", state="pending", seen=EARLIER), EVERYWHERE)],
        {"b": {"state": "active", "since": AT}},
        False,
        0,
    ),
    "a sender's key stays": (
        [(key("a", p=RSA.p), EVERYWHERE), (key("b", state="pending", seen=EARLIER), EVERYWHERE)],
        {"b": {"state": "active", "since": AT}},
        False,
        0,
    ),
    "another type stays": (
        [
            (key("a", public=ED25519), EVERYWHERE),
            (key("b", state="pending", seen=EARLIER), EVERYWHERE),
        ],
        {"b": {"state": "active", "since": AT}},
        False,
        0,
    ),
    "a grace that is over": (
        [(key("a", state="retiring", signed_until=NOW - timedelta(days=7)), EVERYWHERE)],
        {"a": {"state": "revoked", "since": AT}},
        False,
        0,
    ),
    "a grace that is not over": (
        [(key("a", state="retiring", signed_until=NOW - timedelta(days=6)), EVERYWHERE)],
        {},
        False,
        1,
    ),
    "the end": (
        [(key("a", state="revoked", since=NOW - timedelta(days=30)), KeyInDns("revoked"))],
        {"a": {"state": "absent", "since": AT}},
        False,
        0,
    ),
}


@pytest.mark.parametrize("case", ROTATIONS)
def test_a_rotation_of_rsa_keys(case: str) -> None:
    keys, edits, idle, waiting = ROTATIONS[case]
    found = transitions("rsa", {each.selector: (each, seen) for each, seen in keys}, SETTINGS, NOW)
    assert found.edits == edits
    assert found.new_key is idle
    assert len(found.waiting) == waiting


def test_a_refusal_says_when_the_step_may_be_taken() -> None:
    found = transitions(
        "rsa", {"b": (key("b", state="pending", seen=NOW), EVERYWHERE)}, SETTINGS, NOW
    )
    assert found.waiting == (
        "b._domainkey.example.com may begin to sign from 2026-06-01T13:00:00Z: " + FORGOTTEN,
    )
