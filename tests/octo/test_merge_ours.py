"""octodns-sync for users whose own YAML is the whole zone: our sets are merged into theirs."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.conftest import RepoFolder
from tests.octo.test_sync import sync

CONFIG = """\
manager: {{max_workers: 1}}
providers:
  own:
    class: octodns.provider.yaml.YamlProvider
    directory: {root}/own
    escaped_semicolons: true
  target: {{class: mailauth_dns.octo.LocalProvider, directory: {root}/served}}
processors:
  merge-ours: {{class: mailauth_dns.octo.MergeOurs, compiled: {root}/zones/compiled}}
zones:
  example.com.:
    sources: [own]
    processors: [merge-ours]
    targets: [target]
"""
SOA = "$TTL 3600\n@ IN SOA ns1.example.net. hostmaster.example.net. 1 7200 1800 1209600 300\n"
ZONE = f"""{SOA}@ IN NS ns1.example.net.
@ 300 IN TXT "v=spf1 a ~all"
@ 300 IN TXT "old-token=1"
_dmarc 900 IN TXT "v=DMARC1; p=none"
old IN A 192.0.2.9
"""
POLICY = """\
domain: example.com
spf: {terms: [mx], all: fail, ttl: 7200}
dmarc: {p: quarantine}
dkim: {selectors: {s1: {cname: s1.keys.example.net}}}
"""
NS = "- {type: NS, values: [ns1.example.net.]}"
WWW = "www:\n  type: A\n  value: 192.0.2.1\n"
TOKENS = ["MS=ms1", "a\\; b", 'say "x"', "v=spf2.0/pra ?all"]
WITH_APEX = f"'':\n  {NS}\n  - {{ttl: 600, type: TXT, values: {json.dumps(TOKENS)}}}\n" + WWW
WITHOUT_APEX = f"'':\n  {NS}\n{WWW}"


def run(
    repo: RepoFolder, own: str, policy: str = POLICY, expected: int = 0
) -> subprocess.CompletedProcess[str]:
    repo.policy(policy)
    assert repo.run("compile").code == 0
    repo.write("own/example.com.yaml", own)
    repo.write("octodns.yaml", CONFIG.format(root=repo.root))
    done = sync(repo.root, "--doit", "--force")
    assert done.returncode == expected, done.stderr[-3000:]
    return done


def held(root: Path) -> str:
    return "\n".join(
        line
        for line in (root / "served/example.com.zone").read_text().splitlines()
        if " SOA " not in line
    )


@pytest.fixture
def served(repo: RepoFolder) -> RepoFolder:
    repo.local("example.com", ZONE)
    return repo


@pytest.mark.parametrize(
    "own", [WITH_APEX, WITHOUT_APEX], ids=["with a TXT set of their own", "without"]
)
def test_ours_and_theirs_share_the_zone(served: RepoFolder, own: str) -> None:
    run(served, own)
    text = held(served.root)
    assert '"v=spf1 mx -all"' in text
    assert '"v=DMARC1; p=quarantine"' in text
    assert "s1.keys.example.net." in text
    assert "192.0.2.1" in text
    assert not any(gone in text for gone in ("v=spf1 a ~all", "old-token", "192.0.2.9"))
    theirs = ['"MS=ms1"', '"a; b"', '"say \\"x\\""', '"v=spf2.0/pra ?all"']
    assert [value in text for value in theirs] == [own is WITH_APEX] * 4
    [spf] = [line for line in text.splitlines() if "v=spf1" in line]
    assert ("600" in spf.split(), "7200" in spf.split()) == (own is WITH_APEX, own is WITHOUT_APEX)
    [dmarc] = [line for line in text.splitlines() if "v=DMARC1" in line]
    assert "900" in dmarc.split()  # the policy names no TTL
    again = run(served, own)
    assert "No changes were planned" in again.stderr
    assert held(served.root) == text
    run(
        served,
        own,
        policy="domain: example.com\nspf: absent\ndmarc: {p: none}\n"
        "dkim: {selectors: {s1: {state: absent}}}\n",
    )
    after = held(served.root)
    assert not any(gone in after for gone in ("v=spf1", "s1.keys.example.net"))
    assert [value in after for value in theirs] == [own is WITH_APEX] * 4


APEX = f"'':\n  {NS}\n  - "
REFUSED = {
    "an SPF record of their own": (
        APEX + "{type: TXT, values: ['v=spf1 a -all', token]}\n",
        POLICY,
        "example.com TXT: your own source has a value for spf already",
    ),
    "declared absent, and theirs": (
        APEX + "{type: TXT, value: 'v=spf1 a -all'}\n",
        "domain: example.com\nspf: absent\n",
        "the policy declares spf absent",
    ),
    "an alias in the way": (
        "_dmarc: {type: CNAME, value: d.example.net.}\n",
        POLICY,
        "_dmarc.example.com TXT: your own source has CNAME there",
    ),
    "text where ours is an alias": (
        "s1._domainkey: {type: TXT, value: x}\n",
        POLICY,
        "s1._domainkey.example.com CNAME: your own source has TXT there",
    ),
    "a set of theirs for some targets only": (
        APEX + "{octodns: {excluded: [target]}, type: TXT, value: token}\n",
        POLICY,
        "example.com TXT: your own set is only for some targets (excluded), "
        "and the policy's for all; take excluded out there",
    ),
    "another alias": (
        "s1._domainkey: {type: CNAME, value: d.example.net.}\n",
        POLICY,
        "CNAME: your own source has this set already",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_contradiction_is_refused(served: RepoFolder, case: str) -> None:
    own, policy, said = REFUSED[case]
    done = run(served, own, policy, expected=1)
    assert said in done.stderr
    assert (served.root / "served/example.com.zone").read_text() == ZONE


def test_a_zone_that_was_not_compiled_is_refused(served: RepoFolder) -> None:
    run(served, WITHOUT_APEX)
    (served.root / "zones/compiled/example.com.yaml").unlink()
    before = held(served.root)
    done = sync(served.root, "--doit", "--force")
    assert done.returncode != 0
    assert "there is no such file; run `mailauth-dns compile`" in done.stderr
    assert held(served.root) == before
