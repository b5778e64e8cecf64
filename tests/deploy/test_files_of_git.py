"""`plan --changed-since REF` and git: what it reads there, what it leaves alone, clear errors."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest

from tests.conftest import Ran, RepoFolder
from tests.deploy.branch_repo import POLICIES, planned, zones
from tests.deploy.git_repo import commit, git


def refused(repo: RepoFolder, *arguments: str) -> Ran:
    ran = repo.run("plan", "--no-live", *arguments)
    assert (ran.code, ran.out) == (1, ""), ran.said
    return ran


def test_a_repo_in_a_folder_of_the_work_tree(branch: RepoFolder, tmp_path: Path) -> None:
    outer = tmp_path / "outer"
    shutil.copytree(branch.root, outer / "dns", ignore=shutil.ignore_patterns(".git"))
    (outer / "zones/policy").mkdir(parents=True)
    (outer / "zones/policy/b.yaml").write_text("nonsense: 1\n")
    git(outer, "init", "-qb", "main")
    commit(outer)
    inner = RepoFolder(outer / "dns", branch.capture)
    inner.policy(POLICIES["a"] + "ttl: 600\n", "a")
    (outer / "zones/policy/b.yaml").write_text("nonsense: 2\n")
    assert zones(planned(inner)) == {"a.example"}


def test_the_work_tree_and_the_machine_stay_as_they_are(
    branch: RepoFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing that a repo's configuration names is run, and nothing is left behind."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    mark = tmp_path / "ran"
    spy = tmp_path / "spy"
    spy.write_text(f"#!/bin/sh\ntouch {mark}\ncat\n")
    spy.chmod(0o755)
    branch.policy(POLICIES["a"] + "# why\n", "a")
    branch.write(".gitattributes", "* filter=spy export-ignore\n")
    commit(branch.root)
    git(branch.root, "config", "core.fsmonitor", str(spy))
    git(branch.root, "config", "filter.spy.smudge", str(spy))
    for hook in ("post-checkout", "post-index-change", "reference-transaction"):
        shutil.copy(spy, branch.root / ".git/hooks" / hook)
    mark.unlink(missing_ok=True)
    index = (branch.root / ".git/index").read_bytes()
    branch.policy(POLICIES["b"] + "ttl: 600\n", "b")
    assert zones(planned(branch)) == {"b.example"}
    assert not mark.exists()
    assert (branch.root / ".git/index").read_bytes() == index
    assert list(scratch.iterdir()) == []


def test_a_link_that_leads_out_of_the_repo_is_not_followed(
    branch: RepoFolder, tmp_path: Path
) -> None:
    outside = tmp_path / "secret.yaml"
    outside.write_text("domain: c.example\npassword: hunter2\n")
    git(branch.root, "checkout", "-q", "main")
    (branch.root / "zones/policy/c.yaml").symlink_to(outside)
    (branch.root / "zones/policy/d.yaml").symlink_to("a.yaml")
    commit(branch.root)
    git(branch.root, "checkout", "-qB", "branch")
    for name in "cd":
        (branch.root / f"zones/policy/{name}.yaml").unlink()
    ran = branch.run("plan", "--changed-since", "main", "--no-live")
    assert "zones/policy/c.yaml" in ran.out
    assert "hunter2" not in ran.said


WRONG = {
    "-x": "'-x' is no git ref; name a branch, a tag or a commit",
    "--out": "'--out' is no git ref; name a branch, a tag or a commit",
    "": "'' is no git ref; name a branch, a tag or a commit",
    "main..HEAD": "main..HEAD is a range; name one ref",
    "nowhere": "nowhere is no commit here; fetch it first: git fetch origin",
    "main:zones": "main:zones is no commit here",
    "x\n::error::y": "is no commit here",
}


@pytest.mark.parametrize("ref", WRONG)
def test_what_is_no_ref_is_an_error(branch: RepoFolder, ref: str) -> None:
    ran = refused(branch, f"--changed-since={ref}")
    assert WRONG[ref] in ran.err
    assert "\n::error" not in ran.err


def test_without_a_common_commit_the_error_says_how_to_get_it(
    branch: RepoFolder, tmp_path: Path
) -> None:
    branch.policy(POLICIES["a"] + "ttl: 600\n", "a")
    commit(branch.root)
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{branch.root}", str(shallow))
    clone = RepoFolder(shallow, branch.capture)
    ran = refused(clone, "--changed-since", "origin/main")
    assert "origin/main is no commit here; fetch it first" in ran.err
    assert "this clone is shallow: git fetch --unshallow origin" in ran.err
    git(shallow, "fetch", "-q", "--depth", "1", "origin", "main:refs/remotes/origin/main")
    ran = refused(clone, "--changed-since", "origin/main")
    assert "HEAD and origin/main have no commit in common here; this clone is shallow" in ran.err
    git(shallow, "fetch", "-q", "--unshallow", "origin", "main:refs/remotes/origin/main")
    assert zones(planned(clone, ref="origin/main")) == {"a.example"}


def test_outside_git_and_without_git_there_is_a_clear_error(
    repo: RepoFolder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    repo.policy("domain: example.com\nspf: {all: fail}\n")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    ran = refused(repo, "--changed-since", "main")
    assert "--changed-since main: git: not a git repository" in ran.err
    monkeypatch.setenv("PATH", str(tmp_path))
    ran = refused(repo, "--changed-since", "main")
    assert "--changed-since main: git: cannot be run: No such file or directory" in ran.err


def test_a_submodule_in_the_repo_is_a_clear_error_and_a_repo_in_one_is_none(
    branch: RepoFolder, tmp_path: Path
) -> None:
    outer = tmp_path / "outer"
    outer.mkdir()
    git(outer, "init", "-qb", "main")
    git(outer, "submodule", "--quiet", "add", str(branch.root), "dns")
    git(outer, "submodule", "--quiet", "add", str(branch.root), "lists/zones")
    commit(outer)
    inside = RepoFolder(outer / "dns", branch.capture)
    inside.policy(POLICIES["a"] + "ttl: 600\n", "a")
    assert zones(planned(inside, ref="HEAD")) == {"a.example"}
    shutil.copytree(branch.root / "zones", outer / "policies/zones")
    around = RepoFolder(outer / "lists", branch.capture)
    (outer / "lists/zones/policy").mkdir(parents=True, exist_ok=True)
    (outer / "lists/zones/policy/x.yaml").write_text("domain: x.example\nspf: {all: fail}\n")
    ran = refused(around, "--changed-since", "main")
    assert "zones is a git submodule" in ran.err


def test_a_clone_without_blobs_fetches_them(branch: RepoFolder, tmp_path: Path) -> None:
    git(branch.root, "config", "uploadpack.allowFilter", "true")
    git(branch.root, "config", "uploadpack.allowAnySHA1InWant", "true")
    branch.policy(POLICIES["a"] + "ttl: 600\n", "a")
    commit(branch.root)
    partial = tmp_path / "partial"
    git(tmp_path, "clone", "-q", "--filter=blob:none", f"file://{branch.root}", str(partial))
    shutil.copytree(branch.root / "served", partial / "served", dirs_exist_ok=True)
    clone = RepoFolder(partial, branch.capture)
    assert zones(planned(clone, ref="origin/main")) == {"a.example"}
