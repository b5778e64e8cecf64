"""The hooks and the action that others take from this repository are run as they would run them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.ci.expressions import filled
from tests.conftest import RepoFolder

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
POLICY = "domain: example.com\nspf: {terms: [mx], all: fail}\n"


def run(*words: str, at: Path, **env: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "NO_COLOR": "1", **env}
    both = subprocess.STDOUT
    return subprocess.run(
        words, cwd=at, env=environment, stdout=subprocess.PIPE, stderr=both, text=True, check=False
    )


def test_the_manifest_of_hooks_is_valid() -> None:
    said = run("pre-commit", "validate-manifest", ".pre-commit-hooks.yaml", at=ROOT)
    assert said.returncode == 0, said.stdout


@pytest.fixture
def hooked(repo: RepoFolder, tmp_path: Path) -> RepoFolder:
    """A zone repo with our hooks; they run the mailauth-dns that is here, and none is installed."""
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    manifest = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert {hook["language"] for hook in manifest} == {"python"}
    local = [{**hook, "language": "system"} for hook in manifest]
    repo.write(
        ".pre-commit-config.yaml", yaml.safe_dump({"repos": [{"repo": "local", "hooks": local}]})
    )
    repo.policy(POLICY)
    assert repo.run("compile").code == 0
    assert run("git", "init", "-q", at=repo.root).returncode == 0
    assert run("git", "add", "-A", at=repo.root).returncode == 0
    return repo


def hooks(repo: RepoFolder) -> subprocess.CompletedProcess[str]:
    home = str(repo.root / "../pre-commit")
    return run("pre-commit", "run", "--all-files", at=repo.root, PRE_COMMIT_HOME=home)


def test_the_hooks_pass_what_is_right(hooked: RepoFolder) -> None:
    said = hooks(hooked)
    assert said.returncode == 0, said.stdout
    assert said.stdout.count("Passed") == 2


def test_the_hooks_fail_what_lint_finds_and_what_is_not_compiled(hooked: RepoFolder) -> None:
    hooked.policy(POLICY.replace("[mx]", "[mx, mx]").replace("fail}", "pass}"))
    said = hooks(hooked)
    assert said.returncode == 1
    assert said.stdout.count("Failed") == 2
    assert "stale: zones/compiled/example.com.yaml" in said.stdout


def action(repo: RepoFolder, **inputs: str) -> list[subprocess.CompletedProcess[str]]:
    """Run the steps of the action; pip is a stand-in that puts the mailauth-dns of here in place."""
    document = yaml.safe_load((ROOT / "action.yml").read_text())
    given = {key: each["default"] for key, each in document["inputs"].items()} | inputs
    temporary = repo.root / "../runner"
    shutil.rmtree(temporary, ignore_errors=True)
    (temporary / "bin").mkdir(parents=True)
    made = temporary / "bin/python3"
    made.write_text(
        "#!/bin/sh\n"
        '[ "$*" = "-I -m venv $4" ] || exit 9  # without -I, a venv.py of the checkout is run\n'
        'mkdir -p "$4/bin"\n'
        f'printf "#!/bin/sh\\necho \\$@\\n" >"$4/bin/pip"\nchmod +x "$4/bin/pip"\n'
        f'ln -s {BIN}/mailauth-dns "$4/bin/"\n'
    )
    made.chmod(0o755)
    path = temporary / "path"
    path.write_text("")
    ran = []
    for step in document["runs"]["steps"]:
        if step.get("if") and not given["command"]:
            continue
        added = ":".join(path.read_text().split())
        environment = {key: filled(each, {"inputs": given}) for key, each in step["env"].items()}
        ran.append(
            run(
                *("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]),
                at=repo.root / given["working-directory"],
                **environment,
                RUNNER_TEMP=str(temporary),
                GITHUB_PATH=str(path),
                GITHUB_ACTION_PATH=str(ROOT),
                PATH=f"{added}:{temporary}/bin:{os.environ['PATH']}",
            )
        )
    return ran


def test_the_action_installs_this_commit_and_runs_a_command(repo: RepoFolder) -> None:
    repo.policy(POLICY)
    installed, linted = action(repo, extras="bind,route53", command="lint --format github")
    assert f"{ROOT}[bind,route53]" in installed.stdout
    assert linted.returncode == 0, linted.stdout
    [installed] = action(repo)
    assert installed.stdout.rstrip().endswith(str(ROOT))


@pytest.mark.parametrize("evil", ["lint; touch gone", "lint $(touch gone)", "lint `touch gone`"])
def test_a_command_of_the_action_is_words_and_no_shell(repo: RepoFolder, evil: str) -> None:
    repo.policy(POLICY)
    *_, ran = action(repo, command=evil)
    assert ran.returncode == 1
    assert not (repo.root / "gone").exists()


@pytest.mark.parametrize(("command", "code"), [("lint\ntest", 1), ("lint\n", 0)])
def test_a_command_of_the_action_is_one_line(repo: RepoFolder, command: str, code: int) -> None:
    repo.policy(POLICY)
    *_, ran = action(repo, command=command)
    assert ran.returncode == code, ran.stdout
    assert ("one line is one command" in ran.stdout) == (code == 1)
