"""What the dkim commands work on: a zone repo that `serve` answers for, and a folder of keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mailauth_dns.serve.server import LoopbackServer
from tests.conftest import Ran, RepoFolder

ZONE = (
    "$TTL {ttl}\n"
    "@ IN SOA ns1.example.net. hostmaster.example.net. 1 7200 1800 1209600 {ttl}\n"
    "@ IN NS ns1.example.net.\n"
)
POLICY = """domain: example.com # ours
spf: {all: fail}
# keys
dkim:
  selectors:
    old: {key: old.pem}   # from before
"""


@dataclass
class Host:
    """A zone repo whose zone is served, and a folder of private keys."""

    repo: RepoFolder
    private_dir: Path

    def run(self, *arguments: str) -> Ran:
        return self.repo.run(*arguments)

    def keygen(self, *arguments: str) -> Ran:
        made = self.run(
            "dkim", "keygen", "example.com", "--private-dir", str(self.private_dir), *arguments
        )
        assert made.code == 0, made.said
        return made

    def publish(self) -> None:
        applied = [
            self.run("plan", "--out", str(self.repo.root / "plan.json")),
            # Nobody reports on mail of these tests.
            self.run("apply", str(self.repo.root / "plan.json"), "--allow", "DMARC032:example.com"),
        ]
        assert [each.code for each in applied] == [0, 0], applied[-1].said

    @property
    def path(self) -> Path:
        return self.repo.root / "zones/policy/policy.yaml"

    @property
    def policy(self) -> str:
        return self.path.read_text()

    def edit(self, before: str, after: str) -> None:
        assert before in self.policy
        self.path.write_text(self.policy.replace(before, after))


def served(repo: RepoFolder, private_dir: Path, ttl: int) -> Iterator[Host]:
    repo.local("example.com", ZONE.format(ttl=ttl))
    host = Host(repo, private_dir)
    repo.policy("domain: example.com # ours\nspf: {all: fail}\n")
    host.keygen("--selector", "old")
    repo.policy(POLICY)
    with LoopbackServer(repo.root / "served", "127.0.0.1", 0) as server:
        repo.write(
            "zones/policy/_defaults.yaml",
            f'providers: [local]\nnameservers: ["127.0.0.1:{server.port}"]\nttl: {ttl}\n',
        )
        host.publish()
        yield host
