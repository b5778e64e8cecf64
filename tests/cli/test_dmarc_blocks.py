"""What `dmarc status` and `dmarc advance` say where no report counts, or few do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.evidence_repo import MONTH, commit_days_ago, day, with_evidence
from tests.conftest import RepoFolder
from tests.deploy.git_repo import git
from tests.evidence.histories import POLICY, days, reports
from tests.evidence.judged import GOOGLE, both

SOUND = tuple(both(MONTH, office=20, shop=5))


def test_without_a_report_nothing_is_ready(repo: RepoFolder) -> None:
    repo.policy(POLICY, "example.com")
    ran = repo.run("dmarc", "status")
    assert ran.code == 0
    assert "window: none; there is no report\n" in ran.out
    assert "0 ready for a step, 1 not yet" in ran.out
    assert ran.next == "reports read PATH --write  (no report has been read yet)"
    ran = repo.run("dmarc", "advance", "example.com")
    assert ran.code == 1
    assert ran.told == (
        "example.com: p none -> quarantine is refused, and zones/policy/example.com.yaml is left "
        "as it is:\n"
        "    no report has been read yet\n"
        "        read what has come: `reports read PATH --write`\n"
    )
    assert (repo.root / "zones/policy/example.com.yaml").read_text() == POLICY


def blocked(out: str) -> list[str]:
    """What stands in the way, and when the step may come."""
    lines = out.splitlines()
    return lines[next(at for at, line in enumerate(lines) if "blocks: " in line) : -1]


def test_git_that_is_younger_than_all_reports_is_all_that_blocks(repo: RepoFolder) -> None:
    with_evidence(repo, SOUND, committed=False)
    git(repo.root, "init", "-q")
    commit_days_ago(repo, 0)
    ran = repo.run("dmarc", "status")
    assert ran.code == 0
    assert blocked(ran.out) == [
        f"    blocks: git knows DNS as it is since {day(31)}; reports count from the day after "
        "that on",
        f"    next: p none -> quarantine, on {day(46)} at the earliest",
    ]
    assert repo.run("dmarc", "advance", "example.com").told == (
        "example.com: p none -> quarantine is refused, and zones/policy/example.com.yaml is left "
        "as it is:\n"
        f"    git knows DNS as it is since {day(31)}; reports count from the day after that on\n"
        f"    on {day(46)} at the earliest\n"
    )
    [status] = json.loads(repo.run("dmarc", "status", "--format", "json").out)["domains"]
    assert status["verdict"]["not_before"] == day(46)


def test_after_a_step_only_reports_that_found_it_are_missing(repo: RepoFolder) -> None:
    with_evidence(repo, SOUND, POLICY.replace("p: none", "p: quarantine, gate: {days: 20}"))
    assert blocked(repo.run("dmarc", "status").out) == [
        "    blocks: no report has found p=quarantine in DNS yet",
        f"    next: p quarantine -> reject, on {day(51)} at the earliest",
    ]


def test_reports_that_stopped_before_the_step_are_to_be_read(repo: RepoFolder) -> None:
    with_evidence(repo, both(days(1, 10), office=20), POLICY.replace("p: none", "p: quarantine"))
    assert blocked(repo.run("dmarc", "status").out) == [
        "    blocks: no report has found p=quarantine in DNS yet",
        "        apply the policy if that is still to be done; then read what has come: "
        "`reports read PATH --write`",
        "    next: p quarantine -> reject, once what blocks is mended",
    ]


def test_a_shallow_clone_is_all_that_blocks(repo: RepoFolder, tmp_path: Path) -> None:
    with_evidence(repo, SOUND)
    repo.write("zones/policy/_defaults.yaml", "ttl: 60\n")
    commit_days_ago(repo, 0)
    clone = tmp_path / "clone"
    git(repo.root, "clone", "-q", "--depth", "1", f"file://{repo.root}", str(clone))
    ran = repo.run("-C", str(clone), "dmarc", "status")
    assert blocked(ran.out) == [
        f"    blocks: git knows DNS since {day(31)} only, and older reports do not count",
        "        this clone is shallow: git fetch --unshallow",
        "    next: p none -> quarantine, once what blocks is mended",
    ]


# Mail, and whether a lower volume is offered: only where it alone is in the way.
LITTLE = {
    "volume alone": (tuple(both(MONTH, office=1)), True),
    "a reporter too": (tuple(reports(MONTH, GOOGLE, {"office": 1})), False),
    "days too": (tuple(both(days(25, 30), office=1)), False),
}


@pytest.mark.parametrize("name", LITTLE)
def test_a_lower_volume_is_offered_where_it_alone_blocks(repo: RepoFolder, name: str) -> None:
    made, offered = LITTLE[name]
    with_evidence(repo, made, POLICY.replace("p: none", "p: none, gate: {volume: 500}"))
    out = repo.run("dmarc", "status").out
    assert "of declared senders, 500 needed" in out
    assert ("gate: {volume: 125}" in out) is offered
