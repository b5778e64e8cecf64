"""`verify` tells nobody to delete a record that a policy wants where it stands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mailauth_dns.serve.server import LoopbackServer
from tests.conftest import RepoFolder
from tests.senders.mailers import with_mailers

HEAD = """$TTL 60
@ IN SOA ns1.example.net. hostmaster.example.net. 1 7200 1800 1209600 60
@ IN NS ns1.example.net.
"""
SPF = 'IN TXT "v=spf1 include:_spf.cloud.example ~all"\n'
SAME_SPF = """domain: example.com
spf: {terms: ["include:_spf.cloud.example"], all: softfail}
senders: {cloud: {region: eu-1, mail_from: bounce, tokens: [aaa, bbb, ccc]}}
"""
SAME_ALIAS = """domains: [example.com, shop.example.com]
zone: example.com
senders: {bulk: {return_path: em1, target: u1.bulk.example}}
"""
# a policy, what is in DNS, and the record that is missing: its value stands rightly elsewhere
CASES = [
    (
        SAME_SPF,
        f"@ {SPF}bounce IN MX 10 feedback.eu-1.cloud.example.\n",
        ("bounce.example.com", "TXT"),
    ),
    (
        SAME_ALIAS,
        "em1 IN CNAME u1.bulk.example.\n",
        ("em1.shop.example.com", "CNAME"),
    ),
]


def mistakes(repo: RepoFolder, served: str, record: tuple[str, str]) -> list[str]:
    """Return what `verify` says of a record that is missing."""
    repo.local("example.com", HEAD + served)
    said = json.loads(repo.run("verify", "--format", "json").out)
    [row] = [row for row in said["zones"]["example.com"] if (row["name"], row["type"]) == record]
    assert row["state"] == "differs"
    return [each["id"] for each in row["mistakes"]]


@pytest.mark.parametrize(("policy", "served", "record"), CASES)
def test_a_declared_record_is_in_its_place(
    repo: RepoFolder, policy: str, served: str, record: tuple[str, str]
) -> None:
    repo.local("example.com", HEAD)
    with LoopbackServer(Path(repo.root / "served"), "127.0.0.1", 0) as server:
        nameservers = f'nameservers: ["127.0.0.1:{server.port}"]\n'
        with_mailers(repo).policy(policy + nameservers)
        assert mistakes(repo, served, record) == []


def test_one_that_no_policy_declares_there_is_misplaced(repo: RepoFolder) -> None:
    _, served, record = CASES[1]
    policy = SAME_ALIAS.replace("[example.com, ", "[")
    repo.local("example.com", HEAD)
    with LoopbackServer(Path(repo.root / "served"), "127.0.0.1", 0) as server:
        nameservers = f'nameservers: ["127.0.0.1:{server.port}"]\n'
        with_mailers(repo).policy(policy + nameservers)
        assert mistakes(repo, served, record) == ["subdomain missing"]
