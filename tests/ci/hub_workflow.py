"""Runs a workflow of GitHub's or Forgejo's kind: its own steps, with stand-ins for actions alone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from tests.ci.expressions import condition, filled
from tests.ci.forge_server import READS, WRITES
from tests.ci.team import Job, Team

Yaml = dict[str, Any]


@dataclass
class HubWorkflow:
    """The workflow of a team's repo."""

    team: Team
    path: str

    def pull_request(self, number: int, *only: str, fork: bool = False) -> dict[str, Job]:
        """Run what a pull request runs, or `only` some jobs; the file is the pull request's own."""
        head = self.team.forge.pulls[number].head
        repo = "somebody/dns" if fork else "you/dns"
        kept = "merge" if self.team.forge.kind == "github" else "head"
        return self._run(
            "pull_request",
            f"refs/pull/{number}/{kept}",
            {"pull_request": {"head": {"sha": head, "repo": {"full_name": repo}}}},
            fork=fork,
            only=only,
        )

    def merged(self, commit: str | None = None) -> dict[str, Job]:
        """Run what a push to main runs, or run it once more for a commit of before."""
        return self._run("push", "refs/heads/main", {}, commit=commit)

    def replan(self) -> dict[str, Job]:
        return self._run("workflow_dispatch", "refs/heads/main", {}, {"do": "plan"})

    def apply_again(self) -> dict[str, Job]:
        return self._run("workflow_dispatch", "refs/heads/main", {}, {"do": "apply"})

    def scheduled(self) -> dict[str, Job]:
        return self._run("schedule", "refs/heads/main", {})

    def _run(
        self,
        event: str,
        ref: str,
        payload: Yaml,
        inputs: Yaml | None = None,
        *,
        commit: str | None = None,
        fork: bool = False,
        only: Collection[str] = (),
    ) -> dict[str, Job]:
        sha = commit or self.team.git("rev-parse", ref, at=self.team.remote)
        workflow = yaml.safe_load(self.team.git("show", f"{sha}:{self.path}", at=self.team.remote))
        assert event in workflow[True]  # YAML 1.1 reads the key `on` as true
        contexts: Yaml = {
            "github": {
                "event_name": event,
                "ref": ref,
                "sha": sha,
                "repository": "you/dns",
                "server_url": "https://forge.example",
                "token": READS if fork else WRITES,
                "event": payload,
            },
            "inputs": inputs or {},
            "secrets": {} if fork else dict(self.team.dns.secrets),
        }
        jobs: dict[str, Yaml] = workflow["jobs"]
        return {
            name: _JobRun(self.team, name, contexts, fork, workflow.get("env", {})).run(job)
            for name, job in jobs.items()
            if (not only or name in only)
            and condition(job.get("if", "success()"), contexts | _status(failed=False))
        }


def _status(*, failed: bool) -> dict[str, bool]:
    return {"success()": not failed, "failure()": failed, "cancelled()": False, "always()": True}


class _JobRun:
    """One job, in a folder of its own."""

    def __init__(
        self, team: Team, name: str, contexts: Yaml, fork: bool, environment: Mapping[str, str]
    ) -> None:
        self.team, self.contexts, self.fork = team, contexts, fork
        self.folder = team.workspace(name)
        self.summary = team.folder / f"{name}.summary"
        self.summary.write_text("")
        github = contexts["github"]
        self.environment = {
            "GITHUB_API_URL": f"{team.forge.url}/api",
            "GITHUB_SERVER_URL": f"file://{team.folder}/forge",
            "GITHUB_REPOSITORY": github["repository"],
            "GITHUB_REF": github["ref"],
            "GITHUB_SHA": github["sha"],
            "GITHUB_STEP_SUMMARY": str(self.summary),
            **self._filled(environment),
        }

    def run(self, job: Yaml) -> Job:
        self.environment |= self._filled(job.get("env", {}))
        failed, log = False, []
        for step in job["steps"]:
            if not condition(step.get("if", "success()"), self.contexts | _status(failed=failed)):
                continue
            code, said = self._step(step)
            log.append(f"$ {step.get('run') or step['uses']}\n{said}")
            failed = failed or (code != 0 and not step.get("continue-on-error", False))
        return Job(not failed, "".join(log), self.summary.read_text())

    def _step(self, step: Yaml) -> tuple[int, str]:
        if "uses" in step:
            action = step["uses"].partition("@")[0]
            inputs = {
                key: filled(each, self.contexts) for key, each in step.get("with", {}).items()
            }
            return 0, ACTIONS[action](self, inputs)
        assert "${{" not in step["run"], "what somebody else wrote must not become a command"
        script = self.folder.with_suffix(".sh")
        script.write_text(step["run"])
        environment = self.environment | self._filled(step.get("env", {}))
        done = self.team.run("bash", "-e", str(script), at=self.folder, env=environment)
        return done.returncode, done.stdout

    def _filled(self, environment: Mapping[str, object]) -> dict[str, str]:
        return {key: filled(each, self.contexts) for key, each in environment.items()}

    def checkout(self, inputs: Mapping[str, str]) -> str:
        url, github = f"file://{self.team.remote}", self.contexts["github"]
        wanted = inputs.get("ref") or github["sha"]
        assert inputs["persist-credentials"] == "False"
        if inputs.get("fetch-depth") == "0":
            self.team.git("clone", "-q", url, ".", at=self.folder)
            self.team.git("fetch", "-q", "origin", wanted, at=self.folder)
        else:
            self.team.git("init", "-q", at=self.folder)
            self.team.git("fetch", "-q", "--depth", "1", url, wanted, at=self.folder)
        self.team.git("checkout", "-q", "--detach", wanted, at=self.folder)
        # Without the credentials the remote is out of reach.
        self.team.git("config", "remote.origin.url", "file:///out-of-reach", at=self.folder)
        return ""

    def upload(self, inputs: Mapping[str, str]) -> str:
        path = self.folder / inputs["path"]
        if not path.exists():
            return "no files were found\n"
        payload = self.contexts["github"]["event"]
        head = payload["pull_request"]["head"]["sha"] if payload else self.contexts["github"]["sha"]
        files = {path.name: path.read_bytes()}
        self.team.forge.keep(inputs["name"], files, head, fork=self.fork)
        return ""

    def upload_sarif(self, inputs: Mapping[str, str]) -> str:
        sarif = json.loads((self.folder / inputs["sarif_file"]).read_text())
        assert sarif["version"] == "2.1.0"
        shutil.copy(self.folder / inputs["sarif_file"], self.team.folder / "code-scanning.sarif")
        return ""

    def setup_python(self, _inputs: Mapping[str, str]) -> str:
        return ""


ACTIONS = {
    "actions/checkout": _JobRun.checkout,
    "actions/setup-python": _JobRun.setup_python,
    "actions/upload-artifact": _JobRun.upload,
    "github/codeql-action/upload-sarif": _JobRun.upload_sarif,
}
