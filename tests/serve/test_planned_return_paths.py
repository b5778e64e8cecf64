"""`serve --plan` and return paths: what a sender leaves is taken away, and others stay."""

from __future__ import annotations

from mailauth_dns.plan import plan_file
from mailauth_dns.policy.load import load_repo
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.server_address import ServerAddress
from mailauth_dns.serve.planned_dns import Foreseen
from tests.conftest import RepoFolder
from tests.senders.mailers import with_mailers
from tests.serve.planning import HEAD

THERE = """\
bounce IN MX 10 feedback.eu-1.cloud.example.
bounce IN MX 20 mx.other.example.
bounce IN TXT "v=spf1 include:_spf.cloud.example ~all"
bounce IN TXT "MS=ms1"
em1 IN CNAME u1.other.example.
"""
GONE = """\
domain: example.com
providers: [local]
senders:
  cloud: {region: eu-1, mail_from: bounce, tokens: [aaa, bbb, ccc], retired: 2020-01-01}
  bulk: {return_path: em1, target: u1.bulk.example, retired: 2020-01-01}
"""


def test_what_others_have_at_a_return_path_is_served(repo: RepoFolder) -> None:
    repo.local("example.com", HEAD + THERE)
    with_mailers(repo).policy(GONE)
    planned = repo.run("plan", "--no-live", "--out", "plan.json")
    assert planned.code == 1  # both sets stay: mail of the other exchanger may rest on them
    assert "bounce.example.com TXT  blocked" in planned.out
    plan = plan_file.read(repo.root / "plan.json")
    policies = load_repo(repo.root).policies
    nowhere = ServerAddress("127.0.0.1", 1)
    foreseen = Foreseen(repo.root / "served", "local", plan, policies, nowhere)
    found = {}
    for name, type in (("bounce", "MX"), ("bounce", "TXT"), ("em1", "CNAME")):
        answer = foreseen.answer(DomainName(f"{name}.example.com"), type)
        assert answer is not None
        found[name, type] = {value for rrset in answer.answer for value in rrset.values}
    assert found == {
        ("bounce", "MX"): {"10 feedback.eu-1.cloud.example.", "20 mx.other.example."},
        ("bounce", "TXT"): {"MS=ms1", "v=spf1 include:_spf.cloud.example ~all"},
        ("em1", "CNAME"): {"u1.other.example."},
    }
