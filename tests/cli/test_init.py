"""A new zone repo works at once, and an old one is never written into."""

from __future__ import annotations

import json
import subprocess

import pytest
import yaml

from mailauth_dns.serve.server import LoopbackServer
from tests.conftest import RepoFolder


def in_new(repo: RepoFolder) -> RepoFolder:
    assert repo.run("init", "new/repo").code == 0
    return RepoFolder(repo.root / "new/repo", repo.capture)


def test_a_new_repo_is_linted_compiled_and_planned_at_once(repo: RepoFolder) -> None:
    new = in_new(repo)
    lint = new.run("lint")
    assert (lint.code, lint.out) == (0, "Lint: nothing found\n")
    new.write("zones/policy/second.yaml", "domain: example.net\nspf: {all: fail}\n")
    assert new.run("lint").out == "Lint: nothing found\n"
    (new.root / "zones/policy/second.yaml").unlink()
    assert new.run("compile").code == 0
    assert new.run("compile", "--check").code == 0
    with LoopbackServer(new.root / "served", "127.0.0.1", 0) as server:
        defaults = new.root / "zones/policy/_defaults.yaml"
        new.write(
            "zones/policy/_defaults.yaml", defaults.read_text().replace("5453", str(server.port))
        )
        assert new.run("plan", "--out", "plan.json", "--detailed-exitcode").code == 2
        applied = new.run("apply", "plan.json")
        assert applied.code == 0, applied.said
        assert new.run("plan", "--detailed-exitcode").code == 0
    assert "site-verification=example" in (new.root / "served/example.com.zone").read_text()


def test_git_leaves_alone_what_commands_make(repo: RepoFolder) -> None:
    """`apply` changes the example's zone: a `git revert` must not stop on that."""
    new = in_new(repo)
    for made in ("plan.json", "plan.json.journal", "export/opendkim/KeyTable", "served/x.zone"):
        new.write(made, "")
    subprocess.run(["git", "init", "-q"], cwd=new.root, check=True)
    listed = subprocess.run(
        ["git", "ls-files", "--others", "--exclude-standard"],
        cwd=new.root,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    assert "zones/policy/example.com.yaml" in listed
    assert [name for name in listed if name.startswith(("served", "export", "plan"))] == []


def test_without_the_example_the_repo_is_empty_and_says_so(repo: RepoFolder) -> None:
    said = repo.run("init", "--no-example", "new/repo")
    assert (said.code, "serve" in said.err, "quickstart DOMAIN" in said.err) == (0, False, True)
    new = RepoFolder(repo.root / "new/repo", repo.capture)
    written = {str(path.relative_to(new.root)) for path in new.root.rglob("*") if path.is_file()}
    assert written == {
        ".github/workflows/mailauth.yml",
        ".gitignore",
        ".pre-commit-config.yaml",
        "ci/forge.py",
        "ci/forge_api.py",
        "ci/requirements.txt",
        "zones/policy.schema.json",
        "zones/policy/_defaults.yaml",
    }
    new.policy("domain: example.net\nspf: {all: fail}\n")
    assert new.run("lint").code == 0
    assert new.run("compile").code == 0


def test_the_schema_that_the_example_names_is_written(repo: RepoFolder) -> None:
    new = in_new(repo)
    assert (new.root / "zones/policy.schema.json").read_text() == new.run("schema").out
    assert (
        "$schema=../policy.schema.json" in (new.root / "zones/policy/example.com.yaml").read_text()
    )


FORGES = {
    "github": {
        ".github/workflows/mailauth.yml",
        "ci/forge.py",
        "ci/forge_api.py",
        "ci/requirements.txt",
    },
    "gitlab": {".gitlab-ci.yml", "ci/forge.py", "ci/forge_api.py", "ci/requirements.txt"},
    "forgejo": {
        ".forgejo/workflows/mailauth.yml",
        "ci/forge.py",
        "ci/forge_api.py",
        "ci/requirements.txt",
    },
    "atlantis": {"atlantis.yaml", "ci/atlantis-server.yaml", "ci/requirements.txt"},
}


@pytest.mark.parametrize("forge", FORGES)
def test_a_new_repo_has_the_files_of_one_forge(repo: RepoFolder, forge: str) -> None:
    made = json.loads(repo.run("init", "new", "--ci", forge, "--format", "json").out)
    of_others = set().union(*FORGES.values()) - FORGES[forge]
    assert FORGES[forge] <= set(made["written"])
    assert not of_others & set(made["written"])


@pytest.mark.parametrize("forge", FORGES)
def test_a_repo_that_is_there_gets_the_files_of_a_forge_alone(repo: RepoFolder, forge: str) -> None:
    repo.policy("domain: example.net\nspf: {all: fail}\n")
    made = json.loads(repo.run("init", "--ci", forge, "--format", "json").out)
    assert set(made["written"]) == FORGES[forge]
    again = json.loads(repo.run("init", "--ci", forge, "--format", "json").out)
    assert (again["written"], set(again["left"])) == ([], FORGES[forge])


def test_the_files_name_what_the_providers_need(repo: RepoFolder) -> None:
    repo.provider("bind", {"class": "octodns_bind.Rfc2136Provider", "key_secret": "env/BIND_KEY"})
    repo.provider("gandi", {"class": "octodns_gandi.GandiProvider", "token": "env/GANDI_TOKEN"})
    assert repo.run("init", "--ci", "github").code == 0
    wanted = (repo.root / "ci/requirements.txt").read_text()
    assert "\nmailauth-dns[bind] @ " in wanted
    assert "\n# octodns_gandi is not installed here" in wanted
    workflow = yaml.safe_load((repo.root / ".github/workflows/mailauth.yml").read_text())
    secrets = {name: f"${{{{ secrets.{name} }}}}" for name in ("BIND_KEY", "GANDI_TOKEN")}
    for job in ("plan", "apply", "replan"):
        [given] = [
            step["env"] for step in workflow["jobs"][job]["steps"] if "secrets." in str(step)
        ]
        assert given == secrets


def test_files_that_nobody_changed_follow_a_new_provider(repo: RepoFolder) -> None:
    assert repo.run("init", "new").code == 0
    new = RepoFolder(repo.root / "new", repo.capture)
    new.provider("bind", {"class": "octodns_bind.Rfc2136Provider", "key_secret": "env/BIND_KEY"})
    mine = new.write(".github/workflows/mailauth.yml", "name: mailauth-dns, and mine\n")
    ran = new.run("init", "--ci", "github")
    assert ran.out == "written: ci/requirements.txt\n"
    assert "left as it is: .github/workflows/mailauth.yml" in ran.err
    assert "mailauth-dns[bind]" in (new.root / "ci/requirements.txt").read_text()
    assert mine.read_text() == "name: mailauth-dns, and mine\n"


def test_the_hooks_run_lint_and_compile_check(repo: RepoFolder) -> None:
    [local] = yaml.safe_load((in_new(repo).root / ".pre-commit-config.yaml").read_text())["repos"]
    assert [hook["entry"] for hook in local["hooks"]] == [
        "mailauth-dns lint",
        "mailauth-dns compile --check",
    ]


def test_a_folder_with_zones_or_providers_is_refused_whole(repo: RepoFolder) -> None:
    for taken in ("zones", "providers"):
        (repo.root / taken / taken).mkdir(parents=True)
        folder = repo.root / taken
        ran = repo.run("init", taken)
        assert (ran.code, ran.out) == (1, "")
        assert ran.err == (
            f"{folder / taken} is there already; nothing was written "
            "(--ci FORGE adds CI files to a zone repo)\n"
        )
        assert [path.name for path in folder.iterdir() if path.name != "policy"] == [taken]


def test_other_files_of_a_folder_stay(repo: RepoFolder) -> None:
    repo.write("new/.gitignore", "mine\n")
    ran = repo.run("init", "new")
    assert ran.code == 0
    assert "left as it is: .gitignore\n" in ran.err
    assert (repo.root / "new/.gitignore").read_text() == "mine\n"
    assert (repo.root / "new/providers/local.yaml").exists()


def test_git_keeps_no_plan_no_journal_and_no_private_key(repo: RepoFolder) -> None:
    root = in_new(repo).root
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    kept = [
        "zones/policy/example.com.yaml",
        "zones/keys/example.com/s1.pem",
        "zones/compiled/example.com.yaml",
        "zones/mta-sts/example.com.txt",
    ]
    left = [
        *("plan.json", "plan.json.journal", "plan-42.json", "x.journal", "out/prod.plan.json"),
        *("s1.private", "keys/s1.seed", "zones/policy/.example.com.yaml.ab12.draft"),
    ]
    asked = ["git", "-C", str(root), "check-ignore", "--no-index", *kept, *left]
    assert subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split() == left


def test_what_was_written_is_data_too(repo: RepoFolder) -> None:
    repo.write("new/.gitignore", "mine\n")
    made = json.loads(repo.run("init", "new", "--format", "json").out)
    assert made["format"] == 1
    assert made["left"] == [".gitignore"]
    assert all((repo.root / "new" / path).is_file() for path in made["written"])
    assert "providers/local.yaml" in made["written"]
