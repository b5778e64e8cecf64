"""A server on loopback: over files, and over a plan."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mailauth_dns.plan import plan_file
from mailauth_dns.policy.load import load_repo
from mailauth_dns.records.server_address import ServerAddress
from mailauth_dns.serve.planned_dns import Foreseen
from mailauth_dns.serve.server import LoopbackServer
from tests.conftest import RepoFolder
from tests.evaluate.messages import ed25519_key
from tests.live.authority import Authority
from tests.serve.asking import HEAD
from tests.serve.planning import OURS, SENDER, TESTS

ZONE = (
    HEAD
    + """
@ TXT "v=spf1 -all"
\\095dmarc TXT "v=DMARC1; p=none"
odd TXT "\\255\\000\\"" "b"
host1 A 192.0.2.1
* MX 10 host1
*.w TXT "wild"
*.wc CNAME host1
a.b.ent A 192.0.2.1
sub NS ns.sub
ns.sub A 192.0.2.9
alias CNAME host1
alias2 CNAME alias
out CNAME x.example.org.
dangling CNAME not.there.w.host1
loop1 CNAME loop2
loop2 CNAME loop1
moved DNAME target
x.target A 192.0.2.7
two A 192.0.2.2
two TXT "x"
"""
    + "big TXT "
    + " ".join(f'"{"x" * 250}"' for _ in range(8))
    + "\n"
)
DEEPER = HEAD + "@ TXT deeper\n"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoopbackServer]:
    folder = tmp_path_factory.mktemp("served")
    (folder / "example.com.zone").write_text(ZONE)
    (folder / "deeper.example.com.zone").write_text(DEEPER)
    with LoopbackServer(folder, "127.0.0.1", 0) as server:
        yield server


@pytest.fixture
def planned(repo: RepoFolder, no_resolvers: None) -> Iterator[RepoFolder]:
    """A plan for example.com, whose zone is a local file; sender.example is on another server."""
    with Authority([SENDER]) as elsewhere:
        repo.local("example.com", OURS)
        p = ed25519_key().record.rpartition("p=")[2]
        repo.policy(
            "domain: example.com\nproviders: [local]\n"
            "spf: {terms: ['ip4:192.0.2.10', 'include:_spf.sender.example'], all: fail}\n"
            f"dkim: {{selectors: {{e1: {{p: '{p}', k: ed25519}}, old: {{state: absent}}, "
            "s1: {cname: _spf.sender.example}}}\n"
            f"tests:\n{TESTS}",
            "example.com",
        )
        repo.policy(
            f"domain: sender.example\nnameservers: ['{elsewhere.text}']\ndmarc: {{p: none}}\n",
            "sender.example",
        )
        assert repo.run("plan", "--out", "plan.json").code == 0
        yield repo


@pytest.fixture
def server(planned: RepoFolder) -> Iterator[LoopbackServer]:
    plan = plan_file.read(planned.root / "plan.json")
    directory = planned.root / "served"
    source = Foreseen(
        directory, "local", plan, load_repo(planned.root).policies, ServerAddress("127.0.0.1", 0)
    )
    with LoopbackServer(source) as running:
        yield running
