"""The article's domain, published, for the tests of exports."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mailauth_dns.serve.server import LoopbackServer
from tests.compile.test_article import DKIM, PEM, POLICY
from tests.conftest import RepoFolder


@pytest.fixture
def article(repo: RepoFolder) -> Iterator[RepoFolder]:
    """The article's domain, published and seen long ago."""
    repo.write("zones/keys/example.com/default.pem", PEM)
    repo.policy(POLICY.replace("default.pem}", "default.pem, seen: 2026-01-01}"))
    repo.local(
        "example.com",
        "$TTL 60\n@ IN SOA ns1.example.net. hostmaster.example.net. 1 7200 1800 1209600 60\n@ IN NS ns1.example.net.\n"
        f'default._domainkey IN TXT "{DKIM[:255]}" "{DKIM[255:]}"\n',
    )
    with LoopbackServer(repo.root / "served", "127.0.0.1", 0) as server:
        repo.write(
            "zones/policy/_defaults.yaml",
            f'providers: [local]\nnameservers: ["127.0.0.1:{server.port}"]\n',
        )
        yield repo
