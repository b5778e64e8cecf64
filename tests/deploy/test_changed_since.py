"""`plan --changed-since REF` plans what a branch really changes, and says what no plan can show."""

from __future__ import annotations

import base64
import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Ran, RepoFolder
from tests.deploy.git_repo import commit, git

POLICIES = {
    "_defaults": "providers: [local]\nspf: {terms: [mx], all: fail}\ndmarc: {p: none}\n",
    "a": "domain: a.example\nproviders: [local, other]\n",
    "b": "domain: b.example\ndmarc: {p: quarantine}\n",
    "keys": "domain: keys.example\ndkim: {selectors: {s1: {key: s1.pem}}}\n",
    "parked": "domains_file: ../parked.txt\nparked: true\n",
}
ZONES = ("a.example", "b.example", "keys.example", "one.example", "two.example")
ZONE = "@ IN SOA ns1 h 1 7200 1800 1209600 300\n@ IN NS ns1\n"
TEST = "tests: [{name: own, from: x@a.example, ip: 192.0.2.1, expect: {spf: fail}}]\n"
ALLOW = "allow: [{rule: DMARC033, reason: agreed, until: 2099-01-31}]\n"
WAIVER = "waivers: [{rule: SPF046, reason: legacy, until: 2099-01-31}]\n"


@pytest.fixture
def team(repo: RepoFolder) -> RepoFolder:
    """A repo on a branch that `main` was left for, with a zone file for each of its zones."""
    for name, text in POLICIES.items():
        repo.policy(text, name)
    repo.write("zones/parked.txt", "one.example\ntwo.example\n")
    repo.write("zones/keys/keys.example/s1.pem", pem(1))
    repo.provider("other", {"class": "mailauth_dns.octo.LocalProvider", "directory": "served"})
    for zone in (*ZONES, "new.example", "three.example"):
        repo.local(zone, ZONE)
    git(repo.root, "init", "-qb", "main")
    commit(repo.root, "as it was")
    git(repo.root, "checkout", "-qb", "branch")
    return repo


def pem(number: int) -> str:
    """A public key (RFC 8410)."""
    der = bytes.fromhex("302a300506032b6570032100") + bytes([number]) * 32
    text = base64.b64encode(der).decode()
    return f"-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n"


def planned(repo: RepoFolder, *arguments: str, ref: str = "main") -> dict[str, Any]:
    ran = repo.run("plan", "--changed-since", ref, "--no-live", "--format", "json", *arguments)
    assert ran.out, ran.err
    found: dict[str, Any] = json.loads(ran.out)
    return found


def zones(plan: dict[str, Any]) -> set[str]:
    return {zone["zone"] for zone in plan["zones"]}


def refused(repo: RepoFolder, *arguments: str) -> Ran:
    ran = repo.run("plan", "--no-live", *arguments)
    assert (ran.code, ran.out) == (1, ""), ran.said
    return ran


def add(name: str, text: str) -> Callable[[RepoFolder], object]:
    return lambda repo: repo.policy(POLICIES.get(name, "") + text, name)


def put(name: str, text: str) -> Callable[[RepoFolder], object]:
    return lambda repo: repo.policy(text, name)


def stanza(**more: object) -> Callable[[RepoFolder], object]:
    kind = "mailauth_dns.octo.LocalProvider"
    return lambda repo: repo.provider("other", {"class": kind, "directory": "served", **more})


EVERY = set(ZONES)
EDITS: dict[str, tuple[Callable[[RepoFolder], object], set[str]]] = {
    "nothing": (lambda _repo: None, set()),
    "a comment": (add("a", "# why\n"), set()),
    "a comment in the defaults": (add("_defaults", "# why\n"), set()),
    "what was there, written otherwise": (
        put("a", '"domain": "A.example"\nproviders:\n- other\n- local\n'),
        set(),
    ),
    "the name of a file": (
        lambda repo: (repo.root / "zones/policy/a.yaml").rename(repo.root / "zones/policy/z.yaml"),
        set(),
    ),
    "a policy": (add("a", "tls_rpt: {rua: ['mailto:t@a.example']}\n"), {"a.example"}),
    "a TTL": (add("a", "ttl: 600\n"), {"a.example"}),
    "a name server": (add("a", 'nameservers: ["192.0.2.53"]\n'), {"a.example"}),
    "a new policy": (put("new", "domain: new.example\n"), {"new.example"}),
    "a key": (
        lambda repo: repo.write("zones/keys/keys.example/s1.pem", pem(2)),
        {"keys.example"},
    ),
    "a key that nobody names": (
        lambda repo: repo.write("zones/keys/keys.example/s2.pem", pem(2)),
        set(),
    ),
    "a domain more in a list": (
        lambda repo: repo.write("zones/parked.txt", "one.example\n\nthree.example\ntwo.example\n"),
        {"three.example"},
    ),
    "a default that one policy replaces": (
        put("_defaults", POLICIES["_defaults"].replace("none", "reject")),
        {"a.example", "keys.example"},
    ),
    "a default for all": (add("_defaults", "ttl: 600\n"), EVERY),
    "a provider": (stanza(reload=["true"]), {"a.example"}),
    "a comment in a stanza": (
        lambda repo: repo.write(
            "providers/other.yaml",
            "# why\ndirectory: served\nclass: mailauth_dns.octo.LocalProvider\n",
        ),
        set(),
    ),
    "a test": (add("a", TEST), {"a.example"}),
    "a permission": (add("a", ALLOW), {"a.example"}),
    "a waiver, which no plan heeds": (add("a", WAIVER), set()),
}


@pytest.mark.parametrize("case", EDITS)
@pytest.mark.parametrize("committed", [False, True])
def test_planned_are_the_zones_that_a_branch_changes(
    team: RepoFolder, case: str, committed: bool
) -> None:
    edit, expected = EDITS[case]
    edit(team)
    if committed:
        git(team.root, "add", "-A")
        git(team.root, "commit", "-qm", "the branch", "--allow-empty")
    plan = planned(team)
    assert zones(plan) == expected
    assert plan["notes"] == [
        f"planned are the zones that changed since main ({git(team.root, 'rev-parse', 'main')[:12]}): "
        f"{len(expected)} of {len(EVERY | expected)}"
    ]


def test_another_policy_that_reports_to_a_zone_changes_that_zone_too(team: RepoFolder) -> None:
    team.policy("domain: b.example\ndmarc: {p: quarantine, rua: ['mailto:d@a.example']}\n", "b")
    assert zones(planned(team)) == {"a.example", "b.example"}


def test_what_others_merged_since_is_no_change_of_the_branch(team: RepoFolder) -> None:
    team.policy(POLICIES["a"] + "ttl: 600\n", "a")
    commit(team.root, "the branch")
    git(team.root, "checkout", "-q", "main")
    team.policy(POLICIES["b"] + "ttl: 600\n", "b")
    commit(team.root, "somebody else's")
    git(team.root, "checkout", "-q", "branch")
    assert zones(planned(team)) == {"a.example"}
    git(team.root, "merge", "-q", "main")  # as a CI system checks out a pull request
    assert zones(planned(team)) == {"a.example"}
    assert zones(planned(team, ref="HEAD")) == set()
    assert zones(planned(team, ref="HEAD~1")) == {"b.example"}


def test_domains_and_providers_that_are_gone_are_told(team: RepoFolder) -> None:
    (team.root / "zones/policy/b.yaml").unlink()
    team.policy("domain: a.example\nproviders: [local]\n", "a")
    team.write("zones/parked.txt", "two.example\n")
    plan = planned(team)
    assert zones(plan) == {"a.example"}
    assert plan["notes"][1:] == [
        "no policy speaks of b.example, one.example any more: what is published stays, and no plan "
        "shows it; to take it away, declare it absent first",
        "a.example is no longer planned at other: what is published there stays, and no plan shows it",
    ]
    assert (
        "note: no policy speaks of b.example"
        in team.run("plan", "--changed-since", "main", "--no-live").out
    )


def test_a_policy_that_was_broken_then_counts_as_changed(team: RepoFolder) -> None:
    git(team.root, "checkout", "-q", "main")
    team.policy("domain: b.example\nnonsense: 1\n", "b")
    (team.root / "zones/keys/keys.example/s1.pem").unlink()
    was = commit(team.root, "broken")
    git(team.root, "checkout", "-qB", "branch")
    team.policy(POLICIES["b"], "b")
    team.write("zones/keys/keys.example/s1.pem", pem(1))
    plan = planned(team)
    assert zones(plan) == {"b.example", "keys.example"}
    assert plan["notes"][1:] == [
        f"zones/policy/b.yaml, zones/policy/keys.yaml were broken at {was[:12]}: "
        "its zones count as changed"
    ]


def test_policies_that_contradicted_one_another_count_as_changed(team: RepoFolder) -> None:
    git(team.root, "checkout", "-q", "main")
    team.policy("domain: b.example\n", "twice")
    was = commit(team.root, "broken")
    git(team.root, "checkout", "-qB", "branch")
    (team.root / "zones/policy/twice.yaml").unlink()
    plan = planned(team)
    assert zones(plan) == EVERY
    assert f"broken at {was[:12]}: every zone counts as changed" in plan["notes"][1]


def test_a_repo_that_was_not_there_is_all_new(team: RepoFolder) -> None:
    git(team.root, "checkout", "-q", "--orphan", "old")
    git(team.root, "rm", "-rfq", "--cached", ".")
    git(team.root, "commit", "-qm", "nothing", "--allow-empty")
    assert zones(planned(team, ref="old")) == EVERY


def test_a_repo_in_a_folder_of_the_work_tree(team: RepoFolder, tmp_path: Path) -> None:
    outer = tmp_path / "outer"
    shutil.copytree(team.root, outer / "dns", ignore=shutil.ignore_patterns(".git"))
    (outer / "zones/policy").mkdir(parents=True)
    (outer / "zones/policy/b.yaml").write_text("nonsense: 1\n")
    git(outer, "init", "-qb", "main")
    commit(outer)
    inner = RepoFolder(outer / "dns", team.capture)
    inner.policy(POLICIES["a"] + "ttl: 600\n", "a")
    (outer / "zones/policy/b.yaml").write_text("nonsense: 2\n")
    assert zones(planned(inner)) == {"a.example"}


def test_domains_narrow_it_further_and_apply_keeps_to_it(team: RepoFolder) -> None:
    team.policy(POLICIES["a"] + "ttl: 600\n", "a")
    team.policy(POLICIES["b"] + "ttl: 600\n", "b")
    assert zones(planned(team, "b.example", "keys.example")) == {"b.example"}
    out = ("--out", str(team.root / "plan.json"))
    ran = team.run("plan", "--changed-since", "main", "--no-live", "b.example", *out)
    assert ran.code == 0, ran.said
    ran = team.run("apply", "plan.json", "--no-live", "--allow", "live-unknown")
    assert ran.code == 0, ran.said
    assert "v=spf1" in (team.root / "served/b.example.zone").read_text()
    assert (team.root / "served/a.example.zone").read_text() == ZONE


def test_no_change_is_a_plan_that_applies_to_nothing(team: RepoFolder) -> None:
    out = ("--out", str(team.root / "plan.json"))
    ran = team.run("plan", "--changed-since", "main", *out)
    assert (ran.code, ran.told) == (0, "")
    assert ran.next == "plan  (plans every zone)"
    assert team.run("apply", "plan.json").code == 0


def test_the_work_tree_and_the_machine_stay_as_they_are(
    team: RepoFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing that a repo's configuration names is run, and nothing is left behind."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    mark = tmp_path / "ran"
    spy = tmp_path / "spy"
    spy.write_text(f"#!/bin/sh\ntouch {mark}\ncat\n")
    spy.chmod(0o755)
    team.policy(POLICIES["a"] + "# why\n", "a")
    team.write(".gitattributes", "* filter=spy export-ignore\n")
    commit(team.root)
    git(team.root, "config", "core.fsmonitor", str(spy))
    git(team.root, "config", "filter.spy.smudge", str(spy))
    for hook in ("post-checkout", "post-index-change", "reference-transaction"):
        shutil.copy(spy, team.root / ".git/hooks" / hook)
    mark.unlink(missing_ok=True)
    index = (team.root / ".git/index").read_bytes()
    team.policy(POLICIES["b"] + "ttl: 600\n", "b")
    assert zones(planned(team)) == {"b.example"}
    assert not mark.exists()
    assert (team.root / ".git/index").read_bytes() == index
    assert list(scratch.iterdir()) == []


def test_a_link_that_leads_out_of_the_repo_is_not_followed(
    team: RepoFolder, tmp_path: Path
) -> None:
    outside = tmp_path / "secret.yaml"
    outside.write_text("domain: c.example\npassword: hunter2\n")
    git(team.root, "checkout", "-q", "main")
    (team.root / "zones/policy/c.yaml").symlink_to(outside)
    (team.root / "zones/policy/d.yaml").symlink_to("a.yaml")
    commit(team.root)
    git(team.root, "checkout", "-qB", "branch")
    for name in "cd":
        (team.root / f"zones/policy/{name}.yaml").unlink()
    ran = team.run("plan", "--changed-since", "main", "--no-live")
    assert "zones/policy/c.yaml" in ran.out
    assert "hunter2" not in ran.said


WRONG = {
    "-x": "'-x' is no git ref; name a branch, a tag or a commit",
    "--out": "'--out' is no git ref; name a branch, a tag or a commit",
    "": "'' is no git ref; name a branch, a tag or a commit",
    "main..HEAD": "main..HEAD is a range; name one ref",
    "nowhere": "nowhere is no commit here; fetch it first: git fetch origin",
    "main:zones": "main:zones is no commit here",
    "x\n::error::y": "is no commit here",
}


@pytest.mark.parametrize("ref", WRONG)
def test_what_is_no_ref_is_an_error(team: RepoFolder, ref: str) -> None:
    ran = refused(team, f"--changed-since={ref}")
    assert WRONG[ref] in ran.err
    assert "\n::error" not in ran.err


def test_without_a_common_commit_the_error_says_how_to_get_it(
    team: RepoFolder, tmp_path: Path
) -> None:
    team.policy(POLICIES["a"] + "ttl: 600\n", "a")
    commit(team.root)
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{team.root}", str(shallow))
    clone = RepoFolder(shallow, team.capture)
    ran = refused(clone, "--changed-since", "origin/main")
    assert "origin/main is no commit here; fetch it first" in ran.err
    assert "this clone is shallow: git fetch --unshallow origin" in ran.err
    git(shallow, "fetch", "-q", "--depth", "1", "origin", "main:refs/remotes/origin/main")
    ran = refused(clone, "--changed-since", "origin/main")
    assert "HEAD and origin/main have no commit in common here; this clone is shallow" in ran.err
    git(shallow, "fetch", "-q", "--unshallow", "origin", "main:refs/remotes/origin/main")
    assert zones(planned(clone, ref="origin/main")) == {"a.example"}


def test_outside_git_and_without_git_there_is_a_clear_error(
    repo: RepoFolder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    repo.policy("domain: example.com\nspf: {all: fail}\n")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    ran = refused(repo, "--changed-since", "main")
    assert "--changed-since main: git: not a git repository" in ran.err
    monkeypatch.setenv("PATH", str(tmp_path))
    ran = refused(repo, "--changed-since", "main")
    assert "--changed-since main: git: cannot be run: No such file or directory" in ran.err


def test_a_submodule_in_the_repo_is_a_clear_error_and_a_repo_in_one_is_none(
    team: RepoFolder, tmp_path: Path
) -> None:
    outer = tmp_path / "outer"
    outer.mkdir()
    git(outer, "init", "-qb", "main")
    git(outer, "submodule", "--quiet", "add", str(team.root), "dns")
    git(outer, "submodule", "--quiet", "add", str(team.root), "lists/zones")
    commit(outer)
    inside = RepoFolder(outer / "dns", team.capture)
    inside.policy(POLICIES["a"] + "ttl: 600\n", "a")
    assert zones(planned(inside, ref="HEAD")) == {"a.example"}
    shutil.copytree(team.root / "zones", outer / "policies/zones")
    around = RepoFolder(outer / "lists", team.capture)
    (outer / "lists/zones/policy").mkdir(parents=True, exist_ok=True)
    (outer / "lists/zones/policy/x.yaml").write_text("domain: x.example\nspf: {all: fail}\n")
    ran = refused(around, "--changed-since", "main")
    assert "zones is a git submodule" in ran.err


def test_a_clone_without_blobs_fetches_them(team: RepoFolder, tmp_path: Path) -> None:
    git(team.root, "config", "uploadpack.allowFilter", "true")
    git(team.root, "config", "uploadpack.allowAnySHA1InWant", "true")
    team.policy(POLICIES["a"] + "ttl: 600\n", "a")
    commit(team.root)
    partial = tmp_path / "partial"
    git(tmp_path, "clone", "-q", "--filter=blob:none", f"file://{team.root}", str(partial))
    shutil.copytree(team.root / "served", partial / "served", dirs_exist_ok=True)
    clone = RepoFolder(partial, team.capture)
    assert zones(planned(clone, ref="origin/main")) == {"a.example"}
