"""The CI files are sound: for their schemas, for checkers of workflows and of shell, and for forks."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from mailauth_dns.export.pipeline import Forge, pipeline_files
from mailauth_dns.policy.provider_stanza import read
from tests.conftest import need

ROOT = Path(__file__).parents[2]
STANZA = read("bind", "providers/bind.yaml", b"class: octodns_bind.B\nkey_secret: env/SECRET\n")
FILES = {
    path: text
    for forge in Forge
    for path, text in pipeline_files(forge, [STANZA]).items()
    if path.endswith((".yml", ".yaml"))
} | {"action.yml": (ROOT / "action.yml").read_text()}
WORKFLOWS = [".github/workflows/mailauth.yml", ".forgejo/workflows/mailauth.yml"]
SCHEMAS = {
    WORKFLOWS[0]: "vendor.github-workflows",
    WORKFLOWS[1]: "vendor.github-workflows",
    ".gitlab-ci.yml": "vendor.gitlab-ci",
    "action.yml": "vendor.github-actions",
}
# Each hash is that of the version beside it, as GitHub's repositories of these actions have it.
ACTIONS = {
    "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1",
    "actions/setup-python@5fda3b95a4ea91299a34e894583c3862153e4b97 # v7.0.0",
    "actions/upload-artifact@bbbca2ddaa5d8feaa63e36b76fdaad77386f024f # v7.0.0",
    "github/codeql-action/upload-sarif@8aad20d150bbac5944a9f9d289da16a4b0d87c1e # v4.36.2",
}
OURS = ("plan", "apply", "replan")  # the jobs that are given secrets


def written(tmp_path: Path, name: str) -> Path:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(FILES[name])
    return path


def tool(name: str, *words: str, at: Path) -> None:
    """Run a checker of the environment for development, which must find nothing."""
    done = subprocess.run(
        [Path(sys.executable).with_name(name), *words], cwd=at, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def steps(name: str) -> Iterator[dict[str, Any]]:
    document = yaml.safe_load(FILES[name])
    for job in document.get("jobs", {"action": document.get("runs")}).values():
        yield from job["steps"]


def commands(name: str) -> Iterator[str]:
    """Yield each shell text of a file."""
    document = yaml.safe_load(FILES[name])
    if name == ".gitlab-ci.yml":
        for job in document.values():
            for key in ("before_script", "script", "after_script"):
                yield "\n".join(job.get(key, ())) if isinstance(job, dict) else ""
    elif name == "ci/atlantis-server.yaml":
        for stage in document["workflows"]["mailauth-dns"].values():
            yield from (step["run"] for step in stage["steps"])
    elif name != "atlantis.yaml":
        yield from (step["run"] for step in steps(name) if "run" in step)


def jobs(name: str) -> Iterator[tuple[str, str, bool]]:
    """Yield the key of each job, its shell text, and whether its clone has the whole history."""
    document = yaml.safe_load(FILES[name])
    if name == ".gitlab-ci.yml":
        for key, job in document.items():
            if isinstance(job, dict) and "script" in job:
                depth = (document["variables"] | job.get("variables", {})).get("GIT_DEPTH")
                yield key, "\n".join(job["script"]), depth == 0
    elif name == "ci/atlantis-server.yaml":
        # Its other strategy clones one commit; this one clones all, unless told how many.
        whole = "--checkout-strategy=merge" in FILES[name] and "depth" not in FILES[name]
        for key, stage in document["workflows"]["mailauth-dns"].items():
            yield key, "\n".join(step["run"] for step in stage["steps"]), whole
    elif name in WORKFLOWS:
        for key, job in document["jobs"].items():
            text = "\n".join(step.get("run", "") for step in job["steps"])
            yield key, text, any(_clones_all(step) for step in job["steps"])


def _clones_all(step: dict[str, Any]) -> bool:
    action, text = str(step.get("uses", "")), str(step.get("run", ""))
    if action.startswith("actions/checkout@"):
        return bool(step["with"].get("fetch-depth") == 0)
    return text.startswith("git clone ") and not re.search("--depth|--shallow|--filter", text)


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_file_is_as_its_schema_says(name: str, tmp_path: Path) -> None:
    path = written(tmp_path, name)
    tool("check-jsonschema", "--builtin-schema", SCHEMAS[name], str(path), at=tmp_path)


@pytest.mark.parametrize("name", [*WORKFLOWS, "action.yml"])
def test_no_workflow_is_unsafe(name: str, tmp_path: Path) -> None:
    path = written(tmp_path, name)
    # Forgejo's token has the same permissions in each job, whatever the file says.
    config = tmp_path / "zizmor.yml"
    broad = "excessive-permissions" if name == WORKFLOWS[1] else "stale-action-refs"
    config.write_text(f"rules: {{{broad}: {{disable: true}}}}\n")
    tool(
        "zizmor",
        "--config",
        str(config),
        "--offline",
        "--no-progress",
        "--quiet",
        str(path),
        at=tmp_path,
    )


@pytest.mark.parametrize("name", FILES)
def test_shell_is_sound(name: str, tmp_path: Path) -> None:
    need(None if shutil.which("shellcheck") else "shellcheck is not installed (script/servers)")
    for text in filter(None, commands(name)):
        script = tmp_path / "run.sh"
        script.write_text(f"#!/bin/bash\n{text}\n")
        done = subprocess.run(["shellcheck", script], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", FILES)
def test_nothing_that_others_write_becomes_a_command(name: str) -> None:
    assert [text for text in commands(name) if "${{" in text] == []


def test_actions_are_pinned_by_commit() -> None:
    used = {
        line.partition("uses: ")[2]
        for text in FILES.values()
        for line in text.splitlines()
        if line.strip().startswith("- uses: ")
    }
    assert used == ACTIONS
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v[\d.]+", each) for each in used)


PAGES = sorted((ROOT / "docs").rglob("*.md"))


def test_actions_of_the_pages_are_pinned_and_of_one_version() -> None:
    used = {
        line.partition("uses: ")[2].strip()
        for page in PAGES
        for line in page.read_text().splitlines()
        if line.strip().startswith("- uses: actions/")
    }
    assert used
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v[\d.]+", each) for each in used)
    assert len({each.partition("@")[0] for each in used | ACTIONS}) == len(used | ACTIONS)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_secrets_are_for_jobs_that_no_fork_runs(name: str) -> None:
    workflow = yaml.safe_load(FILES[name])
    assert set(workflow[True]) == {"pull_request", "push", "schedule", "workflow_dispatch"}
    with_secrets = [key for key, job in workflow["jobs"].items() if "secrets." in str(job)]
    assert tuple(with_secrets) == OURS
    for key in with_secrets:
        asked = workflow["jobs"][key]["if"]
        assert "pull_request" not in asked or "head.repo.full_name == github.repository" in asked
    assert "secrets." not in str(workflow.get("env"))


def test_each_job_of_github_has_the_permissions_that_it_needs() -> None:
    workflow = yaml.safe_load(FILES[WORKFLOWS[0]])
    assert workflow["permissions"] == {}
    assert {key: job["permissions"] for key, job in workflow["jobs"].items()} == {
        "check": {"contents": "read", "security-events": "write", "actions": "read"},
        "plan": {"contents": "read", "pull-requests": "write"},
        "apply": {"contents": "read", "actions": "read", "pull-requests": "read"},
        "replan": {"contents": "read"},
        "drift": {"contents": "read", "issues": "write"},
    }


def test_what_plans_for_an_apply_and_what_applies_wait_for_one_another() -> None:
    github = yaml.safe_load(FILES[WORKFLOWS[0]])["jobs"]
    queue = {"group": "mailauth-dns", "queue": "max"}  # without it, a third run ends the second
    assert [github[each]["concurrency"] for each in ("apply", "replan", "drift")] == [queue] * 3
    gitlab = yaml.safe_load(FILES[".gitlab-ci.yml"])
    for each in ("apply", "replan", "apply again", "drift"):
        assert gitlab[each]["resource_group"] == "mailauth-dns"
    forgejo = yaml.safe_load(FILES[WORKFLOWS[1]])["concurrency"]
    assert forgejo["group"].endswith("&& github.ref || 'main' }}")
    assert forgejo["cancel-in-progress"] == "${{ github.event_name == 'pull_request' }}"


@pytest.mark.parametrize("name", [*WORKFLOWS, ".gitlab-ci.yml", "ci/atlantis-server.yaml"])
def test_what_plans_or_applies_has_the_history(name: str) -> None:
    """Without it nobody knows since when DNS is as it is, so no report counts."""
    whole = {
        key: whole
        for key, text, whole in jobs(name)
        if re.search(r"^mailauth-dns (plan|apply) ", text, re.MULTILINE)
    }
    assert {"plan", "apply"} <= set(whole)
    assert [key for key, each in whole.items() if not each] == []


def test_forgejos_token_is_for_that_forge_alone() -> None:
    environment = yaml.safe_load(FILES[WORKFLOWS[1]])["env"]
    assert environment["GIT_CONFIG_KEY_0"] == "credential.${{ github.server_url }}.helper"


def test_atlantis_applies_for_main_alone() -> None:
    [repo] = yaml.safe_load(FILES["ci/atlantis-server.yaml"])["repos"]
    assert repo["branch"] == "/^main$/"
