"""A domain whose policy moves to another file goes on: its records stayed what they were."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from mailauth_dns.deploy.policy_since import Since, records_since
from mailauth_dns.policy.load import load_repo
from mailauth_dns.records.name import DomainName
from tests.cli.evidence_repo import commit_days_ago
from tests.conftest import RepoFolder
from tests.deploy.branch_repo import pem
from tests.deploy.git_calls import Calls
from tests.deploy.git_repo import ago, git

BODY = """spf: {terms: ["ip4:192.0.2.10"], all: fail}
dkim: {selectors: {s1: {key: s1.pem}}}
dmarc: {p: none}
"""
BOTH = "domains: [example.com, example.net]\n" + BODY
COM, NET = "domain: example.com\n" + BODY, "domain: example.net\n" + BODY
LISTED = "domains_file: ../ours.txt\n" + BODY
TIGHTER = BODY.replace("p: none", "p: quarantine")
FEWER = BODY.replace("192.0.2.10", "192.0.2.99")


def wrote(repo: RepoFolder, files: dict[str, str | None]) -> None:
    """Write policies by the names of their files, and lists; None takes one away."""
    for name, text in files.items():
        path = repo.root / "zones" / (name if name.endswith(".txt") else f"policy/{name}.yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            path.unlink()
        else:
            path.write_text(text)


def begun(repo: RepoFolder, files: dict[str, str | None]) -> None:
    """Have these policies for thirty days."""
    for domain in ("example.com", "example.net"):
        repo.write(f"zones/keys/{domain}/s1.pem", pem(1))
    wrote(repo, files)
    git(repo.root, "init", "-q")
    commit_days_ago(repo, 30)


def since(root: Path, domain: str = "example.com") -> Since:
    loaded = load_repo(root)
    [policy] = loaded.of([DomainName(domain)])
    return records_since(loaded, policy)


Files = dict[str, str | None]
# The files of thirty days ago, what a commit of ten days ago did to them, and of each domain
# whether that took anything away by which its mail passes.
MOVES: dict[str, tuple[Files, Files, bool, bool]] = {
    "the file has another name": (
        {"a": COM, "b": NET},
        {"a": None, "example.com": COM},
        False,
        False,
    ),
    "each domain gets a file of its own": (
        {"a": BOTH},
        {"a": None, "com": COM, "net": NET},
        False,
        False,
    ),
    "one is split off, and the other keeps the file": (
        {"a": BOTH},
        {"a": NET, "com": COM},
        False,
        False,
    ),
    "one is split off to be tightened": (
        {"a": BOTH},
        {"a": NET, "com": "domain: example.com\n" + TIGHTER},
        False,
        False,
    ),
    "one is split off, and loses a host": (
        {"a": BOTH},
        {"a": NET, "com": "domain: example.com\n" + FEWER},
        True,
        False,
    ),
    "two files become one": ({"a": COM, "b": NET}, {"a": BOTH, "b": None}, False, False),
    "the list of domains becomes files": (
        {"a": LISTED, "ours.txt": "example.com\nexample.net\n"},
        {"a": None, "ours.txt": None, "com": COM, "net": NET},
        False,
        False,
    ),
    "one leaves the list alone": (
        {"a": LISTED, "ours.txt": "example.com\nexample.net\n"},
        {"ours.txt": "example.net\n", "com": COM},
        False,
        False,
    ),
    "a file takes the name of another": (
        {"a": COM, "b": NET},
        {"a": NET, "b": None, "c": COM},
        False,
        False,
    ),
    "it was in no file": ({"a": NET}, {"com": COM}, True, False),
}


@pytest.mark.parametrize("name", MOVES)
def test_the_window_follows_the_domain(repo: RepoFolder, name: str) -> None:
    before, after, *taken = MOVES[name]
    begun(repo, before)
    wrote(repo, after)
    commit_days_ago(repo, 10)
    found = [since(repo.root, domain) for domain in ("example.com", "example.net")]
    assert found == [Since(ago(10 if went else 30)) for went in taken]


def test_it_is_followed_over_several_files_to_what_took_away(repo: RepoFolder) -> None:
    begun(repo, {"a": "domains: [example.com, example.net]\n" + BODY})
    wrote(repo, {"a": "domains: [example.com, example.net]\n" + FEWER})
    commit_days_ago(repo, 25)
    wrote(repo, {"a": NET, "b": "domain: example.com\n" + FEWER})
    commit_days_ago(repo, 20)
    wrote(repo, {"b": None, "c": "domain: example.com\n" + FEWER})
    commit_days_ago(repo, 10)
    assert since(repo.root) == Since(ago(25))


def test_a_repo_below_the_top_of_git_is_followed_too(repo: RepoFolder) -> None:
    git(repo.root, "init", "-q")
    below = RepoFolder(repo.root / "below", repo.capture)
    begun(below, {"a": BOTH})
    shutil.rmtree(below.root / ".git")
    commit_days_ago(below, 30)
    wrote(below, {"a": NET, "b": COM})
    commit_days_ago(below, 10)
    assert since(below.root) == Since(ago(30))


def asked(repo: RepoFolder, domains: int) -> list[date | None]:
    loaded = load_repo(repo.root)
    return [records_since(loaded, each).day for each in loaded.policies[:domains]]


def test_many_that_leave_one_file_cost_no_more_each(
    repo: RepoFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is followed through all that the others did to the file; git is asked once for that."""
    names = [f"d{number:02}.example" for number in range(12)]

    def policy(domains: list[str]) -> str:
        return f"domains: [{', '.join(domains)}]\nspf: {{terms: [mx], all: fail}}\n"

    wrote(repo, {"all": policy(names)})
    git(repo.root, "init", "-q")
    commit_days_ago(repo, 60)
    for number, name in enumerate(names[:-1]):
        wrote(repo, {"all": policy(names[number + 1 :]), name: policy([name])})
        commit_days_ago(repo, 40 - number)
    calls = Calls(monkeypatch)

    def cost(domains: int) -> int:
        before = calls.number
        assert asked(repo, domains) == [ago(60)] * domains
        return calls.number - before

    few, more, many = (cost(domains) for domains in (3, 6, 9))
    assert many - more == more - few
