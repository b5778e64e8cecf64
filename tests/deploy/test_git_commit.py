"""The git commit that a plan names."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailauth_dns.deploy.git_commit import git_commit
from tests.deploy.git_repo import git


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "zones").mkdir()
    (tmp_path / "zones/file").write_text("1")
    git(tmp_path, "init", "-q")
    return tmp_path


def test_the_commit_is_named_and_whether_files_of_the_repo_differ_from_it(root: Path) -> None:
    assert git_commit(root) is None  # nothing is committed yet
    git(root, "add", "-A")
    git(root, "commit", "-qm", "first")
    head = git(root, "rev-parse", "HEAD")
    assert git_commit(root) == head
    (root / "README").write_text("not a file of zones or providers")
    assert git_commit(root) == head
    (root / "zones/new").write_text("")
    assert git_commit(root) == f"{head} with changes"
    git(root, "checkout", "-q", "--detach")
    (root / "zones/new").unlink()
    assert git_commit(root) == head
    (root / "zones/file").unlink()
    assert git_commit(root) == f"{head} with changes"


def test_outside_git_there_is_none(tmp_path: Path) -> None:
    assert git_commit(tmp_path) is None
    assert git_commit(tmp_path / "gone") is None
