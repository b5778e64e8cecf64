"""What opendkim-genkey writes, read back; and what is no such file."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from mailauth_dns.errors import MailAuthError
from mailauth_dns.importing import genkey
from mailauth_dns.importing.genkey import GeneratedKey
from mailauth_dns.records import dkim
from mailauth_dns.records.zone import quoted
from tests.conftest import IN_CI, RepoFolder

CORPUS = Path(__file__).parents[3] / "shared/corpora/dkim/key_records.json"

FILES = {
    """default._domainkey\tIN\tTXT\t( "v=DKIM1; k=rsa; "\n\t  "p=AAAA"\n\t  "BBBB" )  ; ----- DKIM key default for x\n""": GeneratedKey(
        "default", None, "v=DKIM1; k=rsa; p=AAAABBBB"
    ),
    's1._domainkey.Example.com.\tIN\tTXT\t( "v=DKIM1; h=sha256; t=y:s; " "p=AAAA" )': GeneratedKey(
        "s1", "example.com", "v=DKIM1; h=sha256; t=y:s; p=AAAA"
    ),
    's1._domainkey 300 IN TXT ( "v=DKIM1; n=\\"a note\\"; " "p=AAAA" ) ; x "y"': GeneratedKey("s1", None, 'v=DKIM1; n="a note"; p=AAAA'),
    's1._domainkey IN TXT ( "v=DKIM1; n=\\"say "hi" all\\"; " "p=AAAA" )': GeneratedKey("s1", None, 'v=DKIM1; n="say hi all"; p=AAAA'),
    's1._domainkey IN TXT "v=DKIM1; n=(a); p=AAAA"': GeneratedKey("s1", None, "v=DKIM1; n=(a); p=AAAA"),
    '; a comment\na.b._domainkey TXT "p="': GeneratedKey("a.b", None, "p="),
}


@pytest.mark.parametrize("text", FILES)
def test_a_generated_file_is_one_record(text: str) -> None:
    assert genkey.read(text) == FILES[text]


REFUSED = {
    "-----BEGIN RSA PRIVATE KEY-----\nc2VjcmV0\n-----END RSA PRIVATE KEY-----\n": "this is the private key; give the .txt file",
    'x._domainkey IN TXT "-----BEGIN PRIVATE KEY-----"': "this is the private key; give the .txt file",
    "": "there is no quoted string, or no name in front of it",
    "s1._domainkey IN TXT p=AAAA": "there is no quoted string, or no name in front of it",
    '"p=AAAA"': "there is no quoted string, or no name in front of it",
    's1._domainkey IN CNAME "x"': "expected <selector>._domainkey IN TXT and quoted strings",
    '_dmarc IN TXT "v=DMARC1"': "the name has no _domainkey in it",
    'a b._domainkey IN TXT "p="': "expected <selector>._domainkey IN TXT and quoted strings",
    '-!-._domainkey IN TXT "p="': "a label holds letters, digits, '-' and '_'",
    's1._domainkey IN TXT ( "p=AAAA )': "a quote is not closed",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_such_file_is_refused_and_never_quoted(text: str) -> None:
    with pytest.raises(MailAuthError) as caught:
        genkey.read(text)
    assert REFUSED[text] in str(caught.value)
    assert "AAAA" not in str(caught.value)
    assert "c2VjcmV0" not in str(caught.value)


def imported(repo: RepoFolder, text: str) -> dkim.Record:
    """Return the record that the imported policy publishes."""
    repo.write("default.txt", text)
    (repo.root / "zones/policy/example.com.yaml").unlink(missing_ok=True)
    ran = repo.run("import", "example.com", "--from-genkey", "default.txt", "--write")
    assert (ran.code, ran.out) == (0, "written: zones/policy/example.com.yaml\n"), ran.said
    repo.run("compile")
    [entry] = [entry for entry in _declared(repo) if entry]
    [value] = entry
    return dkim.parse(value)


def _declared(repo: RepoFolder) -> list[frozenset[str]]:
    from mailauth_dns import compile_repo, load_repo

    [publication] = compile_repo(load_repo(repo.root))
    return [entry.values for entry in publication.declared]


VARIANTS = {
    "1024": ("-b", "1024"),
    "2048": ("-b", "2048"),
    "4096": ("-b", "4096"),
    "hashes": ("-b", "1024", "-h", "sha256:sha1"),
    "note": ("-b", "1024", "-n", "made in spring"),
    "testing, no subdomains": ("-b", "1024", "-t", "-S"),
    "domain appended": ("-b", "1024", "-a"),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_what_the_program_writes_comes_out_of_the_policy(repo: RepoFolder, tmp_path: Path, variant: str) -> None:
    if shutil.which("opendkim-genkey") is None:
        if IN_CI:
            pytest.fail("opendkim-genkey is not installed (script/servers gets it)")
        pytest.skip("opendkim-genkey is not installed (script/servers gets it)")
    made = tmp_path / "keys"
    made.mkdir()
    subprocess.run(
        ["opendkim-genkey", "-D", str(made), "-d", "example.com", "-s", "s1", *VARIANTS[variant]], check=True, capture_output=True
    )
    text = (made / "s1.txt").read_text()
    record = imported(repo, text)
    published = dkim.parse(genkey.read(text).text)
    assert record.meaning == published.meaning
    assert record.n == (published.n.strip('"') if published.n is not None else None)
    refused = repo.run("import", "example.com", "--from-genkey", str(made / "s1.private"))
    assert (refused.code, refused.out) == (1, "")
    assert refused.err == "s1.private: this is the private key; give the .txt file that opendkim-genkey wrote beside it\n"


def test_the_corpus_of_generated_records(repo: RepoFolder) -> None:
    if not CORPUS.exists():
        pytest.skip("key_records.json lives beside the checkout, in ../shared/corpora")
    cases = [case for case in json.loads(CORPUS.read_text())["cases"] if case.get("strings")]
    assert cases
    for case in cases:
        text = "s1._domainkey IN TXT ( " + "\n\t".join(map(quoted, case["strings"])) + " ) ; ----- DKIM key"
        assert imported(repo, text).meaning == dkim.parse("".join(case["strings"])).meaning
