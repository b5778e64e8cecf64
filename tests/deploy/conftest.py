"""A zone that a server on loopback serves, and a provider without memory of other tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mailauth_dns.deploy import provider_pool
from mailauth_dns.serve.server import LoopbackServer
from tests.conftest import RepoFolder
from tests.deploy import branch_repo
from tests.deploy.git_repo import commit, git
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


@pytest.fixture
def team(served: RepoFolder, remote_anew: None) -> RepoFolder:
    """A repo with three zones that are served, and far.example at a provider that can be down."""
    for zone in ("good.example", "shop.example"):
        served.write(f"served/{zone}.zone", ZONE)
        served.policy(f"domain: {zone}\nspf: {{terms: [mx], all: fail}}\n", zone)
    served.write("remote/far.example.yaml", '? ""\n: - {type: TXT, value: token=kept}\n')
    served.policy("domain: far.example\nproviders: [far]\nspf: {terms: [mx], all: fail}\n", "far")
    served.provider(
        "far",
        {
            "class": "tests.deploy.provider.Remote",
            "directory": served.root / "remote",
            "fault": f"down {served.root / 'down'}",
        },
    )
    return served


@pytest.fixture
def branch(repo: RepoFolder) -> RepoFolder:
    """A repo on a branch that `main` was left for, with a zone file for each of its zones."""
    for name, text in branch_repo.POLICIES.items():
        repo.policy(text, name)
    repo.write("zones/parked.txt", "one.example\ntwo.example\n")
    repo.write("zones/keys/keys.example/s1.pem", branch_repo.pem(1))
    repo.provider("other", {"class": "mailauth_dns.octo.LocalProvider", "directory": "served"})
    for zone in (*branch_repo.ZONES, "new.example", "three.example"):
        repo.local(zone, branch_repo.ZONE)
    git(repo.root, "init", "-qb", "main")
    commit(repo.root, "as it was")
    git(repo.root, "checkout", "-qb", "branch")
    return repo
