"""Where a pipeline applies, no next step says that you should."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from mailauth_dns.export.pipeline import Forge, pipeline_files, pipeline_of
from mailauth_dns.serve.server import LoopbackServer
from tests.conftest import RepoFolder
from tests.keys.keyhost import ZONE


def git(repo: RepoFolder, *words: str) -> None:
    subprocess.run(["git", "-C", str(repo.root), *words], check=True, capture_output=True)


@pytest.fixture
def pushed(repo: RepoFolder, no_resolvers: None) -> Iterator[RepoFolder]:
    """A repo with a remote and GitHub's files, whose DNS lacks what its policy says."""
    repo.local("example.com", ZONE.format(ttl=60))
    repo.policy("domain: example.com\nspf: {all: fail}\ndmarc: {p: none}\n", "example.com")
    with LoopbackServer(repo.root / "served", "127.0.0.1", 0) as server:
        repo.write(
            "zones/policy/_defaults.yaml",
            f'providers: [local]\nnameservers: ["127.0.0.1:{server.port}"]\n',
        )
        assert repo.run("compile").code == 0
        assert repo.run("init", "--ci", "github").code == 0
        git(repo, "init", "-q")
        git(repo, "remote", "add", "origin", "https://forge.example/you/dns")
        git(repo, "add", "-A")
        git(repo, "-c", "user.name=You", "-c", "user.email=you@example.com", "commit", "-qm", "A")
        yield repo


def test_commands_lead_to_the_pull_request(pushed: RepoFolder) -> None:
    assert pushed.run("compile").next.endswith("mailauth.yml plans it on the pull request)")
    planned = pushed.run("plan", "--out", "plan.json")
    assert planned.next.startswith("next  (.github/workflows/mailauth.yml applies"), planned.said
    told = pushed.run("next")
    assert "push --set-upstream origin HEAD" in told.out, told.said
    assert " apply " not in told.out


def test_without_a_remote_people_apply(pushed: RepoFolder) -> None:
    git(pushed, "remote", "remove", "origin")
    assert pushed.run("plan", "--out", "plan.json").next.startswith("apply plan.json")
    assert "apply plan.json\n" in pushed.run("next").out


@pytest.mark.parametrize("forge", list(Forge))
def test_each_forge_is_known_by_its_file(repo: RepoFolder, forge: Forge) -> None:
    git(repo, "init", "-q")
    git(repo, "remote", "add", "origin", "https://forge.example/you/dns")
    assert pipeline_of(repo.root) is None
    for path, text in pipeline_files(forge, ()).items():
        repo.write(path, text)
    assert pipeline_of(repo.root) == next(iter(pipeline_files(forge, ())))


def test_a_pipeline_that_is_about_other_things_is_none(repo: RepoFolder) -> None:
    git(repo, "init", "-q")
    git(repo, "remote", "add", "origin", "https://forge.example/you/dns")
    repo.write(".gitlab-ci.yml", "test: {script: [make]}\n")
    assert pipeline_of(repo.root) is None
