"""Which repo a command works in, and which folder file names are relative to: as in git."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from mailauth_dns.cli import main
from tests.conftest import RepoFolder

POLICY = "domain: example.com\nspf: {all: fail}\n"
ZONE = (
    "$TTL 3600\n@ IN SOA ns1.example.net. h.example.net. 1 7200 1800 1209600 300\n@ IN NS "
    "ns1.example.net.\n"
)


@pytest.fixture
def deep(repo: RepoFolder, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the repo, in which commands are run."""
    repo.policy(POLICY + "providers: [local]\n")
    repo.local("example.com", ZONE)
    folder = repo.root / "docs/mail"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder


def run(repo: RepoFolder, *arguments: str) -> tuple[int, str]:
    repo.capture()
    code = main(arguments)
    return code, "".join(repo.capture())


def test_the_repo_is_the_next_folder_above_that_is_one(repo: RepoFolder, deep: Path) -> None:
    assert run(repo, "compile")[0] == 0
    assert (repo.root / "zones/compiled/example.com.yaml").exists()
    assert list(deep.iterdir()) == []


def test_a_file_that_is_named_lies_where_the_command_is_run(repo: RepoFolder, deep: Path) -> None:
    assert run(repo, "plan", "--no-live", "--out", "plan.json")[0] == 0
    assert [path.name for path in deep.iterdir()] == ["plan.json"]
    assert run(repo, "plan", "--show", "plan.json")[0] == 0
    assert run(repo, "plan", "--show", "../../docs/mail/plan.json")[0] == 0
    assert (
        f"{deep / 'private'}: is inside"
        in run(repo, "dkim", "keygen", "example.com", "--private-dir", "private")[1]
    )


def test_with_c_it_lies_in_that_folder_which_is_the_repo(repo: RepoFolder, deep: Path) -> None:
    assert run(repo, "-C", str(repo.root), "plan", "--no-live", "--out", "plan.json")[0] == 0
    assert (repo.root / "plan.json").exists()
    code, said = run(repo, "-C", str(deep), "compile")
    assert code == 1
    assert (
        f"zones/policy: there is no such folder in {deep}; run in a zone repo, or name one with -C"
        in said
    )


def test_the_nearest_repo_is_the_one(repo: RepoFolder, deep: Path) -> None:
    (deep / "zones/policy").mkdir(parents=True)
    (deep / "zones/policy/a.yaml").write_text(POLICY)
    assert run(repo, "compile")[0] == 0
    assert (deep / "zones/compiled/example.com.yaml").exists()
    assert not (repo.root / "zones/compiled").exists()


def test_inside_the_policies_too(
    repo: RepoFolder, deep: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repo.root / "zones/policy")
    assert run(repo, "compile")[0] == 0
    assert (repo.root / "zones/compiled/example.com.yaml").exists()


@pytest.mark.parametrize("is_file", [False, True], ids=["checkout", "worktree"])
def test_the_search_ends_with_the_work_tree(repo: RepoFolder, deep: Path, is_file: bool) -> None:
    """A repo of another project that lies in ours is not ours."""
    if is_file:
        (deep.parent / ".git").write_text("gitdir: elsewhere\n")
    else:
        (deep.parent / ".git").mkdir()
    code, said = run(repo, "compile")
    assert code == 1
    assert "zones/policy: there is no such folder in .;" in said


def test_the_top_of_the_work_tree_may_be_the_repo(repo: RepoFolder, deep: Path) -> None:
    (repo.root / ".git").mkdir()
    assert run(repo, "compile")[0] == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")
def test_a_repo_of_somebody_else_above_is_not_run(
    repo: RepoFolder, deep: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its stanzas name code: whoever makes a folder above ours, as in /tmp, must not choose it."""
    os.chown(repo.root, 65534, 65534)
    code, said = run(repo, "plan")
    assert (code, said) == (
        1,
        f"{repo.root}: is a zone repo of another user; if you trust what it runs, name it "
        "with -C\n",
    )
    assert run(repo, "-C", str(repo.root), "compile")[0] == 0
    monkeypatch.setenv("SUDO_UID", "65534")
    assert run(repo, "compile")[0] == 0


def test_init_makes_a_repo_where_it_is_run(repo: RepoFolder, deep: Path) -> None:
    assert run(repo, "init")[0] == 0
    assert (deep / "zones/policy/example.com.yaml").exists()


def test_a_policy_is_imported_into_the_repo(repo: RepoFolder, deep: Path) -> None:
    (deep / "example.org.zone").write_text(ZONE + '@ IN TXT "v=spf1 -all"\n')
    code, said = run(repo, "import", "example.org", "--from-zone", "example.org.zone", "--write")
    assert code == 0, said
    assert (repo.root / "zones/policy/example.org.yaml").exists()


def test_a_folder_that_is_gone_is_told(repo: RepoFolder, deep: Path) -> None:
    shutil.rmtree(deep)
    code, said = run(repo, "compile")
    assert code == 1
    assert "Traceback" not in said


@pytest.mark.parametrize("arguments", [("-C", "", "lint"), ("lint", "-C", "")])
def test_an_empty_name_is_no_folder(
    repo: RepoFolder, deep: Path, arguments: tuple[str, ...]
) -> None:
    """An unset variable in `apply -C "$REPO"` must not mean the current folder."""
    code, said = run(repo, *arguments)
    assert (code, "names no folder" in said) == (1, True), said
