"""Until when a key is needed: the last signature and the grace, which policies may inherit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.policy.load import load_repo
from tests.conftest import RepoFolder

SIGNED = datetime(2026, 5, 31, 12, tzinfo=UTC)
GRACES = [
    ("", timedelta(days=7)),
    ("dkim: {rotation: {grace: 36h}}\n", timedelta(hours=36)),
    (
        "dkim: {rotation: {grace: 90s, revoked_for: 1d}, selector_template: 'mx{date}'}\n",
        timedelta(seconds=90),
    ),
]


@pytest.mark.parametrize(("defaults", "grace"), GRACES)
def test_a_key_is_needed_for_the_grace_after_its_last_signature(
    repo: RepoFolder, defaults: str, grace: timedelta
) -> None:
    repo.write("zones/policy/_defaults.yaml", "ttl: 60\n" + defaults)
    repo.policy(
        "domain: example.com\ndkim: {selectors: {s1: {state: revoked, signed_until: "
        "2026-05-31T12:00:00Z}, s2: {state: absent}}}\n"
    )
    [publication] = compile_repo(load_repo(repo.root))
    needed = {entry.key[0].split(".")[0]: entry.needed_until for entry in publication.declared}
    assert needed == {"s1": SIGNED + grace, "s2": None}
