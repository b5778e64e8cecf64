"""Private keys: where they may be, and who may read them."""

from __future__ import annotations

import os
import stat
import subprocess
from errno import EINVAL
from pathlib import Path

import pytest

from mailauth_dns.errors import MailAuthError
from mailauth_dns.keys import keypair, private_files
from mailauth_dns.policy import public_key_files
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


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_an_owner_that_a_container_does_not_have_is_told(
    repo: RepoFolder, private_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A user namespace maps some numbers only; of others chown says "Invalid argument"."""
    repo.policy(POLICY)

    def no_mapping(*_: object, **__: object) -> None:
        raise OSError(EINVAL, os.strerror(EINVAL))

    monkeypatch.setattr(os, "chown", no_mapping)
    ran = repo.run(
        *("dkim", "keygen", "example.com", "--owner", "root"),
        *("--private-dir", str(private_dir)),
    )
    assert ran.code == 1
    assert "no file can be given to root (user 0) here" in ran.err
    assert "name another --owner" in ran.err
    assert not list(private_dir.iterdir())


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
