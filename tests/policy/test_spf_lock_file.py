"""The lock file reads back as written; what `spf lock` did not write is refused."""

from __future__ import annotations

import json

import pytest

from mailauth_dns.policy import spf_lock_file as lockfile
from mailauth_dns.policy.spf_lock import Lock
from mailauth_dns.records.spf_parts import part_name
from mailauth_dns.typed_yaml.yaml_reader import DocumentError
from tests.policy.locks import DOMAIN, LOCK, PART, TEXT, WRITTEN


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
        f"{AT_NAME}.records._spf.example.net: a prefix length is 0 to 32, without leading "
        "zeros (at character 21: '/x')",
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
        f"{AT_PART}.unused_since: '2026-06-02T12:00:00' is not a date and time with its "
        "zone; write 2026-05-31T12:00:00+00:00",
    ),
    ('"absent": true', '"absent": 1', f"{AT_PART}.absent: 1 is neither true nor false"),
    ('"absent": true', '"absent": ' + "9" * 5000, f"30:15: a number of 5000 digits; {MEND}"),
    ('"absent": true', '"absent": NaN', f"not JSON: NaN is no number; {MEND}"),
    (
        '"absent": true',
        '"\\ud800": 1',
        f"{AT_PART}: it holds half a character (a surrogate); write the whole character",
    ),
    (
        '"mx.example.net AAAA"',
        '"mx.example.net TXT"',
        f"{AT_NAME}.hosts.mx.example.net TXT: write a name and A, AAAA or MX",
    ),
]
# A part that is named by its text and says more than who passes: whoever sends as that name would
# pass, aligned with the domain.
REFUSED += [
    (
        f'"{PART}": {{\n    "record": "{TEXT}"',
        f'"{part_name(text, DOMAIN)}": {{\n    "record": "{text}"',
        f"parts.example.com.{part_name(text, DOMAIN)}: a part holds ip4: and ip6: terms "
        f"that pass, and nothing else; {MEND}",
    )
    for text in (EMPTY, OPEN, MORE, "v=spf1 -ip4:192.0.2.0/24")
]


# What was reviewed is the records: nothing passes that they do not let pass, and nothing that
# they do is left out.
TAMPERED = [
    (
        '"192.0.2.0/24"',
        '"0.0.0.0/0"',
        "networks holds 0.0.0.0/1, 128.0.0.0/2, 192.0.0.0/23 and 42 more, which its "
        "records do not let pass",
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
        "its records do not say who passes: _spf.example.net lets every address pass; "
        "take the include out of the policy",
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
    told = (
        f"{AT_NAME}: its records do not say who passes: _spf.example.net lets no address "
        f"pass; {MEND}"
    )
    assert [str(problem) for problem in caught.value.problems] == [f"lock: {told}"]
