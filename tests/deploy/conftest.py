"""A zone that a server on loopback serves, and a provider without memory of other tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mailauth_dns.deploy import provider_pool
from mailauth_dns.serve.server import LoopbackServer
from tests.conftest import RepoFolder
from tests.deploy.provider import Remote
from tests.deploy.served_zone import POLICY, ZONE


@pytest.fixture
def served(repo: RepoFolder) -> Iterator[RepoFolder]:
    """A repo whose local zones are served, so that live DNS can be asked."""
    repo.local("example.com", ZONE)
    with LoopbackServer(repo.root / "served", "127.0.0.1", 0) as server:
        repo.write(
            "zones/policy/_defaults.yaml",
            f'providers: [local]\nnameservers: ["127.0.0.1:{server.port}"]\n',
        )
        repo.policy(POLICY, "example.com")
        yield repo


@pytest.fixture
def remote_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the remote provider forget other tests, and wait only briefly between tries."""
    Remote.forget()
    monkeypatch.setattr(provider_pool, "PAUSES", (0.01, 0.02))
