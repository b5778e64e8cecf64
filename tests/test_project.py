"""What strangers meet first does what it says: workflows, the lock, the release script."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
LOCK = ROOT / "requirements-dev.lock"
FORMS = sorted(
    path for path in (ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml") if path.name != "config.yml"
)


def parsed(path: Path) -> dict[str, Any]:
    # The base loader keeps `on:` a text; YAML 1.1 would make it a truth value.
    value = yaml.load(path.read_text(), yaml.BaseLoader)
    assert isinstance(value, dict)
    return value


def is_ours(program: str) -> bool:
    """A script of the checkout, or a program of the environment that bootstrap makes."""
    if program.startswith(".venv/bin/"):
        return program.removeprefix(".venv/bin/") in {"pytest", *PROJECT["project"]["scripts"]}
    return os.access(ROOT / program, os.X_OK)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_runs_scripts_that_exist(path: Path) -> None:
    workflow = parsed(path)
    assert {"on", "jobs"} <= workflow.keys()
    for job in workflow["jobs"].values():
        for step in job["steps"]:
            for line in step.get("run", "").splitlines():
                program = line.split()[0]
                assert program == "apt-get" or is_ours(program), line


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_do_no_more_than_it_must(path: Path) -> None:
    workflow = parsed(path)
    assert workflow["permissions"] == {}
    assert "pull_request_target" not in workflow["on"]
    for job in workflow["jobs"].values():
        assert job["permissions"] == {"contents": "read"}
        for step in job["steps"]:
            uses = step.get("uses", "actions/none@v1")
            assert re.fullmatch(r"actions/[a-z-]+@v\d+", uses), uses
            if uses.startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] == "false"


def test_ci_runs_every_python_that_is_promised_and_the_lowest_versions() -> None:
    versions = parsed(ROOT / ".github/workflows/ci.yml")["jobs"]["pythons"]["strategy"]["matrix"]
    known = "Programming Language :: Python :: 3."
    promised = [
        each.removeprefix("Programming Language :: Python :: ")
        for each in PROJECT["project"]["classifiers"]
        if each.startswith(known)
    ]
    assert versions["versions"] == [*promised, "lowest"]
    assert PROJECT["project"]["requires-python"] == f">={promised[0]}"


def test_hooks_run_programs_that_exist() -> None:
    hooks = [
        hook for repo in parsed(ROOT / ".pre-commit-config.yaml")["repos"] for hook in repo["hooks"]
    ]
    assert hooks
    assert all(is_ours(hook["entry"].split()[0]) for hook in hooks)


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.name)
def test_an_issue_form_asks_questions(path: Path) -> None:
    form = parsed(path)
    assert form["name"]
    assert form["description"]
    asked = [field["id"] for field in form["body"] if field["type"] != "markdown"]
    assert asked
    assert len(asked) == len(set(asked))


def locked() -> list[Requirement]:
    text = re.sub(r" \\\n\s+--hash=sha256:[0-9a-f]{64}", "", LOCK.read_text())
    return [
        Requirement(line)
        for line in text.splitlines()
        if line and not line.lstrip().startswith("#")
    ]


def wanted() -> list[Requirement]:
    """What development installs: the dependencies, and `dev` with the extras that it names."""
    project = PROJECT["project"]
    extras, name = project["optional-dependencies"], project["name"]
    found = [*PROJECT["build-system"]["requires"], *project["dependencies"]]
    for requirement in map(Requirement, extras["dev"]):
        if requirement.name == name:
            found += [each for extra in sorted(requirement.extras) for each in extras[extra]]
        else:
            found.append(str(requirement))
    return [Requirement(each) for each in found]


def test_the_lock_names_no_index_and_no_host() -> None:
    text = LOCK.read_text()
    assert "://" not in text
    assert "@" not in text
    assert not re.search(r"^\s*-(?!-hash=sha256:)", text, re.MULTILINE), "an option of pip"


def test_the_lock_gives_each_package_one_version_and_hashes() -> None:
    text = LOCK.read_text()
    for requirement in locked():
        assert [each.operator for each in requirement.specifier] == ["=="], requirement
        line = re.escape(str(requirement.name)) + r"==[^\n]+\\\n\s+--hash=sha256:"
        assert re.search(f"^{line}", text, re.MULTILINE), requirement


@pytest.mark.parametrize("requirement", wanted(), ids=lambda each: str(each.name))
def test_the_lock_fits_the_ranges(requirement: Requirement) -> None:
    versions = [
        next(iter(each.specifier)).version
        for each in locked()
        if each.name.lower() == requirement.name.lower().replace("_", "-")
    ]
    assert versions, f"{requirement} is not locked: script/lock"
    assert all(requirement.specifier.contains(Version(each)) for each in versions), requirement


GIT = ("git", "-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
CHANGELOG = "# Changelog\n\n## [Unreleased]\n\n## [0.9.0] - 2026-01-31\n\n### Added\n\n* A thing.\n"


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [*GIT, *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A small project that can be released; what else it has is stand-ins."""
    root = tmp_path / "checkout"
    (root / "script").mkdir(parents=True)
    for name in ("release", "changelog.py"):
        shutil.copy(ROOT / "script" / name, root / "script" / name)
    stand_ins = {
        "bootstrap": "exit 0",
        "test": "echo tested",
        "pythons": "echo tested on $*",
        "build": "mkdir -p dist && touch dist/mailauth_dns-0.9.0.tar.gz",
    }
    for name, does in stand_ins.items():
        (root / "script" / name).write_text(f"#!/bin/sh\n{does}\n")
        (root / "script" / name).chmod(0o755)
    (root / "mailauth_dns").mkdir()
    (root / "mailauth_dns/__init__.py").write_text('"""Nothing."""\n\n__version__ = "0.9.0"\n')
    (root / "pyproject.toml").write_text(
        '[project]\nname = "mailauth-dns"\nversion = "0.9.0"\n'
        '[project.urls]\nSource = "https://git.example/mailauth-dns"\n'
    )
    (root / "CHANGELOG.md").write_text(CHANGELOG)
    (root / ".gitignore").write_text(".venv\nbuild/\ndist/\n*.egg-info/\n__pycache__/\n")
    # A link would find the environment that it leads to no more.
    (root / ".venv/bin").mkdir(parents=True)
    (root / ".venv/bin/python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (root / ".venv/bin/python").chmod(0o755)
    git(root, "init", "-q", "-b", "main")
    commit(root)
    return root


def commit(root: Path) -> None:
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "Change")


def release(root: Path, *arguments: str) -> tuple[int, str]:
    environment = {**os.environ, "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.com"}
    done = subprocess.run(
        ["script/release", *arguments],
        cwd=root,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_dry_run_of_a_release_says_what_it_would_do_and_does_nothing(checkout: Path) -> None:
    code, said = release(checkout, "--dry-run")
    assert code == 0, said
    assert "tag v0.9.0" in said
    assert "* A thing." in said
    assert "tested" not in said
    assert git(checkout, "tag") == ""
    assert not (checkout / "dist").exists()


def test_a_release_tests_builds_and_tags(checkout: Path) -> None:
    code, said = release(checkout)
    assert code == 0, said
    assert "tested\ntested on newest lowest\n" in said
    assert git(checkout, "tag", "-n9") == (
        "v0.9.0          mailauth-dns 0.9.0\n    \n    ### Added\n    \n    * A thing.\n"
    )
    built = sorted(path.name for path in (checkout / "dist").iterdir())
    assert built == ["mailauth_dns-0.9.0.tar.gz"]


REFUSED = [
    ("CHANGELOG.md", "0.9.0", "0.8.0", "there is no text for 0.9.0"),
    ("CHANGELOG.md", " - 2026-01-31", "", "0.9.0 has no day"),
    (
        "CHANGELOG.md",
        "[Unreleased]\n",
        "[Unreleased]\n\n* Left.\n",
        "text is left below [Unreleased]",
    ),
    ("pyproject.toml", "git.example", "forge.example", "names forge.example"),
    ("mailauth_dns/__init__.py", "__version__", "version", "has no line __version__"),
]


@pytest.mark.parametrize(("name", "old", "new", "message"), REFUSED)
def test_a_release_that_is_not_ready_is_refused(
    checkout: Path, name: str, old: str, new: str, message: str
) -> None:
    path = checkout / name
    path.write_text(path.read_text().replace(old, new))
    commit(checkout)
    code, said = release(checkout)
    assert code == 1
    assert message in said
    assert git(checkout, "tag") == ""


def test_a_release_of_what_is_not_committed_is_refused(checkout: Path) -> None:
    (checkout / "new.py").write_text("")
    assert release(checkout) == (1, "the tree is not clean; commit or remove: ?? new.py\n")


def test_a_release_from_a_branch_is_refused(checkout: Path) -> None:
    git(checkout, "switch", "-q", "-c", "mine")
    assert release(checkout) == (1, "a release is made on main, not on 'mine'\n")


def test_a_version_is_released_once(checkout: Path) -> None:
    git(checkout, "tag", "v0.9.0")
    assert release(checkout) == (1, "the tag v0.9.0 is there already; raise __version__\n")


def test_a_release_takes_no_typing_error(checkout: Path) -> None:
    assert release(checkout, "--dry-ru") == (1, "release takes --dry-run or nothing\n")


def test_the_changelog_can_be_released() -> None:
    """Its headings are those that script/release reads."""
    headings = re.findall(r"^## .*$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == "## [Unreleased]"
    for heading in headings[1:]:
        assert re.fullmatch(r"## \[\d+\.\d+\.\d+\] - \d{4}-\d{2}-\d{2}", heading)
    kinds = re.findall(r"^### (.*)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert {*kinds} <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
