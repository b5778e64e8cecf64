"""octodns-sync itself with our files and the HandsOff processor: everything foreign stays."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import RepoFolder
from tests.senders.mailers import with_mailers

ZONE = """$TTL 3600
@ IN SOA ns1.example.net. hostmaster.example.net. 1 7200 1800 1209600 300
@ IN NS ns1.example.net.
@ 300 IN TXT "v=spf1 a ~all"
@ 300 IN TXT "MS=ms123"
@ 300 IN TXT "\\"quoted\\" \\255 back\\\\slash"
@ IN MX 10 mx.example.net.
www IN A 192.0.2.1
gone._domainkey IN TXT "v=DKIM1; p="
undeclared._domainkey IN TXT "v=DKIM1; p="
"""
POLICY = """\
domain: example.com
spf: {terms: [mx], all: fail}
dkim: {selectors: {gone: {state: absent}, s1: {cname: s1.keys.example.net}}}
dmarc: {p: none, ttl: 60}
"""
CONFIG = """\
manager: {{max_workers: 1}}
providers:
  policy:
    class: octodns.provider.yaml.YamlProvider
    directory: {root}/zones/compiled
    escaped_semicolons: true
  rest:
    class: octodns.provider.yaml.YamlProvider
    directory: {root}/rest
    escaped_semicolons: true
  target: {{class: mailauth_dns.octo.LocalProvider, directory: {root}/served}}
processors:
  hands-off:
    class: mailauth_dns.octo.HandsOff
    scope: {scope}
    absent: {root}/zones/compiled/_absent.yaml
zones:
  example.com.:
    sources: [policy{rest}]
    processors: [hands-off]
    targets: [target]
"""


def sync(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-c",
        "from octodns.cmds.sync import main; main()",
        f"--config-file={root}/octodns.yaml",
        *arguments,
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def compiled(repo: RepoFolder) -> RepoFolder:
    repo.local("example.com", ZONE)
    repo.policy(POLICY)
    assert repo.run("compile").code == 0
    return repo


def lines(repo: RepoFolder) -> list[str]:
    text = (repo.root / "served/example.com.zone").read_text()
    return [line for line in text.splitlines() if " SOA " not in line]


FOREIGN = [
    "@ IN NS ns1.example.net.",
    '@ 300 IN TXT "MS=ms123"',
    '@ 300 IN TXT "\\"quoted\\" \\255 back\\\\slash"',
    "@ IN MX 10 mx.example.net.",
    "www IN A 192.0.2.1",
    'undeclared._domainkey IN TXT "v=DKIM1; p="',
]


def test_scope_zone_keeps_the_whole_rest(compiled: RepoFolder) -> None:
    compiled.write("octodns.yaml", CONFIG.format(root=compiled.root, scope="zone", rest=""))
    done = sync(compiled.root, "--doit")
    assert done.returncode == 0, done.stderr
    after = lines(compiled)
    for line in FOREIGN:
        assert line in after
    text = "\n".join(after)
    assert '"v=spf1 mx -all"' in text
    assert '"v=DMARC1; p=none"' in text
    assert "s1.keys.example.net." in text
    assert "gone._domainkey" not in text
    assert "v=spf1 a ~all" not in text
    again = sync(compiled.root, "--doit", "--force")
    assert again.returncode == 0
    assert lines(compiled) == after


RECEPTION_ZONE = (
    ZONE
    + """_mta-sts IN TXT "v=STSv1; id=1"
_mta-sts IN TXT "a note"
_smtp._tls IN TXT "v=TLSRPTv1; rua=mailto:old@example.com"
old._bimi IN TXT "v=BIMI1; l="
undeclared._bimi IN TXT "v=BIMI1; l="
example.org._report._dmarc IN TXT "v=DMARC1; rua=mailto:other@example.com"
stranger.example._report._dmarc IN TXT "v=DMARC1"
third.example._report._dmarc IN TXT "v=DMARC1"
"""
)
RECEPTION_POLICY = """\
domain: example.com
mta_sts: {mode: testing, mx: [mx.example.com], max_age: 86400, id: 2}
tls_rpt: absent
bimi: {default: {l: "https://example.com/logo.svg"}, old: absent}
"""


@pytest.mark.parametrize("scope", ["zone", "sets"])
def test_every_family_is_known(repo: RepoFolder, scope: str) -> None:
    repo.local("example.com", RECEPTION_ZONE)
    repo.policy(RECEPTION_POLICY)
    for domain in ("example.org", "example.net"):
        repo.policy(
            f'domain: {domain}\ndmarc: {{p: none, rua: ["mailto:a@example.com"]}}\n', domain
        )
    assert repo.run("compile").code == 0
    own = (
        "third.example._report._dmarc:\n"
        "  type: TXT\n"
        "  value: 'v=DMARC1\\; rua=mailto:new@example.com'\n"
    )
    repo.write("rest/example.com.yaml", own)
    repo.write("octodns.yaml", CONFIG.format(root=repo.root, scope=scope, rest=", rest"))
    done = sync(repo.root, "--doit", "--force")
    assert done.returncode == 0, done.stderr
    text = "\n".join(lines(repo))
    ours = [
        '"v=STSv1; id=2"',
        '"v=BIMI1; l=https://example.com/logo.svg"',
        "example.net._report._dmarc",
    ]
    assert re.search(
        r'third\.example\._report\._dmarc\S* .*"v=DMARC1; rua=mailto:new@example\.com"', text
    ), text
    assert all(
        value in text for value in [*ours, '"a note"', '"v=DMARC1; rua=mailto:other@example.com"']
    )
    assert not any(value in text for value in ['"v=STSv1; id=1"', "v=TLSRPTv1", "old._bimi"])
    for foreign in ("undeclared._bimi", "stranger.example._report._dmarc"):
        assert (foreign in text) is (scope == "zone")
    before = (repo.root / "served/example.com.zone").read_text()
    assert sync(repo.root, "--doit", "--force").returncode == 0
    assert (repo.root / "served/example.com.zone").read_text() == before


def test_scope_sets_leaves_the_rest_to_octodns(compiled: RepoFolder) -> None:
    rest = "www:\n  type: A\n  value: 192.0.2.2\n"
    compiled.write("rest/example.com.yaml", rest)
    compiled.write("octodns.yaml", CONFIG.format(root=compiled.root, scope="sets", rest=", rest"))
    done = sync(compiled.root, "--doit", "--force")
    assert done.returncode == 0, done.stderr
    text = "\n".join(lines(compiled))
    assert '"MS=ms123"' in text
    assert "\\255 back\\\\slash" in text
    assert '"v=spf1 mx -all"' in text
    assert "192.0.2.2" in text
    assert "192.0.2.1" not in text
    assert "MX" not in text
    assert "undeclared._domainkey" not in text


def test_what_is_in_the_way_stops_the_sync(compiled: RepoFolder) -> None:
    before = ZONE + "_dmarc IN CNAME dmarc.vendor.example.\n"
    compiled.write("served/example.com.zone", before)
    compiled.write("octodns.yaml", CONFIG.format(root=compiled.root, scope="zone", rest=""))
    done = sync(compiled.root, "--doit")
    assert done.returncode != 0
    assert "is an alias (CNAME to dmarc.vendor.example.)" in done.stderr
    assert (compiled.root / "served/example.com.zone").read_text() == before


@pytest.mark.parametrize(
    ("there", "refused"),
    [
        ("v=spf1 ip4:192.0.2.7 -all", "not Cloud's alone"),
        ("v=spf1 include:_spf.cloud.example -all", None),
    ],
)
def test_spf_of_others_at_a_return_path_stops_the_sync(
    there: str, refused: str | None, repo: RepoFolder
) -> None:
    repo.local("example.com", ZONE + f'bounce IN TXT "{there}"\nbounce IN TXT "a note"\n')
    with_mailers(repo).policy(
        "domain: example.com\nsenders:\n"
        "  cloud: {region: eu-1, mail_from: bounce, tokens: [aaa, bbb, ccc]}\n"
    )
    assert repo.run("compile").code == 0
    repo.write("octodns.yaml", CONFIG.format(root=repo.root, scope="zone", rest=""))
    done = sync(repo.root, "--doit")
    after = "\n".join(lines(repo))
    assert '"a note"' in after
    if refused is not None:
        assert done.returncode != 0
        assert refused in done.stderr
        assert there in after
    else:
        assert done.returncode == 0, done.stderr
        assert '"v=spf1 include:_spf.cloud.example ~all"' in after
        assert there not in after


def test_compiled_zones_read_back_as_octodns_reads_them(compiled: RepoFolder) -> None:
    """octoDNS's YAML source yields the records that are built in memory, without a complaint."""
    from octodns.provider.yaml import YamlProvider
    from octodns.record import Record
    from octodns.zone import Zone

    from mailauth_dns.compile.compile_repo import compile_repo
    from mailauth_dns.octo.compiled_zone import relative
    from mailauth_dns.octo.desired_zone import octodns_record
    from mailauth_dns.policy.load import load_repo

    compiled.policy(
        "domain: parked.example\nparked: true\ndmarc: {rua: ['mailto:a%3Bb@example.com']}\n",
        "parked",
    )
    compiled.policy(
        RECEPTION_POLICY.replace("example.com", "example.net").replace(
            "absent\n", "{rua: ['mailto:a%3B@example.net']}\n"
        ),
        "net",
    )
    compiled.policy("domain: example.org\nspf: {terms: [mx, 'exp=e%{i}.example.com']}\n", "other")
    assert compiled.run("compile").code == 0
    Record.enable_validators(["legacy", "strict"])
    source = YamlProvider(
        "compiled", directory=str(compiled.root / "zones/compiled"), escaped_semicolons=True
    )
    for publication in compile_repo(load_repo(compiled.root)):
        read, built = Zone(f"{publication.origin}.", set()), Zone(f"{publication.origin}.", set())
        source.populate(read)
        for rrset in publication.zone.rrsets:
            built.add_record(octodns_record(built, relative(rrset.name, publication.origin), rrset))
        assert {(record.name, record._type, str(record.data)) for record in strip(read)} == {
            (record.name, record._type, str(record.data)) for record in strip(built)
        }


def strip(zone: Any) -> list[Any]:  # octoDNS has no types
    records = list(zone.records)
    for record in records:
        record.octodns.clear()
    return records
