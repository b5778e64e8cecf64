"""The lock file: what is written reads back, and what was not written by `spf lock` is refused."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from ipaddress import IPv4Network, IPv6Network

import pytest

from mailauth_dns.policy import spf_lock_file as lockfile
from mailauth_dns.policy.document import DocumentError
from mailauth_dns.policy.load import load_repo
from mailauth_dns.policy.spf_lock import Lock, LockedName, LockedPart
from mailauth_dns.records.addresses import addresses_of
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.spf_parts import part_name
from mailauth_dns.spf_relock.relock import relock, write
from tests.conftest import RepoFolder
from tests.evaluate.spf_world import Sets
from tests.evaluate.zones import Recorded
from tests.policy.locks import locked_name

NAME, DOMAIN, TEXT = (
    DomainName("_spf.example.net"),
    DomainName("example.com"),
    "v=spf1 ip4:192.0.2.0/24",
)
PART = part_name(TEXT, DOMAIN)
LOCK = Lock(
    {
        NAME: LockedName(
            addresses_of(
                [
                    IPv4Network("192.0.2.0/24"),
                    IPv4Network("198.51.100.0/28"),
                    IPv6Network("2001:db8::/32"),
                ]
            ),
            ((NAME, f"{TEXT} a:mx.example.net/28//32 -all"),),
            date(2026, 6, 1),
            (
                ("mx.example.net A", ("198.51.100.7", "198.51.100.8")),
                ("mx.example.net AAAA", ("2001:db8::7",)),
            ),
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
    "198.51.100.0/28",
    "2001:db8::/32"
   ],
   "records": {{
    "_spf.example.net": "v=spf1 ip4:192.0.2.0/24 a:mx.example.net/28//32 -all"
   }},
   "hosts": {{
    "mx.example.net A": [
     "198.51.100.7",
     "198.51.100.8"
    ],
    "mx.example.net AAAA": [
     "2001:db8::7"
    ]
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
EMPTY, OPEN, MORE = "v=spf1", "v=spf1 +all", "v=spf1 ip4:192.0.2.0/24 exp=a.example"
REFUSED = [
    (
        '"format": 1',
        '"format": 2',
        f"format: 2 is not a format that this version reads, which is 1; {MEND}",
    ),
    (
        '"format": 1',
        '"format": null',
        f"format: null is not a format that this version reads, which is 1; {MEND}",
    ),
    ('  "since": "2026-06-01",', "", f"{AT_NAME}.since: is missing"),
    ('"since"', '"more": 1, "since"', f"{AT_NAME}.more: is not a key here; take it out"),
    ('"2026-06-01"', "20260601", f"{AT_NAME}.since: 20260601 is not a day; write 2027-01-31"),
    (
        '2.0/24",',
        '2.1/24",',
        f"{AT_NAME}.networks.0: not a network: 192.0.2.1/24 has host bits set",
    ),
    ("2001:db8::/32", "2001:db8:0::/32", f"{AT_NAME}.networks.2: write 2001:db8::/32"),
    (
        "/24 a:mx",
        "/x a:mx",
        f"{AT_NAME}.records._spf.example.net: a prefix length is 0 to 32, without leading zeros (at character 21: '/x')",
    ),
    (
        f'"{TEXT}"',
        f'"{OTHER}"',
        f"{AT_PART}: its record belongs to {part_name(OTHER, DOMAIN)}; {MEND}",
    ),
    (
        '"names": {',
        '"names": {"_spf.example.net": {},',
        f"_spf.example.net stands twice, as after a merge; {MEND}",
    ),
    ('"example.com": {', '"Example.com": {', "parts.Example.com: write example.com"),
    (
        "12:00:00+00:00",
        "12:00:00",
        f"{AT_PART}.unused_since: '2026-06-02T12:00:00' is not a date and time with its zone; write 2026-05-31T12:00:00+00:00",
    ),
    ('"absent": true', '"absent": 1', f"{AT_PART}.absent: 1 is neither true nor false"),
    ('"absent": true', '"absent": ' + "9" * 5000, f"30:15: a number of 5000 digits; {MEND}"),
    ('"absent": true', '"absent": NaN', f"not JSON: NaN is no number; {MEND}"),
    (
        '"absent": true',
        '"\\ud800": 1',
        f"{AT_PART}: half a character (a surrogate) stands in it; write it whole",
    ),
    (
        '"mx.example.net AAAA"',
        '"mx.example.net TXT"',
        f"{AT_NAME}.hosts.mx.example.net TXT: write a name and A, AAAA or MX",
    ),
]
# A part that is named by its text and says more than who passes: whoever sends as that name would pass, aligned with the domain.
REFUSED += [
    (
        f'"{PART}": {{\n    "record": "{TEXT}"',
        f'"{part_name(text, DOMAIN)}": {{\n    "record": "{text}"',
        f"parts.example.com.{part_name(text, DOMAIN)}: a part holds ip4: and ip6: terms that pass, and nothing else; {MEND}",
    )
    for text in (EMPTY, OPEN, MORE, "v=spf1 -ip4:192.0.2.0/24")
]


# What was reviewed is the records: nothing passes that they do not let pass, and nothing that they do is left out.
TAMPERED = [
    (
        '"192.0.2.0/24"',
        '"0.0.0.0/0"',
        "networks holds 0.0.0.0/1, 128.0.0.0/2, 192.0.0.0/23 and 42 more, which its records do not let pass",
    ),
    (
        '"192.0.2.0/24"',
        '"192.0.0.0/22"',
        "networks holds 192.0.0.0/23, 192.0.3.0/24, which its records do not let pass",
    ),
    (
        '"192.0.2.0/24"',
        '"192.0.2.0/25"',
        "networks lacks 192.0.2.128/25, which its records let pass",
    ),
    ("/24 a:mx", "/25 a:mx", "networks holds 192.0.2.128/25, which its records do not let pass"),
    (
        "/24 a:mx",
        "/24 +all a:mx",
        "its records do not say who passes: _spf.example.net lets every address pass; take the include out of the policy",
    ),
    (
        "/24 a:mx",
        "/24 include:gone.example a:mx",
        "its records do not say who passes: gone.example publishes no SPF record",
    ),
    (
        '"198.51.100.7"',
        '"203.0.113.8"',
        "networks lacks 203.0.113.0/28, which its records let pass",
    ),
    (
        '"198.51.100.8"',
        '"mx"',
        "its records do not say who passes: mx.example.net A: Expected 4 octets in 'mx'",
    ),
    ('"hosts": {', '"hosts": {"a.example A": [],', "nothing leads to a.example A"),
    ('"records": {', '"records": {"a.example": "v=spf1 -all",', "nothing leads to a.example"),
]
REFUSED += [(old, new, f"{AT_NAME}: {message}; {MEND}") for old, new, message in TAMPERED]


@pytest.mark.parametrize(("old", "new", "message"), REFUSED)
def test_a_file_that_spf_lock_did_not_write_is_refused(old: str, new: str, message: str) -> None:
    assert old in WRITTEN
    with pytest.raises(DocumentError) as caught:
        lockfile.read("zones/locks/spf.json", WRITTEN.replace(old, new, 1).encode())
    assert (
        "\n".join(map(str, caught.value.problems))
        == f"zones/locks/spf.json:{'' if message[:1].isdigit() else ' '}{message}"
    )


@pytest.mark.parametrize(
    ("data", "place"), [(b"", "1:1"), (b"<<<<<<< HEAD", "1:1"), (b"\xff", ""), (b"[" * 100_000, "")]
)
def test_what_is_not_json_is_refused(data: bytes, place: str) -> None:
    with pytest.raises(DocumentError) as caught:
        lockfile.read("lock", data)
    [problem] = caught.value.problems
    assert str(problem).startswith(
        f"lock:{place}: not JSON: expecting value" if place else "lock: not JSON;"
    )


def test_a_name_without_addresses_is_refused() -> None:
    data = json.loads(WRITTEN)
    data["names"]["_spf.example.net"] = {
        "since": "2026-06-01",
        "networks": [],
        "records": {"_spf.example.net": "v=spf1 -all"},
    }
    with pytest.raises(DocumentError) as caught:
        lockfile.read("lock", json.dumps(data).encode())
    told = f"{AT_NAME}: its records do not say who passes: _spf.example.net lets no address pass; {MEND}"
    assert [str(problem) for problem in caught.value.problems] == [f"lock: {told}"]


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
        "zones/locks/spf.json does not hold the hosts behind _spf.example.net, which an earlier version did not keep; run"
        in ran.err
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
