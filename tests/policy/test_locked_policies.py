"""What commands do with the lock: flattened policies, and locks that they refuse."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from ipaddress import IPv4Network

import pytest

from mailauth_dns.policy import spf_lock_file as lockfile
from mailauth_dns.policy.load import load_repo
from mailauth_dns.policy.spf_lock import Lock, LockedPart
from mailauth_dns.records.addresses import addresses_of
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.spf_parts import part_name
from mailauth_dns.spf_relock.relock import relock, write
from tests.conftest import RepoFolder
from tests.evaluate.spf_world import Sets
from tests.evaluate.zones import Recorded
from tests.policy.locks import LOCK, NAME, TEXT, WRITTEN, locked_name

FLATTENING = (
    'domain: example.com\nspf:\n  terms: ["include:_spf.example.net", mx]\n  all: fail\n  '
    "flatten: [_spf.example.net]\n"
)


def test_compile_tells_what_the_lock_lacks(repo: RepoFolder) -> None:
    repo.policy(FLATTENING)
    ran = repo.run("compile")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        "zones/policy/policy.yaml:5:13: spf.flatten.0: zones/locks/spf.json does not "
        "hold _spf.example.net; "
        "run `mailauth-dns spf lock`, review and commit zones/locks/spf.json\n"
        "    5 |   flatten: [_spf.example.net]\n"
        "      |             ^~~~~~~~~~~~~~~~\n"
    )


def test_compile_needs_nothing_but_the_lock(repo: RepoFolder) -> None:
    repo.policy(FLATTENING)
    repo.write("zones/locks/spf.json", lockfile.text(Lock(LOCK.names)))
    assert repo.run("compile").code == 0
    assert (
        "value: 'v=spf1 ip4:192.0.2.0/24 ip4:198.51.100.0/28 ip6:2001:db8::/32 mx -all'"
        in (repo.root / "zones/compiled/example.com.yaml").read_text()
    )


def test_a_part_that_the_lock_could_not_remember_is_not_published(repo: RepoFolder) -> None:
    repo.policy(FLATTENING)
    many = addresses_of(IPv4Network((0xC0000200 + 2 * n, 32)) for n in range(30))
    repo.write("zones/locks/spf.json", lockfile.text(Lock({NAME: locked_name(NAME, many)})))
    ran = repo.run("compile")
    assert ran.code == 1
    assert "spf.flatten: zones/locks/spf.json does not list _spf-" in ran.err


READERS = [
    "compile",
    "compile --check",
    "lint",
    "plan --no-live",
    "apply",
    "diff",
    "verify",
    "test",
    "spf lock",
    "export example.com --format bind",
]


@pytest.mark.parametrize("command", READERS)
def test_networks_that_the_records_do_not_name_are_refused_by_every_command(
    repo: RepoFolder, command: str
) -> None:
    repo.local("example.com", "")
    repo.policy(FLATTENING + "providers: [local]\n")
    repo.write("zones/locks/spf.json", WRITTEN.replace('"192.0.2.0/24"', '"0.0.0.0/0"'))
    ran = repo.run(*command.split())
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(
        "zones/locks/spf.json: names._spf.example.net: networks holds 0.0.0.0/1"
    )
    assert not (repo.root / "zones/compiled").exists()


def test_an_entry_of_a_version_that_kept_no_hosts_is_locked_anew(repo: RepoFolder) -> None:
    data = json.loads(WRITTEN)
    del data["names"]["_spf.example.net"]["hosts"]
    repo.policy(FLATTENING)
    repo.write("zones/locks/spf.json", json.dumps(data))
    ran = repo.run("compile")
    assert (ran.code, ran.out) == (1, "")
    assert (
        "zones/locks/spf.json does not hold the hosts behind _spf.example.net, which an "
        "earlier version did not keep; run" in ran.err
    )
    loaded = load_repo(repo.root)
    world: Sets = {f"{NAME} TXT": LOCK.names[NAME].records[0][1]}
    world |= {key: list(values) for key, values in LOCK.names[NAME].hosts}
    write(
        loaded,
        relock(loaded, Recorded(world), lambda _: {}, (), datetime(2026, 7, 1, tzinfo=UTC)),
    )
    assert load_repo(repo.root).lock.names == LOCK.names
    assert repo.run("compile").code == 0


def test_a_broken_lock_stops_every_command_with_its_place(repo: RepoFolder) -> None:
    repo.policy("domain: example.com\nspf: {all: fail}\n")
    repo.write("zones/locks/spf.json", "{")
    assert repo.run("compile").err.startswith(
        "zones/locks/spf.json:1:2: not JSON: expecting property name"
    )


def test_the_lock_of_a_fleet_is_read(repo: RepoFolder) -> None:
    """A policy has at most a megabyte; the lock grows with the domains."""
    repo.policy("domain: example.com\nspf: {all: fail}\n")
    domains = [DomainName(f"d{number}.example") for number in range(12_000)]
    text = lockfile.text(
        Lock(
            LOCK.names, {domain: {part_name(TEXT, domain): LockedPart(TEXT)} for domain in domains}
        )
    )
    assert len(text) > 1_000_000
    repo.write("zones/locks/spf.json", text)
    assert repo.run("compile").code == 0
