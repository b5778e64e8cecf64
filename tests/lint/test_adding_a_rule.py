"""A new rule takes its function, one line of the catalogue and one case file; no more."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
IN_ITS_FILE = '''

@rule("MX009", "mx-dummy", Severity.WARNING, "practice")
def mx_dummy(subject: Subject) -> Iterator[Problem | Undecided]:
    """Senders laugh at a dummy.

    Bad:
        domain: dummy.example
    Good:
        domain: example.com
    """
    if subject.domain == "dummy.example":
        yield Problem(("domain",), "senders laugh at it", "take another name")
'''
CASE = """\
passes:
- "domain: example.com\\nspf: {all: fail}\\n"
fails:
- {policy: "domain: dummy.example\\nspf: {all: fail}\\n", at: "1:1", message: senders laugh}
"""
POLICY = "domain: dummy.example\nspf: {terms: [mx], all: fail}\n"
WAIVER = 'waivers: [{rule: MX009, reason: "we laugh too", until: 2999-01-31}]\n'


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a copy of the project with one rule more."""
    for folder in ("mailauth_dns", "tests", "docs"):
        ignored = shutil.ignore_patterns("__pycache__", "golden")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    lint = tmp_path / "mailauth_dns/lint"
    file, catalogue = lint / "rules/mx.py", lint / "catalog.py"
    file.write_text(file.read_text() + IN_ITS_FILE)
    last = "    mx.mx_single,\n"
    assert last in catalogue.read_text()
    catalogue.write_text(catalogue.read_text().replace(last, f"{last}    mx.mx_dummy,\n"))
    (tmp_path / "tests/lint/cases/MX009.yaml").write_text(CASE)
    (tmp_path / "repo/zones/policy").mkdir(parents=True)
    return tmp_path


def ran(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python on the copy."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def command(tree: Path, policy: str, *arguments: str) -> str:
    """Run the command on a repo of one policy, and return what it prints."""
    (tree / "repo/zones/policy/dummy.yaml").write_text(policy)
    return ran(tree, "-m", "mailauth_dns", "-C", "repo", *arguments).stdout


def test_every_command_knows_a_new_rule(tree: Path) -> None:
    assert "dummy.yaml:1:1: warning MX009 mx-dummy: senders laugh at it; take another name" in (
        command(tree, POLICY, "lint", "--select", "MX009")
    )
    assert "MX009" in command(tree, POLICY, "rules")
    assert command(tree, POLICY, "rules", "mx009").startswith("MX009 mx-dummy (warning)\n\nSenders")
    [run] = json.loads(command(tree, POLICY, "lint", "--format", "sarif"))["runs"]
    assert "MX009" in {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    assert "nothing found, 1 waived" in command(tree, POLICY + WAIVER, "lint", "--select", "MX009")


def test_the_tests_of_the_rules_try_a_new_rule(tree: Path) -> None:
    asked = ran(
        tree,
        *("-m", "pytest", "-q", "-p", "no:cacheprovider", "-rA", "-k", "MX009 or layout"),
        *("tests/lint/test_cases.py", "tests/lint/test_layout.py"),
    )
    assert asked.returncode == 0, asked.stdout
    for test in ("test_passes[MX009-0]", "test_fails_at_the_right_place[MX009-0]"):
        assert f"PASSED tests/lint/test_cases.py::{test}" in asked.stdout
