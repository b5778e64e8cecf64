"""Since when a domain's mail passes as it does now: what git knows of values, not of files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from mailauth_dns.deploy.policy_since import Since, records_since
from mailauth_dns.policy.load import load_repo
from mailauth_dns.records.name import DomainName
from tests.cli.evidence_repo import commit_days_ago
from tests.conftest import RepoFolder
from tests.deploy.git_repo import git

KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
POLICY = f"""\
domain: example.com
spf: {{terms: ["ip4:192.0.2.10"], all: fail}}
dkim: {{selectors: {{s1: {{p: {KEY}, k: ed25519}}}}}}
dmarc: {{p: none, rua: ["mailto:d@example.com"]}}
"""
Edit = Callable[[RepoFolder], object]


def put(before: str, after: str) -> Edit:
    assert before in POLICY
    return lambda repo: repo.policy(POLICY.replace(before, after))


def ago(days: int) -> date:
    return (datetime.now(UTC) - timedelta(days=days)).date()


def since(repo: RepoFolder) -> Since:
    loaded = load_repo(repo.root)
    [policy] = loaded.of([DomainName("example.com")])
    return records_since(loaded, policy)


@pytest.fixture
def old(repo: RepoFolder) -> RepoFolder:
    """A policy of thirty days ago, in git."""
    repo.policy(POLICY)
    git(repo.root, "init", "-q")
    commit_days_ago(repo, 30)
    return repo


# What a commit of ten days ago changed, and whether mail that passed before may fail since.
TAKES_AWAY: dict[str, tuple[Edit, bool]] = {
    "an address": (put('"ip4:192.0.2.10"', '"ip4:192.0.2.11"'), True),
    "a key": (put(f"{{s1: {{p: {KEY}, k: ed25519}}}}", "{}"), True),
    "a key that is revoked": (put(f"{{p: {KEY}, k: ed25519}}", "{state: revoked}"), True),
    "relaxed alignment": (put("p: none", "p: none, adkim: s"), True),
    "SPF from the defaults": (
        lambda repo: (
            repo.policy(POLICY.replace('terms: ["ip4:192.0.2.10"], ', "")),
            repo.policy('spf: {terms: ["ip4:192.0.2.12"]}\n', "_defaults"),
        ),
        True,
    ),
    "a new key": (put("{selectors: {", f"{{selectors: {{s2: {{p: {KEY}, k: ed25519}}, "), False),
    "the policy": (put("p: none", "p: quarantine"), False),
    "the gate": (put("p: none", "p: none, gate: {days: 20}"), False),
    "a comment": (put("domain:", "# why\ndomain:"), False),
    "another domain": (
        lambda repo: repo.policy("domain: example.net\nspf: {all: fail}\n", "n"),
        False,
    ),
    # git follows no file: what was there before is not looked for.
    "the name of the file": (
        lambda repo: (repo.root / "zones/policy/policy.yaml").rename(
            repo.root / "zones/policy/other.yaml"
        ),
        True,
    ),
}


@pytest.mark.parametrize("name", TAKES_AWAY)
def test_the_day_on_which_something_went(old: RepoFolder, name: str) -> None:
    edit, expected = TAKES_AWAY[name]
    edit(old)
    commit_days_ago(old, 10)
    old.policy("domain: third.example\nspf: {all: fail}\n", "third")
    commit_days_ago(old, 5)
    assert since(old) == Since(ago(10 if expected else 30))


def test_what_is_not_committed_is_not_known(old: RepoFolder) -> None:
    put('"ip4:192.0.2.10"', '"ip4:192.0.2.11"')(old)
    found = since(old)
    assert found.day is None
    assert found.why == "git does not have zones/policy/policy.yaml as it is: commit it first"


def test_an_addition_need_not_be_committed(old: RepoFolder) -> None:
    put("p: none", "p: quarantine")(old)
    assert since(old) == Since(ago(30))


def test_a_branch_counts_from_its_merge_on(old: RepoFolder) -> None:
    git(old.root, "checkout", "-qb", "change")
    put('"ip4:192.0.2.10"', '"ip4:192.0.2.11"')(old)
    commit_days_ago(old, 20)
    git(old.root, "checkout", "-q", "-")
    git(old.root, "merge", "-q", "--no-ff", "-m", "merged", "change")
    assert since(old) == Since(ago(0))


def test_before_the_policy_nothing_is_known(repo: RepoFolder) -> None:
    repo.policy("domain: example.net\nspf: {all: fail}\n", "n")
    git(repo.root, "init", "-q")
    commit_days_ago(repo, 30)
    repo.policy(POLICY)
    commit_days_ago(repo, 12)
    assert since(repo) == Since(ago(12))


def test_a_broken_commit_ends_it(old: RepoFolder) -> None:
    old.policy(POLICY + "spf: {}\n")
    commit_days_ago(old, 20)
    old.policy(POLICY)
    commit_days_ago(old, 10)
    assert since(old) == Since(ago(10))


def test_a_shallow_clone_knows_its_own_commits(old: RepoFolder, tmp_path: Path) -> None:
    old.policy(POLICY + "ttl: 60\n")
    commit_days_ago(old, 3)
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{old.root}", "shallow")
    found = since(RepoFolder(tmp_path / "shallow", old.capture))
    assert found == Since(ago(3), "this clone is shallow: git fetch --unshallow")


def test_without_git_nobody_knows(repo: RepoFolder) -> None:
    repo.policy(POLICY)
    found = since(repo)
    assert found.day is None
    assert "not a git repository" in found.why


def test_a_sender_whose_grace_is_over_ends_it_that_day(old: RepoFolder) -> None:
    """Its records go without a commit."""
    sender = f"senders: {{shop: {{sender: server, ip: [192.0.2.20], retired: {ago(40)}}}}}\n"
    old.policy(sender + POLICY)
    commit_days_ago(old, 35)
    git(old.root, "commit", "-q", "--allow-empty", "-m", "later")
    assert since(old).day == ago(10)
