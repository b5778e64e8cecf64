"""Runs a pipeline of GitLab's kind: its own scripts, each job in a folder of its own."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.ci.forge_server import WRITES
from tests.ci.team import Job, Team

Yaml = dict[str, Any]
_WORDS = {"workflow", "default", "variables"}  # keys that are no jobs


@dataclass
class LabPipeline:
    """The pipeline of a team's repo."""

    team: Team
    path: str = ".gitlab-ci.yml"

    def pull_request(self, number: int, *only: str, fork: bool = False) -> dict[str, Job]:
        """Run what a merge request runs; that of a fork runs in the fork, without variables."""
        variables = {
            "CI_PIPELINE_SOURCE": "merge_request_event",
            "CI_MERGE_REQUEST_IID": str(number),
            "CI_MERGE_REQUEST_PROJECT_ID": "7",
            "CI_MERGE_REQUEST_PROJECT_URL": f"file://{self.team.folder}/forge/you/dns",
            "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "8" if fork else "7",
            "CI_PROJECT_ID": "8" if fork else "7",
        }
        return self._run(f"refs/merge-requests/{number}/head", variables, fork=fork, only=only)

    def merged(self, commit: str | None = None) -> dict[str, Job]:
        """Run what a push to main runs, or run it once more for a commit of before."""
        return self._run("refs/heads/main", {"CI_PIPELINE_SOURCE": "push"}, commit=commit)

    def replan(self) -> dict[str, Job]:
        return self._run("refs/heads/main", {"CI_PIPELINE_SOURCE": "web"})

    def apply_again(self) -> dict[str, Job]:
        """Start the manual job of the pipeline that planned."""
        return self._run("refs/heads/main", {"CI_PIPELINE_SOURCE": "web"}, manual=True)

    def scheduled(self) -> dict[str, Job]:
        return self._run("refs/heads/main", {"CI_PIPELINE_SOURCE": "schedule"})

    def _run(
        self,
        ref: str,
        variables: Mapping[str, str],
        *,
        commit: str | None = None,
        fork: bool = False,
        manual: bool = False,
        only: Collection[str] = (),
    ) -> dict[str, Job]:
        sha = commit or self.team.git("rev-parse", ref, at=self.team.remote)
        pipeline = yaml.safe_load(self.team.git("show", f"{sha}:{self.path}", at=self.team.remote))
        branch = {"CI_COMMIT_BRANCH": "main"} if ref == "refs/heads/main" else {}
        environment = {
            "CI_API_V4_URL": f"{self.team.forge.url}/api",
            "CI_PROJECT_ID": "7",
            "CI_COMMIT_SHA": sha,
            **branch,
            **variables,
            **pipeline["variables"],
            **({} if fork else {"FORGE_TOKEN": WRITES, **self.team.dns.secrets}),
        }
        assert _when(pipeline["workflow"], environment) is not None
        jobs = {name: job for name, job in pipeline.items() if name not in _WORDS}
        wanted = "manual" if manual else "on_success"
        return {
            name: self._job(name, job, pipeline["default"], environment, ref)
            for name, job in jobs.items()
            if (not only or name in only) and _when(job, environment) == wanted
        }

    def _job(
        self, name: str, job: Yaml, default: Yaml, environment: dict[str, Any], ref: str
    ) -> Job:
        folder = self.team.workspace(name.replace(" ", "-"))
        self.team.git("clone", "-q", f"file://{self.team.remote}", ".", at=folder)
        self.team.git("fetch", "-q", "origin", ref, at=folder)
        self.team.git("checkout", "-q", "--detach", environment["CI_COMMIT_SHA"], at=folder)
        for needed in job.get("needs", ()):
            if (kept := self._kept(needed) / "plan.json").exists():
                (folder / "plan.json").write_bytes(kept.read_bytes())
        lines = [*default["before_script"], *job["script"]]
        code, log = self._script(folder, lines, environment)
        _, after = self._script(folder, job.get("after_script", []), environment)
        artifacts = job.get("artifacts", {})
        if code == 0 or artifacts.get("when") == "always":
            self._keep(name, folder, artifacts, environment)
        return Job(code == 0, log + after)

    def _script(
        self, folder: Path, lines: list[str], environment: Mapping[str, Any]
    ) -> tuple[int, str]:
        text = "set -eo pipefail\n" + "".join(
            f"echo {shlex.quote('$ ' + line)}\n{line}\n" for line in lines
        )
        known = {key: str(each) for key, each in environment.items()}
        done = self.team.run("bash", "-c", text, at=folder, env=known)
        return done.returncode, done.stdout

    def _kept(self, name: str) -> Path:
        path = self.team.folder / "artifacts" / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def _keep(
        self, name: str, folder: Path, artifacts: Yaml, environment: Mapping[str, str]
    ) -> None:
        paths = [*artifacts.get("paths", ()), *artifacts.get("reports", {}).values()]
        files = {path: (folder / path).read_bytes() for path in paths if (folder / path).exists()}
        for path, data in files.items():
            (self._kept(name) / path).write_bytes(data)
        if "CI_MERGE_REQUEST_IID" in environment:
            self.team.forge.keep(name, files, environment["CI_COMMIT_SHA"])


def _when(entry: Yaml, environment: Mapping[str, Any]) -> str | None:
    """Return when the first rule that holds lets a job run; None where none holds."""
    for rule in entry["rules"]:
        if all(_holds(part, environment) for part in rule["if"].split(" && ")):
            return str(rule.get("when", "on_success"))
    return None


def _holds(part: str, environment: Mapping[str, Any]) -> bool:
    found = re.fullmatch(r'\$(\w+) (==|!=) (?:"([^"]*)"|\$(\w+))', part)
    assert found is not None, f"not understood: {part}"
    other = found[3] if found[3] is not None else environment.get(found[4])
    return bool((environment.get(found[1]) == other) == (found[2] == "=="))
