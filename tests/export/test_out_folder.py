"""What `export --out` writes over, and what it refuses to."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.conftest import RepoFolder
from tests.export.articles import BOTH, ED25519, MARK, exported


def test_hosts_that_relay_are_not_forgotten(article: RepoFolder) -> None:
    """An export that names none would leave mail of hosts unsigned that an earlier one named."""
    exported(article, "--format", "opendkim", "--mynetworks", "198.51.100.0/24")
    folder = str(article.root.parent / "exported")
    refused = article.run("export", "example.com", "--format", "opendkim", "--out", folder)
    assert refused.code == 1
    assert f"{folder}/TrustedHosts: an earlier export has 198.51.100.0/24 there, " in refused.err
    checked = article.run(
        "export",
        "example.com",
        "--format",
        "opendkim",
        "--mynetworks",
        "198.51.0.0/16",
        "--check",
        folder,
    )
    assert (checked.code, checked.out.splitlines()[0]) == (
        2,
        f"{folder}/TrustedHosts: + 198.51.0.0/16",
    )
    exported(article, "--format", "opendkim", "--mynetworks", "198.51.0.0/16")


def test_a_file_of_somebody_else_is_not_overwritten(article: RepoFolder, tmp_path: Path) -> None:
    (tmp_path / "KeyTable").write_text("mine\n")
    refused = article.run("export", "example.com", "--format", "opendkim", "--out", str(tmp_path))
    assert refused.code == 1
    assert "no export made this file, and it is not overwritten" in refused.err
    assert sorted(path.name for path in tmp_path.glob("*[eE]*") if path.is_file()) == ["KeyTable"]


@pytest.fixture
def two(article: RepoFolder) -> RepoFolder:
    """A second domain, whose key is Ed25519."""
    article.write(
        "zones/keys/example.org/e1.pem",
        f"-----BEGIN PUBLIC KEY-----\n{ED25519}\n-----END PUBLIC KEY-----\n",
    )
    article.policy("domain: example.org\ndkim: {selectors: {e1: {key: e1.pem}}}\n", "org")
    return article


DROPPED = {
    "opendkim": "{out} example.com would be taken out of the files there, and no longer signed for; name all domains of the host: "
    "mailauth-dns export example.com example.org --format opendkim; or delete the files first if you no longer sign for them",
    "rspamd": "example.com would be taken out of the files there",
    "postfix": "main.cf: an earlier export has inet:127.0.0.1:8891 there, where mail of other domains may be signed; name all domains",
}


@pytest.mark.parametrize("format", DROPPED)
@pytest.mark.parametrize("keys", ["one key", "two keys"])
def test_a_second_domain_takes_no_first_one_out(
    two: RepoFolder, tmp_path: Path, format: str, keys: str
) -> None:
    out = tmp_path / "out"
    allow = ("--allow", "DKIM031", "--allow", "live-unknown")
    if keys == "two keys":
        two.write(
            "zones/keys/example.com/e1.pem",
            f"-----BEGIN PUBLIC KEY-----\n{ED25519}\n-----END PUBLIC KEY-----\n",
        )
        two.policy(BOTH)
    assert two.run("export", "example.com", "--format", format, "--out", str(out), *allow).code == 0
    before = {path.name: path.read_text() for path in out.iterdir()}
    refused = two.run("export", "example.org", "--format", format, "--out", str(out), *allow)
    assert refused.code == 1, refused.said
    assert DROPPED[format].format(out=f"--out {out}:") in refused.err
    assert {path.name: path.read_text() for path in out.iterdir()} == before
    both = two.run(
        "export", "example.com", "example.org", "--format", format, "--out", str(out), *allow
    )
    assert both.code == 0, both.said
    assert (
        two.run(
            "export", "example.com", "example.org", "--format", format, "--check", str(out)
        ).code
        == 0
    )


def test_another_socket_is_no_other_domain(article: RepoFolder) -> None:
    exported(article, "--format", "postfix")
    assert (
        "inet:127.0.0.1:8899\n"
        in exported(article, "--format", "postfix", "--socket", "inet:8899@localhost")["main.cf"]
    )


def test_files_are_looked_at_before_they_are_opened(article: RepoFolder, tmp_path: Path) -> None:
    """No run waits for a pipe. A missing folder is no difference, and a link stays a link."""
    missing = article.run(
        "export", "example.com", "--format", "opendkim", "--check", str(tmp_path / "no")
    )
    assert (missing.code, missing.err) == (1, f"--check {tmp_path}/no: there is no such folder\n")
    os.mkfifo(tmp_path / "KeyTable")
    for option in ("--check", "--out"):
        refused = article.run(
            "export", "example.com", "--format", "opendkim", option, str(tmp_path)
        )
        assert (refused.code, refused.err) == (1, f"{tmp_path}/KeyTable: is not a regular file\n")
    (tmp_path / "KeyTable").unlink()
    (tmp_path / "KeyTable").symlink_to("elsewhere")
    assert (
        article.run("export", "example.com", "--format", "opendkim", "--out", str(tmp_path)).code
        == 0
    )
    assert (tmp_path / "KeyTable").is_symlink()
    assert MARK in (tmp_path / "elsewhere").read_text()


@pytest.mark.parametrize("place", ["zones", "zones/policy", "zones/keys/x", "providers", "link"])
def test_nothing_is_written_into_the_repos_own_folders(article: RepoFolder, place: str) -> None:
    (article.root / "link").symlink_to(article.root / "zones/policy")
    before = sorted(article.root.rglob("*"))
    refused = article.run(
        "export", "example.com", "--format", "bind", "--out", str(article.root / place)
    )
    assert refused.code == 1
    assert "where policies and compiled files are; use another folder" in refused.err
    assert sorted(article.root.rglob("*")) == before


def test_a_relative_folder_lies_where_the_repo_does(article: RepoFolder) -> None:
    """As with git, -C comes first."""
    assert article.run("export", "example.com", "--format", "bind", "--out", "exported").code == 0
    assert (article.root / "exported/mailauth-dns.zone").exists()
    assert article.run("export", "example.com", "--format", "bind", "--check", "exported").code == 0
