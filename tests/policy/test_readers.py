"""Every file that is read, with what a language's own readers stumble over: thousands of digits, depth, halves of characters, NUL.

Each is an error with its place, or read as what it is; never one of this program's own exceptions.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mailauth_dns.errors import MailAuthError
from mailauth_dns.masterfile import master_file
from mailauth_dns.octo import compiled_zone
from mailauth_dns.plan import plan_file
from mailauth_dns.policy import provider_stanza, public_key_files, spf_lock_file
from mailauth_dns.policy.load import load_repo
from mailauth_dns.records.name import DomainName
from mailauth_dns.typed_yaml import yaml_reader
from tests.conftest import RepoFolder

DIGITS, DEEP = "9" * 5000, "[" * 100_000
JSON = {
    "digits": f'{{"format": {DIGITS}}}',
    "digits below": f'{{"format": 1,\n "names": {{"a": {DIGITS}}}, "fingerprint": "x"}}',
    "deep": DEEP,
    "as deep as can be read": '{"format": 1, "fingerprint": "x", "names": '
    + "[" * 500
    + "]" * 500
    + "}",
    "no number": '{"format": NaN}',
    "infinite": '{"format": -Infinity}',
    "beyond floats": '{"format": 1e999}',
    "a truth": '{"format": true, "names": {}, "parts": {}}',
    "a fraction": '{"format": 1.0, "names": {}, "parts": {}}',
    "twice": '{"format": 1, "names": {}, "parts": {}, "parts": {}}',
    "half a character": '{"format": 1, "names": {"\\ud800": {}}, "parts": {}, "fingerprint": "\\udfff"}',
    "NUL": '{"format": "\\u0000"}',
    "nothing": "",
    "a text": '"a"',
    "null": "null",
}
YAML = {
    "digits": f"class: a.B\nx: {DIGITS}\n",
    "digits in hexadecimal": f"class: a.B\nx: 0x{'f' * 6000}\n",
    "a time of thousands of parts": "class: a.B\nx: 1" + ":59" * 3000 + "\n",
    "no day": "class: a.B\nx: 2026-13-45\n",
    "no hour": "class: a.B\nx: 2026-01-01 25:00:00\n",
    "no time zone": "class: a.B\nx: 2026-01-01 00:00:00 +99:99\n",
    "deep": f"class: a.B\nx: {DEEP}\n",
    "an object": "class: !!python/object:os.system x\n",
    "a tag that does not fit": "class: a.B\nx: !!int abc\n",
    "half a character": 'class: "\\ud800"\n',
    "NUL": 'class: "a\\0.B"\ndomain: "a\\0"\nspf: {terms: ["\\0"]}\n',
    "a list as a key": "? [a]\n: b\n",
    "not UTF-8": "class: \udcff\n",
}
PEM = {
    "empty": "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n",
    "big": f"-----BEGIN PUBLIC KEY-----\n{'A' * 900_000}\n-----END PUBLIC KEY-----\n",
    "NUL": "-----BEGIN PUBLIC KEY-----\n\0\0\n-----END PUBLIC KEY-----\n",
    "many": "-----BEGIN PUBLIC KEY-----\n" * 20_000,
}
SOA = "@ IN SOA ns1 h 1 2 3 4 5\n"
MASTER = {
    "a TTL for all": f"$TTL {DIGITS}\n{SOA}",
    "a TTL": f"{SOA}@ {DIGITS} IN A 192.0.2.1\n",
    "a serial": f"@ IN SOA ns1 h {DIGITS} 2 3 4 5\n",
    "a preference": f"{SOA}@ IN MX {DIGITS} mx\n",
    "a class": f"@ CLASS{DIGITS} A 192.0.2.1\n",
    "a length": f"{SOA}@ IN TYPE65 \\# {DIGITS} 00\n",
    "an octet": f'{SOA}@ IN TXT "\\{DIGITS}"\n',
    "depth": f"{SOA}@ IN TXT {'(' * 50_000}\n",
    "labels": f"{'a.' * 50_000} IN A 192.0.2.1\n",
    "a label": f"{'a' * 100_000} IN A 192.0.2.1\n",
    "digits of another script": f"{SOA}@ ١ IN A 192.0.2.1\n",
}


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _from_file(read: Callable[[Path], object], folder: Path) -> Callable[[bytes], object]:
    def put(data: bytes) -> object:
        path = folder / "file"
        path.write_bytes(data)
        return read(path)

    return put


READERS: dict[str, dict[str, str]] = {
    "lock": JSON,
    "plan": JSON,
    "stanza": YAML,
    "policy": YAML,
    "_absent.yaml": YAML,
    "key": PEM,
    "master file": MASTER,
}


def reader(name: str, folder: Path) -> Callable[[bytes], object]:
    return {
        "lock": lambda data: spf_lock_file.read("spf.json", data),
        "plan": _from_file(plan_file.read, folder),
        "stanza": lambda data: provider_stanza.read("x", "providers/x.yaml", data).digest,
        "policy": lambda data: yaml_reader.read("policy.yaml", data),
        "_absent.yaml": _from_file(compiled_zone.read_absent, folder),
        "key": public_key_files.read,
        "master file": lambda data: master_file.parse(
            DomainName("example.com"), data.decode("latin-1")
        ).zone(),
    }[name]


@pytest.mark.parametrize(
    ("name", "case"), [(name, case) for name, cases in READERS.items() for case in cases]
)
def test_what_is_read_is_read_or_refused_in_words(tmp_path: Path, name: str, case: str) -> None:
    try:
        reader(name, tmp_path)(_octets(READERS[name][case]))
    except yaml_reader.DocumentError as error:
        told = "\n".join(map(str, error.problems))
    except (MailAuthError, public_key_files.KeyFileError) as error:
        told = str(error)
    else:
        return
    assert told
    assert not [
        word
        for word in (
            "Value error",
            "Exceeds the limit",
            "set_int_max",
            "recursion",
            "Traceback",
            "NoneType",
        )
        if word in told
    ]


# Where each says that it is wrong.
PLACES = [
    ("lock", "digits", "spf.json:1:12: a number of 5000 digits"),
    ("lock", "digits below", "spf.json:2:17: a number of 5000 digits"),
    ("lock", "a truth", "spf.json: format: true is not a format"),
    ("lock", "no number", "spf.json: not JSON: NaN is no number"),
    (
        "stanza",
        "digits",
        "providers/x.yaml:2:4: YAML cannot read this as a number, a date or an object; quote it",
    ),
    ("stanza", "digits in hexadecimal", "providers/x.yaml:2:4: YAML cannot read this"),
    ("stanza", "no day", "providers/x.yaml:2:4: YAML cannot read this"),
]


@pytest.mark.parametrize(("name", "case", "message"), PLACES)
def test_the_place_is_told(tmp_path: Path, name: str, case: str, message: str) -> None:
    with pytest.raises(yaml_reader.DocumentError) as caught:
        reader(name, tmp_path)(_octets(READERS[name][case]))
    assert str(caught.value.problems[0]).startswith(message)


NUMBERS = [
    "ttl: {}",
    "spf: {{all: fail, ttl: {}}}",
    'dmarc: {{p: none, pct: "{}"}}',
    "mta_sts: {{mode: enforce, mx: [mx.example.com], max_age: {}}}",
    "dkim: {{rotation: {{grace: {}d}}}}",
    "dkim: {{selectors: {{a: {{p: '', since: {}}}}}}}",
    "waivers: [{{rule: SPF001, reason: x, until: {}}}]",
    "allow: [{{rule: DKIM030, reason: x, until: {}}}]",
    'nameservers: ["192.0.2.1:{}"]',
    'spf: {{terms: ["ip4:192.0.2.0/{}"], all: fail}}',
    'tests: [{{name: x, from: a@example.com, ip: "{}", expect: {{spf: pass}}}}]',
]


@pytest.mark.parametrize(
    "number", [DIGITS, f"-{DIGITS}", f"{DIGITS}.0", "１２", "1e9", "0x10", "1_000"]
)
@pytest.mark.parametrize("line", NUMBERS)
def test_a_number_in_a_policy_is_one_that_can_be(repo: RepoFolder, line: str, number: str) -> None:
    repo.policy(f"domain: example.com\n{line.format(number)}\n")
    with pytest.raises(MailAuthError) as caught:
        load_repo(repo.root)
    assert "Exceeds the limit" not in str(caught.value)


def test_a_set_in_a_stanza_has_one_digest() -> None:
    """The digest decides whether a plan still holds; the order of a set differs from run to run."""
    texts = (
        "class: a.B\nx: !!set {a, b, c, d, e, f}\n",
        "class: a.B\nx: !!set {f, e, d, c, b, a}\n",
    )
    assert len({provider_stanza.read("x", "x", text.encode()).digest for text in texts}) == 1


@pytest.mark.parametrize("tag", ["!!python/object:os.system x", "!mine x"])
def test_a_tag_in_a_stanza_is_told_with_its_place(tag: str) -> None:
    data = f"class: a.B\nhost:\n  - {tag}\n".encode()
    with pytest.raises(yaml_reader.DocumentError) as caught:
        provider_stanza.read("x", "providers/x.yaml", data)
    [problem] = caught.value.problems
    assert (problem.path, problem.line, problem.column) == ("providers/x.yaml", 3, 5)
