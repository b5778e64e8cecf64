"""Which files of a repo are read: keys, lists of domains, links and folders."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mailauth_dns.errors import PolicyError
from mailauth_dns.policy.load import load_repo
from tests.conftest import RepoFolder
from tests.policy.refusals import marked, told

PRIVATE = (
    "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIKk7bXU5X2dQ1w\n-----END PRIVATE KEY-----\n"
)
IS_PRIVATE = (
    "this is a private key; take it out of the repo and out of git's history, make a new "
    "key, and put only the public part here\n"
)
KEY_POLICY = "domain: example.com\ndkim: {selectors: {s1: {key: s1.pem}}}\n"
KEY_FILE = "zones/keys/example.com/s1.pem"
KEYS: dict[str, tuple[str | None, str]] = {
    "missing": (None, "there is no such file\n"),
    "private": (PRIVATE, IS_PRIVATE),
    "broken": (
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        "the public key in this file is broken; write it again from the private key\n",
    ),
    "PKCS#1": (
        "-----BEGIN RSA PUBLIC KEY-----\nAAAA\n-----END RSA PUBLIC KEY-----\n",
        "a bare RSA key (PKCS#1); convert it: openssl rsa -RSAPublicKey_in -in KEY -pubout\n",
    ),
    "no PEM": (
        "MIIB",
        "not a public key in PEM; it opens with -----BEGIN PUBLIC KEY----- (openssl pkey "
        "-in KEY -pubout)\n",
    ),
}


@pytest.mark.parametrize("case", KEYS)
def test_key_files_that_cannot_be_used(repo: RepoFolder, case: str) -> None:
    text, expected = KEYS[case]
    repo.policy(KEY_POLICY)
    if text is not None:
        repo.write(KEY_FILE, text)
    at_the_key = (
        f"zones/policy/policy.yaml:2:30: dkim.selectors.s1.key: {KEY_FILE}: {expected}"
        "    2 | dkim: {selectors: {s1: {key: s1.pem}}}\n"
        "      |                              ^~~~~~\n"
    )
    assert told(repo) == at_the_key


def test_a_private_key_that_no_policy_names_is_found_too(repo: RepoFolder) -> None:
    repo.policy("domain: example.com\nspf: {all: fail}\n")
    repo.write("zones/keys/example.com/forgotten.key", PRIVATE)
    assert told(repo) == f"zones/keys/example.com/forgotten.key: {IS_PRIVATE}"


def test_a_draft_of_another_run_may_go_while_the_repo_is_read(
    repo: RepoFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.policy("domain: example.com\nspf: {all: fail}\n")
    folder = repo.write("zones/keys/example.com/s1.pem", "").parent
    monkeypatch.setattr(
        "os.walk",
        lambda top, **_: [(str(folder), [], [".s2.pem.x1.draft"])] if "keys" in str(top) else [],
    )
    assert load_repo(repo.root).policies


OUTSIDE = "lies outside the repo; every file that a policy names must be inside it\n"
# What the policy writes, and what it is told as.
KEYS_OUTSIDE = {
    "../../../../outside": "zones/keys/example.com/../../../../outside",
    "/etc/hostname": "/etc/hostname",
}
LISTS_OUTSIDE = {
    "../../../outside": "zones/policy/../../../outside",
    "/etc/hostname": "/etc/hostname",
    "link": "zones/policy/link",
}


@pytest.mark.parametrize(("name", "shown"), KEYS_OUTSIDE.items())
def test_a_key_file_outside_the_repo_is_refused(repo: RepoFolder, name: str, shown: str) -> None:
    (repo.root.parent / "outside").write_text("x")
    (repo.root / "zones/keys/example.com").mkdir(parents=True)
    line = f"dkim: {{selectors: {{s1: {{key: {name}}}}}}}"
    repo.policy(f"domain: example.com\n{line}\n")
    assert told(
        repo
    ) == f"zones/policy/policy.yaml:2:30: dkim.selectors.s1.key: {shown}: {OUTSIDE}" + marked(
        2, line, name
    )


@pytest.mark.parametrize(("name", "shown"), LISTS_OUTSIDE.items())
def test_a_list_of_domains_outside_the_repo_is_refused(
    repo: RepoFolder, name: str, shown: str
) -> None:
    (repo.root.parent / "outside").write_text("example.com\n")
    (repo.root / "zones/policy/link").symlink_to(repo.root.parent / "outside")
    repo.policy(f"domains_file: {name}\nparked: true\n")
    assert told(
        repo
    ) == f"zones/policy/policy.yaml:1:15: domains_file: {shown}: {OUTSIDE}" + marked(
        1, f"domains_file: {name}", name
    )


SECRET = "hunter2"
NOT_LISTS = [
    ".env",
    ".git/config",
    "zones/.env",
    "zones/list.md",
    "zones/policy/linked.txt",
    "providers/list.txt",
    "list.txt",
]


@pytest.mark.parametrize("name", NOT_LISTS)
def test_only_a_txt_file_below_zones_is_read_as_a_list(repo: RepoFolder, name: str) -> None:
    """Lines that are shown must not be those of a file that holds secrets, whoever names it."""
    if name == "zones/policy/linked.txt":
        repo.write(".env", f"PASSWORD={SECRET}\n{SECRET}.example\n")
        (repo.root / name).symlink_to("../../.env")
    else:
        repo.write(name, f"PASSWORD={SECRET}\n{SECRET}.example\n")
    repo.write(
        "zones/policy/a.policy.yaml",
        f"domains_file: {os.path.relpath(name, 'zones/policy')}\nparked: true\n",
    )
    said = told(repo)
    assert SECRET not in said
    assert "a.policy.yaml:1:15: domains_file: " in said


def test_a_line_of_a_list_that_is_no_name_is_not_quoted(repo: RepoFolder) -> None:
    lines = [
        f"PASSWORD={SECRET}",
        f"{SECRET} x",
        f"xn--{SECRET}",
        f"{SECRET}\xe9\u0301\u200d.example",
        f"{SECRET}..example",
        f"a.*.{SECRET}",
    ]
    repo.write("zones/lists/a.txt", "".join(f"{line}\n" for line in lines))
    repo.policy("domains_file: ../lists/a.txt\nparked: true\n")
    said = told(repo)
    assert SECRET not in said
    assert [line.partition(": ")[0].rpartition(":")[0] for line in said.splitlines()] == [
        f"zones/lists/a.txt:{n}" for n in range(1, 7)
    ]


LINKED = {
    "zones/policy/x.yaml": ".git/config",
    "providers/x.yaml": ".env",
    "zones/locks/spf.json": ".npmrc",
    "zones/keys/x.pem": ".key.pem",
}


@pytest.mark.parametrize(("link", "target"), LINKED.items())
def test_a_link_to_a_file_of_another_kind_is_refused_unread(
    repo: RepoFolder, link: str, target: str
) -> None:
    """Messages show lines of what is no policy, and .git/config can hold a checkout's token."""
    repo.policy("domain: example.com\nspf: absent\n")
    repo.write(target, f"[http]\n\textraheader = {SECRET}\n")
    (repo.root / link).parent.mkdir(parents=True, exist_ok=True)
    (repo.root / link).symlink_to(os.path.relpath(target, Path(link).parent))
    assert (
        told(repo)
        == f"{link}: is a link to a file of another kind, whose lines would be shown; put "
        "the file itself here\n"
    )


def test_a_policy_may_be_a_link_to_another_place_of_the_repo(repo: RepoFolder) -> None:
    repo.write("teams/mail/x.yaml", "domain: example.com\nspf: absent\n")
    (repo.root / "zones/policy/x.yaml").symlink_to("../../teams/mail/x.yaml")
    assert [policy.domain for policy in load_repo(repo.root).policies] == ["example.com"]


def test_a_symbolic_link_out_of_the_repo_is_refused(repo: RepoFolder) -> None:
    (repo.root.parent / "outside.yaml").write_text("domain: example.com\n")
    (repo.root / "zones/policy/linked.yaml").symlink_to(repo.root.parent / "outside.yaml")
    assert (
        told(repo)
        == "zones/policy/linked.yaml: lies outside the repo; every file that a policy names "
        "must be inside it\n"
    )


OUTSIDE_KINDS = {
    "a policy": "zones/policy/x.yaml",
    "the defaults": "zones/policy/_defaults.yaml",
    "a list": "zones/policy/x.txt",
    "a key": "zones/keys/example.com/s1.pem",
    "a key that nobody names": "zones/keys/example.com/x.pem",
    "a provider": "providers/x.yaml",
    "the lock": "zones/locks/spf.json",
}


@pytest.mark.parametrize("kind", OUTSIDE_KINDS)
@pytest.mark.parametrize("target", ["secret", "/dev/zero", "/proc/self/environ"])
def test_no_kind_of_file_is_read_outside_the_repo(repo: RepoFolder, kind: str, target: str) -> None:
    secret = repo.root.parent / "secret"
    secret.write_text("hunter2: [")
    repo.policy(KEY_POLICY if kind == "a key" else "domain: example.com\nspf: absent\n")
    repo.write(
        "zones/policy/list.yaml",
        "domains_file: x.txt\nparked: true\n"
        if kind == "a list"
        else "domain: a.example\nspf: absent\n",
    )
    link = repo.root / OUTSIDE_KINDS[kind]
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(secret if target == "secret" else target)
    said = told(repo)
    assert "lies outside the repo" in said
    assert "hunter2" not in said


def test_links_that_go_in_a_circle_are_told(repo: RepoFolder) -> None:
    (repo.root / "zones/policy/a.yaml").symlink_to(repo.root / "zones/policy/b.yaml")
    (repo.root / "zones/policy/b.yaml").symlink_to(repo.root / "zones/policy/a.yaml")
    assert told(repo).count("cannot be read") == 2


def test_a_folder_that_cannot_be_read_is_told(repo: RepoFolder) -> None:
    (repo.root / "zones/policy/policy.yaml").mkdir()
    (repo.root / "zones/policy/policy.yaml/x.yaml").write_text("")
    assert (
        told(repo)
        == "zones/policy/policy.yaml: policies in sub-folders are not read; move them up\n"
    )


def test_no_zone_repo_is_told(tmp_path: Path) -> None:
    with pytest.raises(
        PolicyError, match=r"there is no such folder in .*; run in a zone repo, or name one with -C"
    ):
        load_repo(tmp_path)


def test_a_name_that_is_not_utf_8_is_a_problem(repo: RepoFolder) -> None:
    """Neither SARIF nor the file of a shard could hold it."""
    repo.policy("domain: a.example\n")
    name = os.fsencode(repo.root / "zones/policy") + b"/b\xff.yaml"
    with open(name, "w") as file:  # noqa: PTH123
        file.write("domain: b.example\n")
    ran = repo.run("lint", "--format", "sarif")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "zones/policy/b\\udcff.yaml: its name is not UTF-8; rename the file\n"
