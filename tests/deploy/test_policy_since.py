"""Since when a domain's mail passes as it does now: what git knows of values, not of files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mailauth_dns.deploy import git_files
from mailauth_dns.deploy.git_files import GitFile
from mailauth_dns.deploy.policy_since import Since, records_since
from mailauth_dns.errors import MailAuthError
from mailauth_dns.policy.load import load_repo
from mailauth_dns.records.name import DomainName
from tests.cli.evidence_repo import commit_days_ago
from tests.conftest import RepoFolder
from tests.deploy.branch_repo import pem
from tests.deploy.git_calls import Calls
from tests.deploy.git_repo import ago, git

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
    "one address more": (put('"ip4:192.0.2.10"', '"ip4:192.0.2.10", "ip4:192.0.2.11"'), False),
    "another word for who is not listed": (put("all: fail", "all: softfail"), False),
    "an address that is refused before": (
        put('["ip4:192.0.2.10"]', '["-ip4:192.0.2.10/31", "ip4:192.0.2.10"]'),
        True,
    ),
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


@pytest.fixture
def fleet(repo: RepoFolder) -> RepoFolder:
    """Twenty domains of one file, and six commits; one domain got another key in the fourth."""
    for number in range(20):
        repo.write(f"zones/keys/d{number}.example/s1.pem", pem(1))
    repo.write("zones/policy/all.txt", "".join(f"d{number}.example\n" for number in range(20)))
    repo.policy("domains_file: all.txt\ndkim: {selectors: {s1: {key: s1.pem}}}\n", "all")
    git(repo.root, "init", "-q")
    commit_days_ago(repo, 60)
    for days in (50, 40, 20, 10, 5):
        repo.policy(f"dmarc: {{p: none}} # {days}\n", "_defaults")
        if days == 20:
            repo.write("zones/keys/d7.example/s1.pem", pem(2))
        commit_days_ago(repo, days)
    return repo


def days_of(repo: RepoFolder, count: int, **options: Any) -> list[date | None]:
    loaded = load_repo(repo.root)
    return [records_since(loaded, each, **options).day for each in loaded.policies[:count]]


def test_git_is_asked_once_for_all_domains_of_a_file(
    fleet: RepoFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = Calls(monkeypatch)
    days_of(fleet, 1)
    one = calls.number
    days_of(fleet, 20)
    assert calls.number == 2 * one
    # The files of HEAD and of five parents, with their contents; the log, and whether it is whole.
    assert one == 6 * 2 + 2


def test_each_domain_of_a_file_has_its_own_day(fleet: RepoFolder) -> None:
    loaded = load_repo(fleet.root)
    found = {each.domain: records_since(loaded, each) for each in loaded.policies}
    assert found.pop(DomainName("d7.example")) == Since(ago(20))
    assert set(found.values()) == {Since(ago(60))}


def test_what_is_older_than_asked_is_not_looked_at(
    fleet: RepoFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = Calls(monkeypatch)
    found = days_of(fleet, 20, oldest=ago(15))
    assert calls.number == 3 * 2 + 1
    assert all(each is not None and each < ago(15) for each in found)
    found = days_of(fleet, 20, oldest=ago(20))
    assert found.count(ago(20)) == 1
    assert all(each is not None and each <= ago(20) for each in found)


def test_a_commit_that_is_dated_too_early_hides_none_before_it(old: RepoFolder) -> None:
    put('"ip4:192.0.2.10"', '"ip4:192.0.2.11"')(old)
    commit_days_ago(old, 10)
    old.policy(POLICY.replace('"ip4:192.0.2.10"', '"ip4:192.0.2.11"') + "ttl: 60\n")
    commit_days_ago(old, 100)
    loaded = load_repo(old.root)
    assert records_since(loaded, loaded.policies[0], oldest=ago(12)) == Since(ago(10))


def test_who_asks_for_more_changes_no_other_answer(
    fleet: RepoFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "clone", "-q", "--depth", "3", f"file://{fleet.root}", "shallow")
    loaded = load_repo(tmp_path / "shallow")
    first, second, *_ = loaded.policies
    why = "this clone is shallow: git fetch --unshallow"
    assert records_since(loaded, first) == Since(ago(20), why)
    assert records_since(loaded, second, oldest=ago(15)) == Since(ago(20))
    assert records_since(loaded, second) == Since(ago(20), why)


def test_a_commit_that_cannot_be_read_is_no_matter_to_who_asks_for_less(
    fleet: RepoFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = git(fleet.root, "rev-parse", "HEAD~3")
    real = git_files.files

    def files(root: Path, commit: str, *folders: str) -> tuple[GitFile, ...]:
        if commit == parent:
            raise MailAuthError("git: lost")
        return real(root, commit, *folders)

    monkeypatch.setattr(git_files, "files", files)
    loaded = load_repo(fleet.root)
    first, second, *_ = loaded.policies
    assert records_since(loaded, first) == Since(None, "git: lost")
    assert records_since(loaded, second) == Since(None, "git: lost")
    assert records_since(loaded, second, oldest=ago(15)) == Since(ago(20))
