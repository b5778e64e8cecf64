"""default.txt as opendkim-genkey writes it, from the program itself where it is installed, and as people have mangled it."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.policy import keys
from mailauth_dns.records import dkim, genkey
from mailauth_dns.records.rsa import modulus_bits
from mailauth_dns.signing.keypair import public_half
from tests.conftest import RepoFolder, need

P = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDhMsnfLvwx"
COMMENT = "  ; ----- DKIM key default for example.com\n"
TEXTS = [
    (
        f'default._domainkey\tIN\tTXT\t( "v=DKIM1; h=sha256; k=rsa; "\n\t  "p={P[:20]}"\n\t  "{P[20:]}" )' + COMMENT,
        "example.com",
    ),
    (
        f'default._domainkey.example.com.\tIN\tTXT\t( "v=DKIM1; h=sha256; k=rsa; "\n\t  "p={P}" )' + COMMENT,
        "example.com",
    ),
    (f'default._domainkey IN TXT "v=DKIM1; h=sha256; k=rsa; p={P}" ;', None),
    (f'default._domainkey 3600 IN TXT ( "v=DKIM1\\; h=sha256\\; k=rsa\\; p={P}" )', None),
    (f'\ndefault._domainkey   TXT   "v=DKIM1; h=sha256; k=rsa; p={P}"', None),
]


@pytest.mark.parametrize(("text", "domain"), TEXTS)
def test_the_record_is_read_with_its_selector_and_domain(text: str, domain: str | None) -> None:
    assert genkey.parse(text) == genkey.Genkey("default", domain, dkim.Record(p=P, h=("sha256",), k="rsa"))  # type: ignore[arg-type]


BROKEN = [
    ("", "expected a line such as default._domainkey IN TXT"),
    ("-----BEGIN PRIVATE KEY-----\n", "expected a line such as default._domainkey IN TXT"),
    ('default IN TXT "v=DKIM1; p="', "expected a selector's name"),
    ("default._domainkey IN TXT ( )", "expected the record's text in quotes"),
    ('default._domainkey IN TXT ( "v=DKIM1; p=MI', "expected a closing quote"),
    ('default._domainkey IN TXT ( "v=DKIM1; k=rsa" )', "expected p="),
    ('default._domainkey IN TXT "v=DKIM1; p="' + " " * 30_000, "at most 20000 are read"),
]


@pytest.mark.parametrize(("text", "message"), BROKEN)
def test_what_is_no_such_file_is_refused(text: str, message: str) -> None:
    with pytest.raises(RecordSyntaxError, match=re.escape(message)):
        genkey.parse(text)


@given(st.text() | st.text(alphabet='default._domainkey IN TXT()";\\\n\tv=DKIM1; p=MIGf').map("s._domainkey IN TXT ".__add__))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(RecordSyntaxError):
        genkey.parse(text)


# Options, and what the record then has beside its key.
OPTIONS = [
    (["-b", "1024"], {}),
    (["-b", "2048"], {}),
    (["-b", "4096"], {}),
    (["-b", "512"], {}),
    (["-h", "sha256:sha1"], {"h": ("sha256", "sha1")}),
    (["-n", "our first key"], {"n": '"our first key"'}),
    (["-t"], {"t": ("y",)}),
    (["-t", "-S"], {"t": ("y", "s")}),
    (["-r"], {"s": ("email",)}),
    (["-s", "mx2026"], {}),
    (["-a"], {}),
]


def made(folder: Path, *options: str) -> tuple[genkey.Genkey, Path]:
    """Run the program and return what its file says, and the file."""
    need(None if shutil.which("opendkim-genkey") else "opendkim-genkey is not installed (script/servers gets it)")
    subprocess.run(["opendkim-genkey", "-D", str(folder), "-d", "example.com", *options], check=True, capture_output=True)
    [text] = folder.glob("*.txt")
    return genkey.parse(text.read_text()), text


@pytest.mark.parametrize(("options", "tags"), OPTIONS, ids=lambda each: " ".join(each) if isinstance(each, list) else "")
def test_what_the_program_writes_is_the_key_it_made(tmp_path: Path, options: list[str], tags: dict[str, object]) -> None:
    found, text = made(tmp_path, *options)
    assert (found.selector, found.domain) == (text.stem, "example.com")
    record = found.record
    assert keys.PublicKey(record.effective_k, record.p) == public_half(text.with_suffix(".private").read_bytes())
    assert {tag: getattr(record, tag) for tag in ("n", "t", "s")} == {"n": None, "t": None, "s": None} | {
        tag: value for tag, value in tags.items() if tag != "h"
    }
    if "h" in tags:
        assert record.h == tags["h"]
    if "-b" in options:
        assert modulus_bits(record.key_bytes) == int(options[1])


@pytest.mark.parametrize(("bits", "rule"), [("512", "DKIM008"), ("1024", "DKIM009")])
def test_short_keys_get_their_findings(repo: RepoFolder, tmp_path: Path, bits: str, rule: str) -> None:
    record = made(tmp_path, "-b", bits)[0].record
    repo.policy(f"domain: example.com\ndkim: {{selectors: {{s1: {{p: {record.p}, k: {record.k}}}}}}}\n")
    assert rule in repo.run("lint").out
