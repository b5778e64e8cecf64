"""Key files as programs write them, and as people have mangled them.

Where opendkim-genkey is installed, it writes some of them itself.
"""

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
from mailauth_dns.importing import dkim_key_files
from mailauth_dns.keys.keypair import public_half
from mailauth_dns.masterfile import loose_reader
from mailauth_dns.masterfile.lexer import MasterFileError
from mailauth_dns.policy import public_key_files
from mailauth_dns.records import dkim
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.rsa_key import modulus_bits
from tests.conftest import RepoFolder, need

DOMAIN = DomainName("example.com")
P = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDhMsnfLvwx"
COMMENT = "  ; ----- DKIM key default for example.com\n"
TEXTS = [
    (
        f'default._domainkey\tIN\tTXT\t( "v=DKIM1; h=sha256; k=rsa; "\n\t  "p={P[:20]}"\n'
        f'\t  "{P[20:]}" )' + COMMENT,
        "example.com",
    ),
    (
        f'default._domainkey.example.com.\tIN\tTXT\t( "v=DKIM1; h=sha256; k=rsa; "\n\t  "p={P}" )'
        + COMMENT,
        "example.com",
    ),
    (f'default._domainkey IN TXT "v=DKIM1; h=sha256; k=rsa; p={P}" ;', None),
    (f'default._domainkey 3600 IN TXT ( "v=DKIM1\\; h=sha256\\; k=rsa\\; p={P}" )', None),
    (f'\ndefault._domainkey   TXT   "v=DKIM1; h=sha256; k=rsa; p={P}"', None),
]


@pytest.mark.parametrize(("text", "domain"), TEXTS)
def test_the_record_is_read_with_its_selector_and_domain(text: str, domain: str | None) -> None:
    found = dkim_key_files.parse(text, DOMAIN)
    named = None if domain is None else DomainName(domain)
    assert found == dkim_key_files.Keys(
        (dkim_key_files.Genkey("default", named, dkim.Record(p=P, h=("sha256",), k="rsa")),)
    )


E = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="  # of RFC 8463 §A.2
RSA = (  # of RFC 6376 §A
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/"
    "RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB"
)


def pem(p: str, kind: str = "PUBLIC KEY") -> str:
    return (
        f"-----BEGIN {kind}-----\n"
        + "\n".join(p[at : at + 64] for at in range(0, len(p), 64))
        + f"\n-----END {kind}-----\n"
    )


# Files of several kinds: the selectors in them with the domain that the file tells and the first
# characters of p, and what else is said.
ED, R = (E[:6], RSA[:6])
SHAPES: dict[str, tuple[str, list[tuple[str, str | None, str]], list[str]]] = {
    "mox: comments before each record, and other records": (
        "; TLSA of the mail server\n_25._tcp.mx.example.com. TLSA 3 1 1 0123\n\n; "
        "selector for ed25519 keys\n"
        f'2026a._domainkey.example.com.  TXT "v=DKIM1;h=sha256;k=ed25519;p={E}"\n\n; '
        "selector for rsa keys\n"
        f'2026b._domainkey.example.com.  TXT "v=DKIM1;h=sha256;p={RSA[:200]}" '
        f'"{RSA[200:]}"\n\n_dmarc.example.com. TXT "v=DMARC1;p=none"\n',
        [("2026a", "example.com", ED), ("2026b", "example.com", R)],
        ["line 2: _25._tcp.mx.example.com TLSA", "line 10: _dmarc.example.com TXT"],
    ),
    "Stalwart: two algorithms": (
        f'202401e._domainkey.example.com. IN TXT "v=DKIM1; k=ed25519; h=sha256; p={E}"\n'
        f'202401r._domainkey.example.com. IN TXT "v=DKIM1; k=rsa; h=sha256; p={RSA}"\n',
        [("202401e", "example.com", ED), ("202401r", "example.com", R)],
        [],
    ),
    "amavisd showkeys: comments with what the key is, a domain each": (
        "; key#1 1024 bits, s=dkim, d=example.com, /var/lib/dkim/example.com.pem\n"
        "dkim._domainkey.example.com.\t3600 TXT (\n"
        f'  "v=DKIM1; p="\n  "{RSA[:64]}"\n  "{RSA[64:]}")\n\n; key#2 1024 bits, s=dkim, '
        "d=example.net, /var/lib/dkim/example.net.pem\n"
        f'dkim._domainkey.example.net.\t3600 TXT (\n  "v=DKIM1; p="\n  "{RSA}")\n',
        [("dkim", "example.com", R), ("dkim", "example.net", R)],
        [],
    ),
    "rspamadm dkim_keygen": (
        f'mail._domainkey IN TXT ( "v=DKIM1; k=rsa; "\n\t"p={RSA}" ) ;\n',
        [("mail", None, R)],
        [],
    ),
    "below an $ORIGIN": (
        f'$ORIGIN example.org.\nmail._domainkey TXT "k=rsa; p={RSA}"\n',
        [("mail", "example.org", R)],
        [],
    ),
    "without the last dot": (
        f'mail._domainkey.example.com IN TXT "p={RSA}"\n',
        [("mail", "example.com", R)],
        [
            "line 1: has no dot behind example.com, and is read as if it had; "
            "a name server would read mail._domainkey.example.com.example.com."
        ],
    ),
    "text around it": (
        f'Add this record to DNS:\n\nmail._domainkey IN TXT "p={RSA}"\n\nand then reload.\n',
        [("mail", None, R)],
        ["line 1: add.example.com THIS", "line 5: and.example.com THEN"],
    ),
    "selectors of several labels": (f's1.mx._domainkey IN TXT "p={RSA}"', [("s1.mx", None, R)], []),
    "mailcow: the value alone": (f"v=DKIM1;k=rsa;t=s;s=email;p={RSA}", [("given", None, R)], []),
    "docker-mailserver with Rspamd: the value alone, wrapped": (
        f"# DNS\nv=DKIM1; k=rsa;\n p={RSA[:90]}\n{RSA[90:]}\n\nmore text\n",
        [("given", None, R)],
        [],
    ),
    "the value without its version": (f"k=ed25519; p={E}\n", [("given", None, ED)], []),
    "one quoted string": (f'"v=DKIM1; k=rsa; p={RSA}"\n', [("given", None, R)], []),
    "several quoted strings in parentheses": (
        f'( "v=DKIM1; k=rsa; "\n  "p={RSA}" ) ; for DNS\n',
        [("given", None, R)],
        [],
    ),
    "openssl rsa -pubout": (pem(RSA), [("given", None, R)], []),
    "openssl pkey -pubout of an Ed25519 key": (
        pem("MCowBQYDK2VwAyEA" + E),
        [("given", None, ED)],
        [],
    ),
    "JSON with the selector beside": (
        f'{{"dkim_selector": "dkim", "dkim_txt": "v=DKIM1;k=rsa;p={RSA}", "privkey": ""}}',
        [("dkim", None, R)],
        [],
    ),
    "JSON by name": (
        f'[{{"name": "a._domainkey.example.com.", "content": "\\"v=DKIM1; p={RSA}\\""}},'
        f' {{"b._domainkey": {{"TXT": ["k=ed25519; p={E}"]}}}}]',
        [("a", "example.com", R), ("b", None, ED)],
        [],
    ),
}


@pytest.mark.parametrize("mark", ["", "\xef\xbb\xbf"], ids=["", "byte order mark"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("case", SHAPES)
def test_every_key_in_a_file_is_read_and_what_else_is_there_is_told(
    case: str, line_end: str, mark: str
) -> None:
    text, expected, said = SHAPES[case]
    octets = (mark + text.replace("\n", line_end)).encode("latin-1")
    found = dkim_key_files.parse(loose_reader.text_of(octets), DOMAIN, "given")
    assert [(key.selector, key.domain, key.record.p[:6]) for key in found.keys] == expected
    assert all(key.record.p in (E, RSA) for key in found.keys)
    assert [*found.passed_over, *found.notes] == said


BROKEN = [
    ("", "expected a line such as default._domainkey IN TXT"),
    ("-----BEGIN PRIVATE KEY-----\n", "expected a line such as default._domainkey IN TXT"),
    ('default IN TXT "v=DKIM1; p="', "expected a selector's name"),
    ("default._domainkey IN TXT ( )", "line 1: expected the record's text in quotes"),
    ('default._domainkey IN TXT ( "v=DKIM1; p=MI', "line 1: a quote is not closed"),
    ('default._domainkey IN TXT ( "v=DKIM1; p=MI"', "line 1: a parenthesis is not closed"),
    ('\n\ndefault._domainkey IN TXT ( "v=DKIM1; k=rsa" )', "line 3: expected p="),
    ("default._domainkey CNAME k.example.net.", "line 1 is an alias, which has no key"),
    ('default._domainkey IN TXT "v=DKIM1; p="' + " " * 300_000, "at most 200000 are read"),
    ("v=DKIM1; p=AAAA", "which selector it is for: --selector NAME"),
    (pem(RSA), "which selector it is for: --selector NAME"),
    (pem(RSA, "RSA PUBLIC KEY"), "this is RSA PUBLIC KEY; openssl pkey"),
    (pem("AAAA"), "RSA and Ed25519 keys only; this is another kind, or is broken"),
    (pem("MCowBQYDK2VwAyEA"), "RSA and Ed25519 keys only"),
    (pem(f"MCowBQYDK2VwAyEA\xff{E}"), "is broken; write it again from the private key"),
    (pem("A"), "is broken; write it again from the private key"),
    ('{"p": 1}', "expected a line such as"),
    ("[" * 100_000, "is not JSON, though it opens so"),
    (E, "expected a line such as"),  # a public key or a private one: nobody can tell
]


@pytest.mark.parametrize(("text", "message"), BROKEN)
def test_what_is_no_such_file_is_refused(text: str, message: str) -> None:
    with pytest.raises((RecordSyntaxError, MasterFileError), match=re.escape(message)):
        dkim_key_files.parse(text, DOMAIN)


@given(
    st.text()
    | st.text(alphabet='default._domainkey IN TXT()";\\\n\tv=DKIM1; p=MIGf').map(
        "s._domainkey IN TXT ".__add__
    )
)
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(RecordSyntaxError, MasterFileError):
        dkim_key_files.parse(loose_reader.text_of(text.encode()), DOMAIN)


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


def made(folder: Path, *options: str) -> tuple[dkim_key_files.Genkey, Path]:
    """Run the program and return what its file says, and the file."""
    need(
        None
        if shutil.which("opendkim-genkey")
        else "opendkim-genkey is not installed (script/servers gets it)"
    )
    subprocess.run(
        ["opendkim-genkey", "-D", str(folder), "-d", "example.com", *options],
        check=True,
        capture_output=True,
    )
    [text] = folder.glob("*.txt")
    [key] = dkim_key_files.parse(text.read_text(), DOMAIN).keys
    return key, text


@pytest.mark.parametrize(
    ("options", "tags"), OPTIONS, ids=lambda each: " ".join(each) if isinstance(each, list) else ""
)
def test_what_the_program_writes_is_the_key_it_made(
    tmp_path: Path, options: list[str], tags: dict[str, object]
) -> None:
    found, text = made(tmp_path, *options)
    assert (found.selector, found.domain) == (text.stem, "example.com")
    record = found.record
    assert public_key_files.PublicKey(record.effective_k, record.p) == public_half(
        text.with_suffix(".private").read_bytes()
    )
    assert {tag: getattr(record, tag) for tag in ("n", "t", "s")} == {
        "n": None,
        "t": None,
        "s": None,
    } | {tag: value for tag, value in tags.items() if tag != "h"}
    if "h" in tags:
        assert record.h == tags["h"]
    if "-b" in options:
        assert modulus_bits(record.key_bytes) == int(options[1])


@pytest.mark.parametrize(("bits", "rule"), [("512", "DKIM008"), ("1024", "DKIM009")])
def test_short_keys_get_their_findings(
    repo: RepoFolder, tmp_path: Path, bits: str, rule: str
) -> None:
    record = made(tmp_path, "-b", bits)[0].record
    repo.policy(
        f"domain: example.com\ndkim: {{selectors: {{s1: {{p: {record.p}, k: {record.k}}}}}}}\n"
    )
    assert rule in repo.run("lint").out
