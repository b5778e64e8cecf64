"""An ordinary octoDNS repo, and our policies beside it: nothing else moves."""

from __future__ import annotations

from tests.conftest import RepoFolder
from tests.octo.test_sync import sync

SERVED = """\
$TTL 3600
@ IN SOA ns1.example.net. hostmaster.example.net. 1 7200 1800 1209600 300
@ IN NS ns1.example.net.
@ IN A 192.0.2.80
@ IN CAA 0 issue "ca.example"
@ IN MX 10 mx.example.com.
@ IN TXT "MS=ms123"
@ IN TXT "site-verification=abc"
@ IN TXT "v=spf1 mx ~all"
_dmarc IN TXT "v=DMARC1; p=none"
_sip._tcp IN SRV 10 20 5060 sip.example.com.
mx IN A 192.0.2.10
www IN CNAME example.com.
"""
YAML = """\
---
? ''
: - {type: A, value: 192.0.2.80}
  - type: CAA
    value: {flags: 0, tag: issue, value: ca.example}
  - type: MX
    value: {exchange: mx.example.com., preference: 10}
  - {type: NS, value: ns1.example.net.}
  - type: TXT
    values: [MS=ms123, site-verification=abc, v=spf1 mx ~all]
_dmarc: {type: TXT, value: v=DMARC1\\; p=none}
_sip._tcp:
  type: SRV
  value: {port: 5060, priority: 10, target: sip.example.com., weight: 20}
mx: {type: A, value: 192.0.2.10}
www: {type: CNAME, value: example.com.}
"""
CONFIG = """\
manager: {{max_workers: 1}}
providers:
  config: {{class: octodns.provider.yaml.YamlProvider, directory: {root}/config}}
  target: {{class: mailauth_dns.octo.LocalProvider, directory: {root}/served}}
zones:
  example.com.: {{sources: [config], processors: [{processors}], targets: [target]}}
"""
JOINED = """\
processors:
  merge-ours: {{class: mailauth_dns.octo.MergeOurs, compiled: {root}/zones/compiled}}
"""
OURS = ("v=spf1", "v=DMARC1")


def others(repo: RepoFolder) -> list[str]:
    text = (repo.root / "served/example.com.zone").read_text()
    return sorted(
        line
        for line in text.splitlines()
        if " SOA " not in line and not any(o in line for o in OURS)
    )


def test_a_repo_joins_and_nothing_else_moves(repo: RepoFolder) -> None:
    repo.local("example.com", SERVED)
    repo.write("config/example.com.yaml", YAML)
    repo.write("octodns.yaml", CONFIG.format(root=repo.root, processors=""))
    assert "No changes" in sync(repo.root).stderr  # so it was before us
    before = others(repo)

    ran = repo.run("import", "example.com", "--from-zone", "config/example.com.yaml", "--write")
    assert (ran.code, ran.told) == (0, "")
    assert repo.run("compile").code == 0
    own = YAML.replace(", v=spf1 mx ~all", "").replace(
        "_dmarc: {type: TXT, value: v=DMARC1\\; p=none}\n", ""
    )
    repo.write("config/example.com.yaml", own)
    repo.write("octodns.yaml", (JOINED + CONFIG).format(root=repo.root, processors="merge-ours"))
    joined = sync(repo.root)
    assert joined.returncode == 0, joined.stderr
    assert "No changes" in joined.stderr

    policy = repo.root / "zones/policy/example.com.yaml"
    policy.write_text(policy.read_text().replace("softfail", "fail"))
    assert repo.run("compile").code == 0
    done = sync(repo.root, "--doit", "--force")
    assert done.returncode == 0, done.stderr
    assert others(repo) == before
    text = (repo.root / "served/example.com.zone").read_text()
    assert '"v=spf1 mx -all"' in text
    assert "v=spf1 mx ~all" not in text
    assert "No changes" in sync(repo.root).stderr
