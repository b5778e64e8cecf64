"""A provider of the table, with a zone that others use too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mailauth_dns.deploy import provider_pool
from tests.conftest import RepoFolder
from tests.providers import contract
from tests.providers.contract import SECRET, ZONE
from tests.providers.world import FOREIGN, POLICY, World


@pytest.fixture
def world(
    request: pytest.FixtureRequest, repo: RepoFolder, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    api = contract.kind(request.param)()
    monkeypatch.setenv("STUB_TOKEN", SECRET)
    monkeypatch.setattr(provider_pool, "PAUSES", (0.01, 0.02))
    api.reach(monkeypatch)
    repo.provider(api.id, api.stanza())
    for label, type, ttl, value in FOREIGN:
        api.put(f"{label}.{ZONE}".removeprefix("."), type, ttl, value, comment="of others")
    made = World(repo, api)
    made.policy(POLICY)
    yield made
    api.close()
