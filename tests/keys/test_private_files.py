"""Private keys: where they may be, who may read them, and what a run that is cut off leaves behind."""

from __future__ import annotations

import base64
import os
import re
import signal
import stat
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from hypothesis import given, settings
from hypothesis import strategies as st

from mailauth_dns.errors import MailAuthError
from mailauth_dns.keys import keypair, policy_edit, private_files, public_files
from mailauth_dns.policy import public_key_files
from mailauth_dns.policy.public_key_files import KeyFileError
from mailauth_dns.records.dkim import KeyType
from tests.conftest import RepoFolder

POLICY = "domain: example.com # ours\nspf: {all: fail}\n"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("type", ["rsa", "ed25519"])
def test_a_new_key_is_for_its_owner_alone(repo: RepoFolder, private_dir: Path, type: str) -> None:
    repo.policy(POLICY)
    folder = private_dir / "keys"
    made = repo.run(
        "dkim",
        "keygen",
        "example.com",
        "--type",
        type,
        "--selector",
        "s1",
        "--private-dir",
        str(folder),
    )
    assert made.code == 0, made.said
    private = folder / "example.com/s1.private"
    names = {path.name for path in private.parent.iterdir()}
    assert names == ({"s1.private"} if type == "rsa" else {"s1.private", "s1.seed"})
    assert {mode(private.parent / name) for name in names} == {0o600}
    assert {mode(folder), mode(private.parent)} == {0o700}
    assert private.read_bytes().startswith(b"-----BEGIN PRIVATE KEY-----\n")  # PKCS#8
    public = (repo.root / "zones/keys/example.com/s1.pem").read_bytes()
    halves = {keypair.public_half((private.parent / name).read_bytes()) for name in names}
    assert halves == {public_key_files.read(public)}


def test_openssl_reads_both_types(repo: RepoFolder, private_dir: Path) -> None:
    """OpenDKIM reads keys with OpenSSL."""
    repo.policy(POLICY)
    for type in ("rsa", "ed25519"):
        assert (
            repo.run(
                "dkim",
                "keygen",
                "example.com",
                "--type",
                type,
                "--selector",
                type,
                "--private-dir",
                str(private_dir),
            ).code
            == 0
        )
        private = private_dir / f"example.com/{type}.private"
        said = subprocess.run(
            ["openssl", "pkey", "-in", str(private), "-pubout"], capture_output=True, check=True
        ).stdout
        assert said == (repo.root / f"zones/keys/example.com/{type}.pem").read_bytes()


def test_the_environment_names_the_folder(
    repo: RepoFolder, private_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.policy(POLICY)
    monkeypatch.delenv(private_files.ENVIRONMENT, raising=False)
    asked = repo.run("dkim", "keygen", "example.com")
    assert asked.code == 1
    assert "--private-dir DIR, or MAILAUTH_PRIVATE_DIR" in asked.err
    monkeypatch.setenv(private_files.ENVIRONMENT, str(private_dir))
    assert repo.run("dkim", "keygen", "example.com", "--selector", "s1").code == 0
    assert (private_dir / "example.com/s1.private").exists()


def inside_the_repo(root: Path, outside: Path) -> Path:
    return root / "private"


def inside_the_work_tree(root: Path, outside: Path) -> Path:
    (root.parent / ".git").mkdir()
    return root.parent / "private"


def a_link_into_the_repo(root: Path, outside: Path) -> Path:
    (root / "hidden").mkdir()
    (outside / "link").symlink_to(root / "hidden")
    return outside / "link"


def a_domain_linked_into_the_repo(root: Path, outside: Path) -> Path:
    (root / "hidden").mkdir()
    (root / "hidden").chmod(0o777)  # what is wrong besides is not what is told
    (outside / "example.com").symlink_to(root / "hidden")
    return outside


@pytest.mark.parametrize(
    "place",
    [inside_the_repo, inside_the_work_tree, a_link_into_the_repo, a_domain_linked_into_the_repo],
)
def test_no_private_key_in_the_repo(repo: RepoFolder, private_dir: Path, place: object) -> None:
    repo.policy(POLICY)
    assert callable(place)
    folder = place(repo.root, private_dir)
    refused = repo.run("dkim", "keygen", "example.com", "--private-dir", str(folder))
    assert refused.code == 1
    assert "keep private keys in a folder outside it" in refused.err
    assert not list(repo.root.parent.rglob("*.private"))
    assert (repo.root / "zones/policy/policy.yaml").read_text() == POLICY


def test_a_folder_in_which_everybody_may_write_is_refused(
    repo: RepoFolder, private_dir: Path
) -> None:
    repo.policy(POLICY)
    for bits in (0o777, 0o1777):
        private_dir.chmod(bits)
        refused = repo.run(
            "dkim", "keygen", "example.com", "--private-dir", str(private_dir / "keys")
        )
        assert refused.code == 1
        assert f"{private_dir}: everybody may write there" in refused.err
    assert not list(private_dir.rglob("*.private"))


def test_a_key_is_never_overwritten(repo: RepoFolder, private_dir: Path) -> None:
    repo.policy(POLICY)
    private = private_dir / "example.com/s1.private"
    private.parent.mkdir()
    private.write_text("mine")
    refused = repo.run(
        "dkim", "keygen", "example.com", "--selector", "s1", "--private-dir", str(private_dir)
    )
    assert refused.code == 1
    assert "s1.private is there already; a new key needs a new selector" in refused.err
    pair = keypair.generate(KeyType.ED25519)
    with pytest.raises(
        MailAuthError, match="it is never overwritten"
    ):  # also when it came in between
        private_files.write(private, repo.root, pair)
    assert private.read_text() == "mine"
    assert [path.name for path in private.parent.iterdir()] == ["s1.private"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_a_key_that_root_makes_belongs_to_the_folders_owner(
    repo: RepoFolder, private_dir: Path
) -> None:
    """The signing program reads it under its own name; OpenDKIM refuses a file of anybody else."""
    repo.policy(POLICY)
    os.chown(private_dir, 1234, 1234)
    assert (
        repo.run(
            "dkim", "keygen", "example.com", "--type", "ed25519", "--private-dir", str(private_dir)
        ).code
        == 0
    )
    assert {path.stat().st_uid for path in private_dir.rglob("*")} == {1234}


class Cut(Exception):
    """The moment at which the run ends."""


@pytest.mark.parametrize("step", ["the private key", "its public half", "the policy"])
def test_a_run_that_is_cut_off_leaves_a_policy_that_holds(
    repo: RepoFolder, private_dir: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Whatever was written by then, the policy names no key that is not there, and the next run makes a key."""
    repo.policy(POLICY)

    def cut(*_: object, **__: object) -> None:
        raise Cut

    with monkeypatch.context() as patched:
        if step == "the private key":
            patched.setattr(private_files, "write", cut)
        elif step == "its public half":
            patched.setattr(public_files, "replace_file", cut)
        else:
            patched.setattr(policy_edit, "_replace", cut)
        with pytest.raises(Cut):
            repo.run("dkim", "keygen", "example.com", "--private-dir", str(private_dir))
    assert (repo.root / "zones/policy/policy.yaml").read_text() == POLICY
    assert repo.run("lint").code == 0
    again = repo.run("dkim", "keygen", "example.com", "--private-dir", str(private_dir))
    assert again.code == 0, again.said
    assert repo.run("lint").code == 0


KILLED = """
import itertools, os, signal, sys
from mailauth_dns.cli import main
calls, sync = itertools.count(1), os.fsync
def fsync(handle):
    sync(handle)
    if next(calls) == int(sys.argv[1]):
        os.kill(os.getpid(), signal.SIGKILL)
os.fsync = fsync
main(sys.argv[2:])
"""
SYNCS = 8  # key, seed, public half and policy: the file, and then the folder that it is put into


@pytest.mark.parametrize("step", range(1, SYNCS + 1))
def test_a_killed_run_leaves_whole_files_and_is_run_again(
    repo: RepoFolder, private_dir: Path, step: int
) -> None:
    path = repo.policy(POLICY)
    keygen = (
        "dkim",
        "keygen",
        "example.com",
        "--type",
        "ed25519",
        "--private-dir",
        str(private_dir),
    )
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(step), "-C", str(repo.root), *keygen],
        capture_output=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert (path.read_text() == POLICY) == (step < SYNCS)
    for private in (*private_dir.rglob("*.private"), *private_dir.rglob("*.seed")):
        keypair.public_half(private.read_bytes())
    assert {mode(each) for each in private_dir.rglob("*") if each.is_file()} == {
        0o600
    }  # drafts too
    assert repo.run("lint").code == 0
    again = repo.run(*keygen)
    assert again.code == 0, again.said
    assert repo.run("lint").code == 0
    assert len(list(private_dir.rglob("*.seed"))) == (2 if step >= 4 else 1)


def test_the_same_selector_again_tells_of_the_key_that_a_killed_run_left(
    repo: RepoFolder, private_dir: Path
) -> None:
    """What it says to do is enough to use the key; the draft, which is the key by another name, goes."""
    path = repo.policy(POLICY)
    keygen = (
        "dkim",
        "keygen",
        "example.com",
        "--selector",
        "mx",
        "--private-dir",
        str(private_dir),
    )
    subprocess.run(
        [sys.executable, "-c", KILLED, "2", "-C", str(repo.root), *keygen],
        capture_output=True,
        check=False,
    )
    private = private_dir / "example.com/mx.private"
    (private.parent / ".mx.private.abcd.draft").hardlink_to(private)
    checked = repo.run("dkim", "check", "--private-dir", str(private_dir)).out
    assert (
        f"mx._domainkey.example.com  note  DKIM032: {private} is of a selector that the policy does not name"
        in checked
    )
    assert (
        f"mx._domainkey.example.com  note  DKIM037: {private.parent}/.mx.private.abcd.draft was left by a run that was cut off"
        in checked
    )
    refused = repo.run(*keygen)
    assert refused.code == 1
    assert (
        f"{private} is there already; a new key needs a new selector; zones/policy/policy.yaml does not name it; to use it, "
        in refused.err
    )
    assert [each.name for each in private.parent.iterdir()] == ["mx.private"]
    [command], [entry] = (
        re.findall(r"\((openssl .*?)\)", refused.err),
        re.findall(r"`(mx: \{.*?\})`", refused.err),
    )
    subprocess.run(command.split(), check=True)
    path.write_text(f"{POLICY}dkim:\n  selectors:\n    {entry}\n")
    assert repo.run("lint").code == 0
    assert "DKIM032" not in repo.run("dkim", "check", "--private-dir", str(private_dir)).out


@pytest.mark.parametrize("name", ["keys", "keys/example.com"])
@pytest.mark.parametrize("kind", ["a file", "a link that leads nowhere"])
def test_what_is_no_folder_is_told(
    repo: RepoFolder, private_dir: Path, name: str, kind: str
) -> None:
    repo.policy(POLICY)
    at = private_dir / name
    at.parent.mkdir(exist_ok=True)
    if kind == "a file":
        at.write_text("mine")
    else:
        at.symlink_to(private_dir / "nowhere")
    made = repo.run(
        "dkim",
        "keygen",
        "example.com",
        "--selector",
        "s1",
        "--private-dir",
        str(private_dir / "keys"),
    )
    if (name, kind) == (
        "keys",
        "a link that leads nowhere",
    ):  # it leads to where the folder is made
        assert (made.code, (private_dir / "nowhere/example.com/s1.private").exists()) == (0, True)
    else:
        assert made.code == 1
        assert (
            f"{at}: is a file, or a link that leads nowhere; private keys need a folder there"
            in made.err
        )


# An X448 key, of which this has too few octets: OpenSSL refuses it where nobody expects it to.
X448 = b"-----BEGIN PRIVATE KEY-----\n%s-----END PRIVATE KEY-----\n" % base64.encodebytes(
    bytes.fromhex("302e020100300506032b656f04220420") + bytes(32)
)


def test_what_is_no_private_key_is_told_without_its_text() -> None:
    pair = keypair.generate(KeyType.RSA)
    for data, message in [
        (
            b"-----BEGIN PRIVATE KEY-----\nc2VjcmV0LXZhbHVl\n-----END PRIVATE KEY-----\n",
            "is not a private key, or is broken",
        ),
        (b"c2VjcmV0LXZhbHVl", "is not a private key, or is broken"),
        (b"", "is not a private key, or is broken"),
        (pair.public_pem, "is not a private key, or is broken"),
        (X448, "is not a private key, or is broken"),
    ]:
        with pytest.raises(KeyFileError, match=message) as caught:
            keypair.public_half(data)
        assert "c2VjcmV0" not in str(caught.value)


@given(st.data())
@settings(max_examples=300)
def test_a_file_with_a_changed_bit_is_no_private_key(data: st.DataObject) -> None:
    """What OpenSSL's own check, which takes a hundred times as long, finds by proving the primes."""
    pem = _rsa()
    der = bytearray(base64.b64decode(b"".join(pem.splitlines()[1:-1])))
    at = data.draw(st.integers(0, len(der) * 8 - 1))
    der[at // 8] ^= 1 << at % 8
    changed = (
        b"-----BEGIN PRIVATE KEY-----\n"
        + base64.encodebytes(bytes(der))
        + b"-----END PRIVATE KEY-----\n"
    )
    try:
        load_pem_private_key(changed, password=None)
    except (ValueError, UnsupportedAlgorithm):
        with pytest.raises(KeyFileError, match="is not a private key, or is broken"):
            keypair.public_half(changed)


@cache
def _rsa() -> bytes:
    return keypair.generate(KeyType.RSA).private_pem


@pytest.mark.parametrize("bits", keypair.RSA_BITS)
def test_a_key_of_each_size_is_read(bits: int) -> None:
    pair = keypair.generate(KeyType.RSA, bits)
    assert keypair.public_half(pair.private_pem) == pair.public


def test_a_key_pair_shows_its_public_half_only() -> None:
    pair = keypair.generate(KeyType.ED25519)
    assert pair.seed is not None
    assert "PRIVATE" not in repr(pair)
    assert pair.seed.decode().strip() not in repr(pair)
