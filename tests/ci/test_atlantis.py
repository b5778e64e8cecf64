"""Atlantis's files do what they promise: their commands are run as Atlantis would, in its order.

Atlantis itself is not run. Its part is played here: a clone of main with the pull request merged
into it, the variables that it documents, and the plan file that it keeps until the merge.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.ci.forge_server import ForgeServer
from tests.ci.team import Team
from tests.ci.test_pipelines import DMARC, MORE_SENDERS, SPF, TO_REJECT
from tests.ci.zones import Files


class Atlantis:
    """The server: it keeps a checkout and a plan for each pull request."""

    def __init__(self, team: Team) -> None:
        self.team = team
        server = yaml.safe_load((team.you / "ci/atlantis-server.yaml").read_text())
        [repo] = server["repos"]
        assert repo["allow_custom_workflows"] is False  # the steps are the server's, always
        self.stages = server["workflows"][repo["workflow"]]
        self.requirements = repo["apply_requirements"]

    def plan(self, number: int) -> tuple[bool, str]:
        folder = self._folder(number)
        remote, head = f"file://{self.team.remote}", self.team.forge.pulls[number].head
        self.team.git("clone", "-q", "--branch", "main", "--single-branch", remote, ".", at=folder)
        self.team.git("fetch", "-q", "origin", head, at=folder)
        self.team.git("merge", "-q", "--no-ff", "-m", "atlantis-merge", head, at=folder)
        return self._run("plan", number)

    def apply(self, number: int) -> tuple[bool, str]:
        """Apply, where what the server's file requires is so."""
        base = self.team.git("merge-base", "HEAD", "origin/main", at=self._checkout(number))
        assert "undiverged" in self.requirements
        if base != self.team.main:
            return False, "the pull request is behind its base"
        return self._run("apply", number)

    def _run(self, stage: str, number: int) -> tuple[bool, str]:
        environment = {
            "BASE_BRANCH_NAME": "main",
            "PLANFILE": str(self._checkout(number) / "default.tfplan"),
            **self.team.dns.secrets,
        }
        log = ""
        for step in self.stages[stage]["steps"]:
            words = ("sh", "-c", step["run"])
            done = self.team.run(*words, at=self._checkout(number), env=environment)
            log += done.stdout
            if done.returncode != 0:
                return False, log
        return True, log

    def _checkout(self, number: int) -> Path:
        return self.team.folder / f"jobs/pull-{number}"

    def _folder(self, number: int) -> Path:
        return self.team.workspace(f"pull-{number}")


@pytest.fixture
def atlantis(tmp_path: Path) -> Iterator[Atlantis]:
    with ForgeServer("github") as forge, Files(tmp_path) as zones:
        team = Team(tmp_path, forge, zones)
        team.begin("atlantis")
        team.mailauth("plan", "--out", "plan.json")
        team.mailauth("apply", "plan.json")
        yield Atlantis(team)


def test_what_was_planned_is_applied_before_the_merge(atlantis: Atlantis) -> None:
    team = atlantis.team
    team.propose(1, MORE_SENDERS)
    planned, said = atlantis.plan(1)
    assert planned, said
    assert "ip4:192.0.2.11" in said
    assert "example.net at lab" not in said
    assert SPF in team.txt("example.com")
    applied, said = atlantis.apply(1)
    assert applied, said
    assert "v=spf1 ip4:192.0.2.10 ip4:192.0.2.11 ~all" in team.txt("example.com")


def test_what_apply_would_refuse_fails_the_plan(atlantis: Atlantis) -> None:
    atlantis.team.propose(1, TO_REJECT)
    planned, said = atlantis.plan(1)
    assert not planned
    assert "DMARC033" in said
    assert atlantis.team.txt("_dmarc.example.com") == [DMARC]


def test_after_somebody_elses_merge_it_is_planned_again(atlantis: Atlantis) -> None:
    team = atlantis.team
    team.propose(1, MORE_SENDERS)
    team.propose(2, ("example.com", "dmarc: {", "dmarc: {np: none, "))
    for number in (1, 2):
        planned, said = atlantis.plan(number)
        assert planned, said
    applied, said = atlantis.apply(2)
    assert applied, said
    team.merge(2)
    team.git("fetch", "-q", "origin", at=team.folder / "jobs/pull-1")
    applied, said = atlantis.apply(1)
    assert not applied
    planned, said = atlantis.plan(1)
    assert planned, said
    applied, said = atlantis.apply(1)
    assert applied, said
    assert "v=spf1 ip4:192.0.2.10 ip4:192.0.2.11 ~all" in team.txt("example.com")
