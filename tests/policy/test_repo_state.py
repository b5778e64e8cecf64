"""The digest of a repo's files: of what is in the repo, and of nothing else on the machine."""

from __future__ import annotations

from pathlib import Path

from mailauth_dns.policy.repo_state import repo_state
from tests.conftest import RepoFolder


def test_links_that_leave_the_repo_are_not_followed(repo: RepoFolder, tmp_path: Path) -> None:
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    (outside / "a.txt").write_text("1")
    repo.policy("domain: a.example\n")
    (repo.root / "zones/folder").symlink_to(outside)
    (repo.root / "zones/a.txt").symlink_to(outside / "a.txt")
    before = repo_state(repo.root)
    (outside / "a.txt").write_text("2")
    assert repo_state(repo.root) == before


def test_links_inside_the_repo_are_followed(repo: RepoFolder) -> None:
    repo.write("lists/a.txt", "a.example")
    repo.policy("domain: a.example\n")
    (repo.root / "zones/folder").symlink_to(repo.root / "lists")
    before = repo_state(repo.root)
    repo.write("lists/a.txt", "b.example")
    assert repo_state(repo.root) != before
