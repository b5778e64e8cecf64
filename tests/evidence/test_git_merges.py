"""Two branches read reports, git merges them, and `reports read --write` ends where one run would."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from mailauth_dns.policy.repo_layout import EVIDENCE_DIR
from tests.conftest import RepoFolder
from tests.reports import made
from tests.reports.made import RECORD, aggregate, wrote

POLICY = "domain: example.com\ndmarc: {p: none, sp: reject}\n"
FILE = EVIDENCE_DIR / "example.com.json"
STYLES = ["merge", "diff3", "zdiff3"]


def git(repo: RepoFolder, *arguments: str, fails: bool = False) -> str:
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    config = ["-c", "user.name=T", "-c", "user.email=t@example.com"]
    ran = subprocess.run(
        ["git", *config, *arguments], cwd=repo.root, env=environment, capture_output=True, text=True
    )
    assert (ran.returncode != 0) == fails, ran.stdout + ran.stderr
    return ran.stdout


def report(day: int, number: int = 1, count: int = 3) -> str:
    begin, end = ((each, each + day * 86400) for each in (made.BEGIN, made.END))
    return aggregate(
        (str(begin[0]), str(begin[1])),
        (str(end[0]), str(end[1])),
        ("20251128.1", f"{day}.{number}"),
        records=(RECORD.replace("<count>3<", f"<count>{count}<"),),
    )


def read(repo: RepoFolder, reports: Path, names: Sequence[str] = ()) -> None:
    """Read these reports, by name, into the evidence."""
    ran = repo.run("reports", "read", "--write", *(str(reports / name) for name in names))
    assert ran.code == 0, ran.said


def one_run(repo: RepoFolder, reports: Path) -> str:
    """Return the file that one run over all reports writes."""
    path = repo.root / FILE
    before = path.read_text()
    path.unlink()
    read(repo, reports, [""])
    text = path.read_text()
    path.write_text(before)
    return text


@pytest.fixture
def branches(repo: RepoFolder) -> RepoFolder:
    repo.policy(POLICY, "example.com")
    git(repo, "init", "-q", "-b", "main")
    return repo


def commit(repo: RepoFolder, words: str) -> None:
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "--allow-empty", "-m", words)


def without_union(repo: RepoFolder, wanted: bool) -> None:
    """Have a folder that says nothing of how git merges."""
    if wanted:
        repo.write(f"{EVIDENCE_DIR}/.gitattributes", "")


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("union", [False, True])
def test_two_branches_with_the_same_days(
    branches: RepoFolder, tmp_path: Path, union: bool, style: str
) -> None:
    """Both add lines at the end, which git cannot merge; with what the folder says, it takes both."""
    repo, reports = branches, tmp_path / "reports"
    wrote(reports, {f"{day}.{n}.xml": report(day, n) for day in range(6) for n in (1, 2)})
    git(repo, "config", "merge.conflictStyle", style)
    without_union(repo, not union)
    read(repo, reports, ["0.1.xml", "1.1.xml"])
    commit(repo, "begin")
    git(repo, "checkout", "-q", "-b", "other")
    read(repo, reports, ["0.2.xml", "2.1.xml", "3.1.xml", "5.2.xml"])
    commit(repo, "theirs")
    git(repo, "checkout", "-q", "main")
    read(repo, reports, ["1.2.xml", "2.2.xml", "3.1.xml", "3.2.xml", "4.1.xml"])
    commit(repo, "ours")
    git(repo, "merge", "-q", "other", fails=not union)
    assert ("<<<<<<<" in (repo.root / FILE).read_text()) == (not union)

    read(repo, reports)
    commit(repo, "merged")
    rest = ["4.2.xml", "5.1.xml"]
    read(repo, reports, rest)
    assert (repo.root / FILE).read_text() == one_run(repo, reports)


@pytest.mark.parametrize("union", [False, True])
def test_two_branches_that_both_make_the_file(
    branches: RepoFolder, tmp_path: Path, union: bool
) -> None:
    repo, reports = branches, tmp_path / "reports"
    wrote(reports, {"1.xml": report(1), "2.xml": report(2), "3.xml": report(3)})
    without_union(repo, not union)
    commit(repo, "begin")
    git(repo, "checkout", "-q", "-b", "other")
    read(repo, reports, ["1.xml", "2.xml"])
    commit(repo, "theirs")
    git(repo, "checkout", "-q", "main")
    read(repo, reports, ["2.xml", "3.xml"])
    commit(repo, "ours")
    git(repo, "merge", "-q", "other", fails=not union)
    read(repo, reports, [""])
    assert (repo.root / FILE).read_text() == one_run(repo, reports)


def test_a_branch_that_drops_old_reports(branches: RepoFolder, tmp_path: Path) -> None:
    """What one branch dropped may stand beside what the other added."""
    repo, reports = branches, tmp_path / "reports"
    wrote(reports, {f"{day}.xml": report(day) for day in (-403, -402, -401, 0, 1, 2)})
    read(repo, reports, ["-403.xml", "-402.xml", "-401.xml"])
    commit(repo, "begin")
    git(repo, "checkout", "-q", "-b", "other")
    read(repo, reports, ["1.xml"])
    commit(repo, "theirs")
    git(repo, "checkout", "-q", "main")
    read(repo, reports, ["2.xml", "0.xml"])
    commit(repo, "ours")
    git(repo, "merge", "-q", "other")
    read(repo, reports)
    assert (repo.root / FILE).read_text() == one_run(repo, reports)


@pytest.mark.parametrize("seed", range(3))
def test_many_branches_in_any_order(branches: RepoFolder, tmp_path: Path, seed: int) -> None:
    """Reports are shared, repeated and contradicted, and merged with union in whatever order."""
    chance = random.Random(seed)
    repo, reports = branches, tmp_path / "reports"
    wrote(reports, {f"{day}.{n}.xml": report(day, n) for day in range(8) for n in (1, 2)})
    names = sorted(path.name for path in reports.iterdir())
    read(repo, reports, [names[0]])
    commit(repo, "begin")
    tips = ["main"]
    for number in range(5):
        git(repo, "checkout", "-q", "-b", f"b{number}", chance.choice(tips))
        read(repo, reports, chance.sample(names, 4))
        commit(repo, f"b{number}")
        tips.append(f"b{number}")
    git(repo, "checkout", "-q", "main")
    for tip in chance.sample(tips, len(tips)):
        git(repo, "merge", "-q", tip)
        if chance.random() < 0.5:
            read(repo, reports)
            commit(repo, "in order")
    read(repo, reports, names)
    assert (repo.root / FILE).read_text() == one_run(repo, reports)


def test_what_watch_remembers_is_no_list_of_lines(branches: RepoFolder, tmp_path: Path) -> None:
    """The lines of both sides would be no JSON there."""
    wrote(tmp_path, {"1.xml": report(1)})
    read(branches, tmp_path, ["1.xml"])
    names = [str(EVIDENCE_DIR / "_watch.json"), str(FILE)]
    assert git(branches, "check-attr", "merge", *names).splitlines() == [
        "zones/evidence/_watch.json: merge: unspecified",
        "zones/evidence/example.com.json: merge: union",
    ]


def test_git_leaves_what_watch_remembers_to_a_person(branches: RepoFolder, tmp_path: Path) -> None:
    """Both branches judged the evidence until another day."""
    mark = "zones/evidence/_watch.json"
    text = '{"format": 1,\n "domains": {\n  "example.com": {\n   "until": "2026-11-%s",\n   "told": []}}}\n'
    wrote(tmp_path, {"1.xml": report(1)})
    read(branches, tmp_path, ["1.xml"])
    branches.write(mark, text % 25)
    commit(branches, "begin")
    git(branches, "checkout", "-q", "-b", "other")
    branches.write(mark, text % 26)
    commit(branches, "theirs")
    git(branches, "checkout", "-q", "main")
    branches.write(mark, text % 27)
    commit(branches, "ours")
    git(branches, "merge", "-q", "other", fails=True)
    ran = branches.run("reports", "watch")
    assert ran.code == 1
    assert ran.err.startswith(f"{mark}: holds both sides of a merge; ")
