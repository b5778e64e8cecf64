"""What opendkim-genkey writes comes out of the policy that import makes of it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from mailauth_dns.importing import dkim_key_files
from mailauth_dns.records import dkim
from mailauth_dns.records.name import DomainName
from tests.conftest import RepoFolder, need

REFUSED = {
    "-----BEGIN RSA PRIVATE KEY-----\nc2VjcmV0\n-----END RSA PRIVATE KEY-----\n": "this is the private key; give the .txt file",
    's1._domainkey IN TXT ( "p=-----BEGIN PRIVATE KEY----- c2VjcmV0" )': "this is the private key; give the .txt file",
    's1._domainkey IN TXT ( "p=MAcCAQAwAgUA" )': "this is a private key",
    's1._domainkey IN TXT ( "p=c2VjcmV0!" )': "p is not base64",
    "c2VjcmV0": "expected a line such as default._domainkey IN TXT",
    's1._domainkey IN TXT ( "p=c2VjcmV0 )': "line 1: a quote is not closed",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_public_key_is_refused_and_never_quoted(repo: RepoFolder, text: str) -> None:
    repo.write("default.txt", text)
    ran = repo.run("import", "example.com", "--from-genkey", "default.txt")
    assert ran.code in (1, 2)
    assert REFUSED[text] in ran.err
    assert "c2VjcmV0" not in ran.said
    assert "MAcCAQAw" not in ran.said


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


# opendkim-genkey 2.11 makes RSA keys alone.
BITS = ("512", "1024", "2048", "4096")
OPTIONS = {
    "nothing more": (),
    "hashes": ("-h", "sha256:sha1"),
    "note": ("-n", "made in spring"),
    "testing": ("-t",),
    "email only": ("-r",),
    "everything": ("-h", "sha256", "-n", 'our "first" key', "-t", "-S", "-r", "-a"),
}


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("bits", BITS)
def test_what_the_program_writes_comes_out_of_the_policy(
    repo: RepoFolder, tmp_path: Path, bits: str, options: str
) -> None:
    need(
        None
        if shutil.which("opendkim-genkey")
        else "opendkim-genkey is not installed (script/servers gets it)"
    )
    made = tmp_path / "keys"
    made.mkdir()
    subprocess.run(
        [
            "opendkim-genkey",
            "-D",
            str(made),
            "-d",
            "example.com",
            "-s",
            "s1",
            "-b",
            bits,
            *OPTIONS[options],
        ],
        check=True,
        capture_output=True,
    )
    text = (made / "s1.txt").read_text()
    record = imported(repo, text)
    [key] = dkim_key_files.parse(text, DomainName("example.com")).keys
    published = key.record
    assert record.meaning == published.meaning
    assert record.n == (published.n.strip('"') if published.n is not None else None)
    found = {rule for rule in ("DKIM008", "DKIM009") if rule in repo.run("lint").out}
    assert found == {"512": {"DKIM008"}, "1024": {"DKIM009"}}.get(bits, set())
    refused = repo.run("import", "example.com", "--from-genkey", str(made / "s1.private"))
    assert (refused.code, refused.out) == (1, "")
    assert (
        refused.err
        == "s1.private: this is the private key; give the .txt file that opendkim-genkey "
        "wrote beside it, or use `dkim adopt`\n"
    )


def test_a_key_for_a_domain_that_has_a_policy_is_printed_to_be_copied(repo: RepoFolder) -> None:
    repo.policy("domain: example.com\nspf: absent\n", "mine")
    repo.write("default.txt", 's1._domainkey IN TXT "v=DKIM1; p="\n')
    ran = repo.run("import", "example.com", "--from-genkey", "default.txt", "--write")
    assert (ran.code, ran.err) == (
        1,
        "example.com has a policy already: zones/policy/mine.yaml; "
        "leave --write out, and copy the selector that is printed to dkim.selectors there\n",
    )
    shown = repo.run("import", "example.com", "--from-genkey", "default.txt")
    assert "dkim:\n  selectors:\n    s1:\n" in shown.out
