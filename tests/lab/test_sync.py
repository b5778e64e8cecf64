"""octodns-sync itself on real servers, with the providers' classes and our HandsOff processor."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.conftest import RepoFolder
from tests.lab.name_server import NameServer
from tests.lab.powerdns import PowerDns
from tests.lab.zones import DKIM, DMARC, FULL, HEAD, LONG_TOKEN, POLICY, SPF

Serving = Callable[..., NameServer]

CONFIG = """\
providers:
  policy: {{class: octodns.provider.yaml.YamlProvider, directory: {root}/zones/compiled, escaped_semicolons: true}}
  rest: {{class: octodns.provider.yaml.YamlProvider, directory: {root}/rest, escaped_semicolons: true}}
  target: {target}
processors:
  hands-off: {{class: mailauth_dns.octo.HandsOff, scope: {scope}, absent: {root}/zones/compiled/_absent.yaml}}
zones:
  example.com.:
    sources: [{sources}]
    processors: [hands-off]
    targets: [target]
"""


def sync(
    repo: RepoFolder, server: NameServer, scope: str, sources: str
) -> subprocess.CompletedProcess[str]:
    assert repo.run("compile").code == 0
    target = "{" + ", ".join(f"{key}: {value}" for key, value in server.stanza().items()) + "}"
    repo.write(
        "octodns.yaml", CONFIG.format(root=repo.root, target=target, scope=scope, sources=sources)
    )
    main = "from octodns.cmds.sync import main; main()"
    command = [
        sys.executable,
        "-c",
        main,
        f"--config-file={repo.root}/octodns.yaml",
        "--doit",
        "--force",
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


OURS = {
    ("example.com", "TXT", 300, SPF),
    ("s1._domainkey.example.com", "TXT", 3600, DKIM),
    ("_dmarc.example.com", "TXT", 3600, DMARC),
}


def test_scope_zone_keeps_everything(repo: RepoFolder, serving: Serving) -> None:
    server = serving(example_com=FULL)
    before = server.dump("example.com")
    repo.policy(POLICY)
    done = sync(repo, server, "zone", "policy")
    assert done.returncode == 0, done.stderr[-2000:]
    assert (
        server.dump("example.com")
        == {record for record in before if record[3] != "v=spf1 a mx ~all"} | OURS
    )
    assert repo.run("plan", "--detailed-exitcode").code == 0


def test_scope_sets_keeps_foreign_values_of_our_sets(repo: RepoFolder, serving: Serving) -> None:
    server = serving(
        example_com=HEAD
        + '@ 300 IN TXT "v=spf1 ~all"\n@ 300 IN TXT "MS=ms1"\nwww IN A 192.0.2.1\nold IN A 192.0.2.9\n'
    )
    before = server.dump("example.com")
    repo.policy(POLICY)
    repo.write("rest/example.com.yaml", "www:\n  type: A\n  value: 192.0.2.1\n")
    done = sync(repo, server, "sets", "policy, rest")
    assert done.returncode == 0, done.stderr[-2000:]
    gone = {
        record for record in before if record[0] == "old.example.com" or record[3] == "v=spf1 ~all"
    }
    assert server.dump("example.com") == (before - gone) | OURS


def test_a_backslash_on_bind_stops_the_sync(repo: RepoFolder, serving_bind: Serving) -> None:
    server = serving_bind(example_com=HEAD + '@ IN TXT "v=spf1 ~all"\n@ IN TXT "back\\\\slash"\n')
    before = server.dump("example.com")
    repo.policy(POLICY)
    done = sync(repo, server, "zone", "policy")
    assert done.returncode != 0
    assert "encoder would change a value" in done.stderr
    assert server.dump("example.com") == before


def test_a_disabled_value_in_powerdns_stops_the_sync(
    repo: RepoFolder, serving_powerdns: Serving
) -> None:
    server = serving_powerdns(example_com=HEAD)
    assert isinstance(server, PowerDns)
    records = [
        {"content": '"v=spf1 ~all"', "disabled": False},
        {"content": '"token"', "disabled": True},
    ]
    server.put_records("example.com", "example.com", "TXT", 300, *records)
    repo.policy(POLICY)
    done = sync(repo, server, "zone", "policy")
    assert done.returncode != 0
    assert "disabled in PowerDNS" in done.stderr
    assert server.served("example.com", "TXT") == {"v=spf1 ~all"}


@pytest.mark.parametrize("scope", ["everything", ""])
def test_an_unknown_scope_is_refused(repo: RepoFolder, serving_bind: Serving, scope: str) -> None:
    server = serving_bind(example_com=HEAD)
    repo.policy(POLICY)
    done = sync(repo, server, scope or "''", "policy")
    assert done.returncode != 0
    assert "use zone or sets" in done.stderr


MERGED = """\
providers:
  own: {{class: octodns.provider.yaml.YamlProvider, directory: {root}/own, escaped_semicolons: true}}
  target: {target}
processors:
  merge-ours: {{class: mailauth_dns.octo.MergeOurs, compiled: {root}/zones/compiled}}
zones:
  example.com.: {{sources: [own], processors: [merge-ours], targets: [target]}}
"""


def test_ours_are_merged_into_a_zone_of_their_own(repo: RepoFolder, serving: Serving) -> None:
    server = serving(example_com=HEAD + '@ 300 IN TXT "v=spf1 ~all"\n@ 300 IN TXT "gone"\n')
    repo.policy(POLICY)
    ns = "{type: NS, values: [ns1.example.net., ns2.example.net.]}"
    repo.write(
        "own/example.com.yaml",
        f"'':\n  - {ns}\n  - {{ttl: 300, type: TXT, values: [MS=ms1, '{LONG_TOKEN}']}}\n",
    )
    assert repo.run("compile").code == 0
    target = "{" + ", ".join(f"{key}: {value}" for key, value in server.stanza().items()) + "}"
    repo.write("octodns.yaml", MERGED.format(root=repo.root, target=target))
    main = "from octodns.cmds.sync import main; main()"
    command = [
        sys.executable,
        "-c",
        main,
        f"--config-file={repo.root}/octodns.yaml",
        "--doit",
        "--force",
    ]
    for _ in range(2):
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        assert server.served("example.com", "TXT") == {SPF, "MS=ms1", LONG_TOKEN}
    assert "No changes were planned" in done.stderr
    assert server.served("s1._domainkey.example.com", "TXT") == {DKIM}


def test_hands_off_drops_no_value_in_silence(repo: RepoFolder, serving_bind: Serving) -> None:
    server = serving_bind(example_com=HEAD)
    repo.policy("domain: example.com\ndmarc: {p: none}\n")
    repo.write("rest/example.com.yaml", "'':\n  type: TXT\n  values: ['v=spf1 -all', MS=ms1]\n")
    before = server.dump("example.com")
    done = sync(repo, server, "sets", "policy, rest")
    assert done.returncode != 0
    assert "use mailauth_dns.octo.MergeOurs in its place" in done.stderr
    assert server.dump("example.com") == before
