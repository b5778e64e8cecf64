"""When the policy gets or loses `seen:`."""

from __future__ import annotations

from typing import Any

import pytest

from mailauth_dns.keys import first_seen
from mailauth_dns.keys.in_dns import KeyInDns
from tests.keys.declared_keys import (
    AT,
    HOUR,
    NOW,
    RSA,
    key,
)

SIGHTINGS = [
    ({"state": "pending"}, "served", {"seen": AT}),
    ({}, "served", {"seen": AT}),
    ({"seen": NOW}, "served", None),
    ({"state": "pending"}, "partly", None),
    ({"state": "pending"}, "unknown", None),
    ({"state": "retiring"}, "served", None),
    # A server lost it: caches may hold its absence again.
    ({"state": "pending", "seen": NOW}, "partly", {"seen": None}),
    ({"state": "pending", "seen": NOW}, "missing", {"seen": None}),
    ({"state": "pending", "seen": NOW}, "unknown", None),
    ({"seen": NOW}, "partly", None),
    ({"p": RSA.p}, "served", None),
]


@pytest.mark.parametrize(("section", "state", "written"), SIGHTINGS)
def test_the_first_sighting_at_every_server_is_written_down(
    section: dict[str, Any], state: Any, written: dict[str, str] | None
) -> None:
    assert first_seen.edit(key(**section), KeyInDns(state, wait=HOUR), NOW) == written
