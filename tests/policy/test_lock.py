"""The lock file: what is written reads back, and what was not written by `spf lock` is refused."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from ipaddress import IPv4Network, IPv6Network

import pytest

from mailauth_dns.policy import lock as lockfile
from mailauth_dns.policy.document import DocumentError
from mailauth_dns.policy.lock import Lock, LockedName, LockedPart
from mailauth_dns.records.addresses import addresses_of
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.spf_parts import part_name
from tests.conftest import RepoFolder

NAME, DOMAIN, TEXT = DomainName("_spf.example.net"), DomainName("example.com"), "v=spf1 ip4:192.0.2.0/24"
PART = part_name(TEXT, DOMAIN)
LOCK = Lock(
    {
        NAME: LockedName(
            addresses_of([IPv4Network("192.0.2.0/24"), IPv6Network("2001:db8::/32")]), ((NAME, f"{TEXT} -all"),), date(2026, 6, 1)
        )
    },
    {DOMAIN: {PART: LockedPart(TEXT, datetime(2026, 6, 2, 12, tzinfo=UTC), absent=True)}},
)
WRITTEN = f"""\
{{
 "format": 1,
 "names": {{
  "_spf.example.net": {{
   "since": "2026-06-01",
   "networks": [
    "192.0.2.0/24",
    "2001:db8::/32"
   ],
   "records": {{
    "_spf.example.net": "v=spf1 ip4:192.0.2.0/24 -all"
   }}
  }}
 }},
 "parts": {{
  "example.com": {{
   "{PART}": {{
    "record": "v=spf1 ip4:192.0.2.0/24",
    "unused_since": "2026-06-02T12:00:00+00:00",
    "absent": true
   }}
  }}
 }}
}}
"""


def test_the_file_reads_back_as_what_was_written() -> None:
    assert lockfile.text(LOCK) == WRITTEN
    assert lockfile.read("lock", WRITTEN.encode()) == LOCK
    assert lockfile.read("lock", lockfile.text(Lock()).encode()) == Lock()


MEND = "mend it from git's history, or delete it and run `mailauth-dns spf lock`"
AT_NAME, AT_PART = "names._spf.example.net", f"parts.example.com.{PART}"
OTHER = "v=spf1 ip4:192.0.2.0/23"
REFUSED = [
    ('"format": 1', '"format": 2', f"format: 2 is not a format that this version reads, which is 1; {MEND}"),
    ('  "since": "2026-06-01",', "", f"{AT_NAME}.since: field required"),
    ('"since"', '"more": 1, "since"', f"{AT_NAME}.more: extra inputs are not permitted"),
    ('2.0/24",', '2.1/24",', f"{AT_NAME}.networks.0: not a network: 192.0.2.1/24 has host bits set"),
    ("2001:db8::/32", "2001:db8:0::/32", f"{AT_NAME}.networks.1: write 2001:db8::/32"),
    (
        "/24 -all",
        "/x -all",
        f"{AT_NAME}.records._spf.example.net: a prefix length is 0 to 32, without leading zeros (at character 21: '/x')",
    ),
    (f'"{TEXT}"', f'"{OTHER}"', f"{AT_PART}: its record belongs to {part_name(OTHER, DOMAIN)}; {MEND}"),
    ('"names": {', '"names": {"_spf.example.net": {},', f"_spf.example.net stands twice, as after a merge; {MEND}"),
    ('"example.com": {', '"Example.com": {', "parts.Example.com: write example.com"),
    ("12:00:00+00:00", "12:00:00", f"{AT_PART}.unused_since: input should have timezone info"),
]


@pytest.mark.parametrize(("old", "new", "message"), REFUSED)
def test_a_file_that_spf_lock_did_not_write_is_refused(old: str, new: str, message: str) -> None:
    assert old in WRITTEN
    with pytest.raises(DocumentError) as caught:
        lockfile.read("zones/locks/spf.json", WRITTEN.replace(old, new, 1).encode())
    assert "\n".join(map(str, caught.value.problems)) == f"zones/locks/spf.json: {message}"


@pytest.mark.parametrize(("data", "place"), [(b"", "1:1"), (b"<<<<<<< HEAD", "1:1"), (b"\xff", ""), (b"[" * 100_000, "")])
def test_what_is_not_json_is_refused(data: bytes, place: str) -> None:
    with pytest.raises(DocumentError) as caught:
        lockfile.read("lock", data)
    [problem] = caught.value.problems
    assert str(problem).startswith(f"lock:{place}: not JSON: expecting value" if place else "lock: not JSON;")


def test_a_name_without_addresses_is_refused() -> None:
    data = json.loads(WRITTEN)
    data["names"]["_spf.example.net"]["networks"] = []
    with pytest.raises(DocumentError) as caught:
        lockfile.read("lock", json.dumps(data).encode())
    assert [str(problem) for problem in caught.value.problems] == [f"lock: names._spf.example.net.networks: holds no network; {MEND}"]


FLATTENING = 'domain: example.com\nspf:\n  terms: ["include:_spf.example.net", mx]\n  all: fail\n  flatten: [_spf.example.net]\n'


def test_compile_tells_what_the_lock_lacks(repo: RepoFolder) -> None:
    repo.policy(FLATTENING)
    ran = repo.run("compile")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        "zones/policy/policy.yaml:5:13: spf.flatten.0: zones/locks/spf.json does not hold _spf.example.net; "
        "run `mailauth-dns spf lock`, review and commit zones/locks/spf.json\n"
        "    5 |   flatten: [_spf.example.net]\n"
        "      |             ^~~~~~~~~~~~~~~~\n"
    )


def test_compile_needs_nothing_but_the_lock(repo: RepoFolder) -> None:
    repo.policy(FLATTENING)
    repo.write("zones/locks/spf.json", lockfile.text(Lock(LOCK.names)))
    assert repo.run("compile").code == 0
    assert "value: 'v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 mx -all'" in (repo.root / "zones/compiled/example.com.yaml").read_text()


def test_a_part_that_the_lock_could_not_remember_is_not_published(repo: RepoFolder) -> None:
    repo.policy(FLATTENING)
    many = addresses_of(IPv4Network((0xC0000200 + 2 * n, 32)) for n in range(30))
    repo.write("zones/locks/spf.json", lockfile.text(Lock({NAME: LockedName(many, (), date(2026, 6, 1))})))
    ran = repo.run("compile")
    assert ran.code == 1
    assert "spf.flatten: zones/locks/spf.json does not list _spf-" in ran.err


def test_a_broken_lock_stops_every_command_with_its_place(repo: RepoFolder) -> None:
    repo.policy("domain: example.com\nspf: {all: fail}\n")
    repo.write("zones/locks/spf.json", "{")
    assert repo.run("compile").err.startswith("zones/locks/spf.json:1:2: not JSON: expecting property name")


def test_the_lock_of_a_fleet_is_read(repo: RepoFolder) -> None:
    """A policy has at most a megabyte; the lock grows with the domains."""
    repo.policy("domain: example.com\nspf: {all: fail}\n")
    domains = [DomainName(f"d{number}.example") for number in range(12_000)]
    text = lockfile.text(Lock(LOCK.names, {domain: {part_name(TEXT, domain): LockedPart(TEXT)} for domain in domains}))
    assert len(text) > 1_000_000
    repo.write("zones/locks/spf.json", text)
    assert repo.run("compile").code == 0
