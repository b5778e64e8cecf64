"""A zone repo that `serve` answers for, with made-up senders whose zones it answers for too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mailauth_dns.live import observe, resolver
from mailauth_dns.records.server_address import ServerAddress
from mailauth_dns.serve.server import LoopbackServer
from tests.conftest import RepoFolder
from tests.keys.keyhost import ZONE
from tests.senders.mailers import with_mailers

KEY = '"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="'
VENDORS = f"""_spf.box IN TXT "v=spf1 ip4:192.0.2.20 -all"
_spf.cloud IN TXT "v=spf1 ip4:192.0.2.30 -all"
dkim2.letters IN TXT {KEY}
dkim3.letters IN TXT {KEY}
ns1.handed IN A 192.0.2.40
"""


@pytest.fixture
def served(repo: RepoFolder, monkeypatch: pytest.MonkeyPatch) -> Iterator[RepoFolder]:
    """The repo; the zones of example.com and of the made-up senders are in `served`."""
    with_mailers(repo)
    repo.local("example", ZONE.format(ttl=60) + VENDORS)
    repo.local("example.com", ZONE.format(ttl=60))
    with LoopbackServer(repo.root / "served", "127.0.0.1", 0) as server:
        where = (ServerAddress("127.0.0.1", server.port),)
        monkeypatch.setattr(observe, "system_resolvers", lambda: where)
        monkeypatch.setattr(resolver, "system_resolvers", lambda: where)
        repo.write(
            "zones/policy/_defaults.yaml",
            f'providers: [local]\nnameservers: ["127.0.0.1:{server.port}"]\n',
        )
        yield repo
