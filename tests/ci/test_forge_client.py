"""ci/forge.py says what is wrong, in a line, and leaves alone what it does not know."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ci.forge_server import READS, WRITES, ForgeServer
from tests.conftest import free_port

CLIENT = Path(__file__).parents[2] / "mailauth_dns/template/ci/forge.py"


@pytest.fixture
def forge() -> Iterator[ForgeServer]:
    with ForgeServer("github") as started:
        yield started


def run(tmp_path: Path, forge: ForgeServer | None, *words: str, **env: str) -> tuple[int, str]:
    environment = {
        "PATH": f"{tmp_path}:/usr/bin:/bin",
        "FORGE": "github",
        "FORGE_TOKEN": WRITES,
        "GITHUB_API_URL": f"{forge.url if forge else f'http://127.0.0.1:{free_port()}'}/api",
        "GITHUB_REPOSITORY": "you/dns",
        "GITHUB_REF": "refs/pull/1/merge",
        "GITHUB_SHA": "a" * 40,
        **env,
    }
    (tmp_path / "plan.md").write_text("<!-- mailauth-dns plan -->\nnothing\n")
    done = subprocess.run(
        [sys.executable, CLIENT, *words],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout + done.stderr


WRONG: tuple[tuple[tuple[str, ...], dict[str, str], str], ...] = (
    ((), {}, "forge.py comment plan.md"),
    (("coment", "plan.md"), {}, "forge.py comment plan.md"),
    (("comment",), {}, "forge.py comment plan.md"),
    (("comment", "plan.md"), {"FORGE": "sourceforge"}, "FORGE is github, gitlab or forgejo"),
    (("comment", "plan.md"), {"FORGE_TOKEN": READS}, "403 Forbidden"),
    (("comment", "plan.md"), {"FORGE_TOKEN": "wrong"}, "401 Unauthorized"),
    (("reviewed", "plan.json"), {"FORGE_HEAD": "b" * 40}, "there is no artifact plan-bbbb"),
    (("reviewed", "plan.json"), {"GITHUB_REPOSITORY": "you/no"}, "not found"),
    (("keep", "plan.json"), {"FORGE": "forgejo", "FORGE_HEAD": "b" * 40}, "git hash-object -w"),
)


@pytest.mark.parametrize(("words", "env", "told"), WRONG)
def test_what_is_wrong_is_told(
    tmp_path: Path, forge: ForgeServer, words: tuple[str, ...], env: dict[str, str], told: str
) -> None:
    code, said = run(tmp_path, forge, *words, **env)
    assert code == 1
    assert told in said


def test_a_forge_that_is_down_is_told(tmp_path: Path) -> None:
    code, said = run(tmp_path, None, "comment", "plan.md")
    assert code == 1
    assert "Connection refused" in said


@pytest.mark.parametrize("artifact_of_fork", [True, False])
def test_a_plan_of_a_fork_is_none(
    tmp_path: Path, forge: ForgeServer, artifact_of_fork: bool
) -> None:
    head = "b" * 40
    forge.keep(f"plan-{head}", {"plan.json": b"{}"}, head, fork=artifact_of_fork)
    code, _ = run(tmp_path, forge, "reviewed", "plan.json", FORGE_HEAD=head)
    assert code == artifact_of_fork
    assert (tmp_path / "plan.json").exists() != artifact_of_fork


def test_of_several_plans_of_a_commit_the_newest_is_taken(
    tmp_path: Path, forge: ForgeServer
) -> None:
    head = "b" * 40
    for text in (b"old", b"new"):
        forge.keep(f"plan-{head}", {"plan.json": text}, head)
    assert run(tmp_path, forge, "reviewed", "plan.json", FORGE_HEAD=head)[0] == 0
    assert (tmp_path / "plan.json").read_bytes() == b"new"


def test_a_plan_by_a_job_of_another_commit_is_none(tmp_path: Path, forge: ForgeServer) -> None:
    head = "b" * 40
    forge.keep(f"plan-{head}", {"plan.json": b"{}"}, "c" * 40)
    code, said = run(tmp_path, forge, "reviewed", "plan.json", FORGE_HEAD=head)
    assert (code, f"no artifact plan-{head}" in said) == (1, True)


def test_a_plan_in_the_checkout_was_reviewed_by_nobody(tmp_path: Path, forge: ForgeServer) -> None:
    (tmp_path / "plan.json").write_text("{}")
    code, said = run(tmp_path, forge, "reviewed", "plan.json")
    assert (code, "nobody reviewed a plan" in said) == (1, True)
    assert not (tmp_path / "plan.json").exists()


@pytest.mark.parametrize(
    ("main", "committed", "told"),
    [
        ("a" * 40, False, ""),
        ("a" * 40, True, "plan.json is in git"),
        ("c" * 40, False, "main is now"),
    ],
)
def test_what_is_applied_by_hand_is_cis_own_for_main_as_it_is_now(
    tmp_path: Path, forge: ForgeServer, main: str, committed: bool, told: str
) -> None:
    forge.main = main
    (tmp_path / "plan.json").write_text("{}")
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    if committed:
        subprocess.run(["git", "-C", tmp_path, "add", "plan.json"], check=True)
    code, said = run(tmp_path, forge, "current", "plan.json")
    assert (code, told in said) == (bool(told), True)


HOSTILE = "  example.com TXT  differs: ``` @everyone <!-- mailauth-dns plan -->\n# heading\n"


@pytest.mark.parametrize(("code", "issues"), [(0, 0), (1, 0), (2, 1)])
def test_drift_that_is_unknown_opens_no_issue(
    tmp_path: Path, forge: ForgeServer, code: int, issues: int
) -> None:
    diff = tmp_path / "mailauth-dns"
    diff.write_text(f"#!/bin/sh\ncat <<'END'\n{HOSTILE}END\nexit {code}\n")
    diff.chmod(0o755)
    assert run(tmp_path, forge, "drift")[0] == (code == 1)
    assert len(forge.open_issues) == issues


def test_what_dns_says_cannot_leave_its_place_in_an_issue(
    tmp_path: Path, forge: ForgeServer
) -> None:
    diff = tmp_path / "mailauth-dns"
    diff.write_text(f"#!/bin/sh\ncat <<'END'\n{HOSTILE}END\nexit 2\n")
    diff.chmod(0o755)
    run(tmp_path, forge, "drift")
    [issue] = forge.open_issues
    head, _, rest = issue["body"].partition("\n\n")
    assert head == "<!-- mailauth-dns drift -->\n`mailauth-dns diff` says:"
    assert [line for line in rest.splitlines() if not line.startswith("    ")] == []


def test_an_issue_is_cut_to_what_a_forge_takes(tmp_path: Path, forge: ForgeServer) -> None:
    diff = tmp_path / "mailauth-dns"
    diff.write_text("#!/bin/sh\nseq -w 10000 19999\nexit 2\n")
    diff.chmod(0o755)
    code, said = run(tmp_path, forge, "drift")
    [issue] = forge.open_issues
    kept = issue["body"].splitlines()[3:-2]
    assert (code, len(said.splitlines())) == (0, 10_000)
    assert len(issue["body"]) < 61_000
    assert kept[-1] == f"    {10_000 + len(kept) - 1}"
    assert (
        issue["body"].splitlines()[-1]
        == f"{10_000 - len(kept)} more lines are in the log of the job."
    )
