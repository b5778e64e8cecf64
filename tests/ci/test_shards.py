"""The workflow of docs/how-to/shards.md, step by step: several machines make what one makes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ci.expressions import condition, filled
from tests.deploy.git_repo import commit, git

PAGE = Path(__file__).parents[2] / "docs/how-to/shards.md"
HEAD = "$TTL 300\n@ IN SOA ns1.example.net. h.example.net. 1 2 3 4 5\n@ IN NS ns1.example.net.\n"
ZONES = [f"d{number}.example" for number in range(9)]
Yaml = dict[str, Any]


def workflow() -> Yaml:
    [text] = re.findall(
        r'```yaml title="\.github/workflows/[^\n]*\n(.*?)```', PAGE.read_text(), re.S
    )
    jobs: Yaml = yaml.safe_load(text)["jobs"]
    return jobs


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    root = tmp_path / "repo"
    for folder in ("zones/policy", "providers", "served"):
        (root / folder).mkdir(parents=True)
    (root / "providers/local.yaml").write_text(
        "class: mailauth_dns.octo.LocalProvider\ndirectory: served\n"
    )
    for zone in ZONES:
        (root / f"served/{zone}.zone").write_text(HEAD)
        (root / f"zones/policy/{zone}.yaml").write_text(
            f"domain: {zone}\nproviders: [local]\nnameservers: ['127.0.0.1:1']\n"
            "spf: {terms: [ptr], all: fail}\n"
        )
    git(root, "init", "-qb", "main")
    commit(root, "as it is")
    return root


class Machine:
    """One machine of CI: a checkout, in which a job's steps are run."""

    def __init__(self, folder: Path, repo: Path, store: Path, contexts: Yaml) -> None:
        self.folder, self.repo, self.store, self.contexts = folder, repo, store, contexts
        self.said = ""

    def run(self, job: Yaml) -> bool:
        failed = False
        for step in job["steps"]:
            status = {"success()": not failed, "cancelled()": False, "always()": True}
            if condition(step.get("if", "success()"), self.contexts | status):
                ended = self._ran(step, job.get("env", {}))
                failed |= not ended and not step.get("continue-on-error", False)
        return not failed

    def _ran(self, step: Yaml, environment: Yaml) -> bool:
        if "uses" in step:
            inputs = {key: filled(each, self.contexts) for key, each in step["with"].items()}
            self._action(step["uses"].partition("@")[0].removeprefix("actions/"), inputs)
            return True
        if step["run"].startswith("pip install"):
            return True
        assert "${{" not in step["run"], "what somebody else wrote must not become a command"
        ours = {key: filled(each, self.contexts) for key, each in environment.items()}
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-ec", step["run"]],
            cwd=self.folder,
            env={**os.environ, **ours, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        self.said += done.stdout + done.stderr
        return done.returncode == 0

    def _action(self, name: str, inputs: dict[str, str]) -> None:
        match name:
            case "checkout":
                git(self.repo, "clone", "-q", str(self.repo), str(self.folder))
            case "upload-artifact":
                kept = self.store / inputs["name"]
                kept.mkdir(parents=True)
                for file in self.folder.glob(inputs["path"]):
                    shutil.copy(file, kept)
            case "download-artifact":
                assert inputs["merge-multiple"] == "True"
                for file in self.store.glob(f"{inputs['pattern']}/*"):
                    shutil.copy(file, self.folder)
            case other:
                assert other == "setup-python"


def ran(repo: Path, tmp_path: Path, *, lost: int = 0) -> tuple[bool, Machine]:
    """Run the workflow, in which the machine of the shard `lost` does nothing."""
    head = git(repo, "rev-parse", "HEAD").strip()
    github = {"event": {"pull_request": {"head": {"sha": head}}}}
    jobs = workflow()
    for number in jobs["shard"]["strategy"]["matrix"]["shard"]:
        contexts = {"github": github, "matrix": {"shard": number}}
        machine = Machine(tmp_path / f"shard-{number}", repo, tmp_path / "store", contexts)
        if number != lost:
            assert machine.run(jobs["shard"]), machine.said
    machine = Machine(tmp_path / "merge", repo, tmp_path / "store", {"github": github})
    return machine.run(jobs["merge"]), machine


def test_the_machines_make_what_one_makes(repo: Path, tmp_path: Path) -> None:
    _, machine = ran(repo, tmp_path)
    assert machine.said.count("SPF014") == len(ZONES)
    alone = Machine(tmp_path / "alone", repo, tmp_path / "none", {})
    alone.run(
        {
            "steps": [
                {"uses": "actions/checkout", "with": {}},
                {"run": "mailauth-dns lint --format github", "if": "always()"},
                {"run": "mailauth-dns plan --out plan.json --fail-on breaking", "if": "always()"},
            ]
        }
    )
    plans = [
        re.sub(r'"(made_at|fingerprint)": "[^"]*"', "", (folder / "plan.json").read_text())
        for folder in (machine.folder, alone.folder)
    ]
    assert plans[0] == plans[1]
    assert machine.said == alone.said


def test_a_machine_that_made_nothing_is_named(repo: Path, tmp_path: Path) -> None:
    passed, machine = ran(repo, tmp_path, lost=3)
    assert not passed
    assert "of 4 shards, 3 is missing; `plan --shard 3/4` makes shard 3" in machine.said
    assert not (machine.folder / "plan.json").exists()
