"""`plan --live-only`: live DNS plays the provider's part, and nothing of a stranger's is run."""

from __future__ import annotations

import html
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from mailauth_dns.serve.server import LoopbackServer
from tests.conftest import RepoFolder, free_port
from tests.deploy import evidence_repo
from tests.deploy.git_repo import commit, git
from tests.deploy.served_zone import POLICY, ZONE

SAID = (
    "this plan is of live DNS alone (--live-only) and cannot be applied: no provider was asked; "
    "what a zone holds at names that no policy declares is unknown"
)
# What a stranger's pull request might bring: a class that writes a file as soon as it is imported.
CLASS = "from pathlib import Path\nPath({mark!r}).touch()\nclass Provider: plan = apply = None\n"
TESTS = """tests:
  - {name: own, from: a@example.com, ip: 192.0.2.1, expect: {spf: fail}}
  - {name: wrong, from: a@example.com, ip: 192.0.2.1, expect: {spf: pass}}
"""


@pytest.fixture
def fork(repo: RepoFolder, tmp_path: Path, no_resolvers: None) -> Iterator[RepoFolder]:
    """A stranger's checkout: its zone is served, and its stanza would run its own code."""
    repo.local("example.com", ZONE)
    (repo.root / "providers/local.yaml").unlink()
    repo.write("stranger.py", CLASS.format(mark=str(tmp_path / "imported")))
    repo.provider("evil", {"class": "stranger.Provider", "token": "env/SECRET_TOKEN"})
    with LoopbackServer(repo.root / "served", "127.0.0.1", 0) as server:
        repo.write(
            "zones/policy/_defaults.yaml",
            f'providers: [evil]\nnameservers: ["127.0.0.1:{server.port}"]\n',
        )
        repo.policy(POLICY, "example.com")
        yield repo


def planned(repo: RepoFolder, *arguments: str, code: int = 0) -> dict[str, Any]:
    ran = repo.run("plan", "--live-only", "--format", "json", *arguments)
    assert ran.code == code, ran.said
    found: dict[str, Any] = json.loads(ran.out)
    assert found["live_only"] is True
    assert found["notes"][0] == SAID
    return found


def test_changes_meanings_and_risk_are_those_of_live_dns(fork: RepoFolder) -> None:
    ran = fork.run("plan", "--live-only")
    assert ran.code == 0, ran.said
    assert ran.out.splitlines()[0] == f"note: {SAID}"
    [zone] = planned(fork)["zones"]
    assert zone["provider"] == "live DNS"
    assert [
        (change["name"], change["before"], change["after"], change["risk"], change["kept"])
        for change in zone["changes"]
    ] == [
        ("_dmarc.example.com", [], ["v=DMARC1; p=none"], "safe", 0),
        ("example.com", ["v=spf1 ~all"], ["v=spf1 mx -all"], zone["changes"][1]["risk"], 1),
    ]
    assert "softfail -> fail" in zone["changes"][1]["meaning"]
    assert zone["authority"]["state"] == "unasked"
    assert ran.next.startswith("plan --out plan.json  (where the providers' secrets are")


@pytest.mark.parametrize("format", ["text", "markdown", "html", "github"])
def test_every_format_tells_the_notes_first(fork: RepoFolder, format: str) -> None:
    out = fork.run("plan", "--live-only", "--format", format).out
    plain = html.unescape(out).replace("\\", "")
    assert "cannot be applied" in plain
    assert "no provider was asked" in plain
    if format != "github":  # where errors and warnings come first
        assert plain.index("cannot be applied") < plain.index("DMARC is new")


def test_it_says_what_a_plan_with_the_provider_says(fork: RepoFolder) -> None:
    """The same zone, asked in two ways: one comparison."""
    fork.policy(POLICY + "parked: false\n" + TESTS, "example.com")
    [live] = planned(fork)["zones"]
    fork.provider("evil", {"class": "mailauth_dns.octo.LocalProvider", "directory": "served"})
    ran = fork.run("plan", "--format", "json")
    [asked] = json.loads(ran.out)["zones"]
    assert live["changes"] == asked["changes"]
    assert live["blocked"] == asked["blocked"]
    verdicts = ("name", "result", "before", "spf", "dkim", "dmarc", "disposition")
    assert [[test[key] for key in verdicts] for test in live["tests"]] == [
        [test[key] for key in verdicts] for test in asked["tests"]
    ]


def test_nothing_to_change_is_said_of_live_dns(fork: RepoFolder) -> None:
    fork.policy("domain: example.com\nspf: {all: softfail}\n", "example.com")
    ran = fork.run("plan", "--live-only", "--detailed-exitcode")
    assert ran.code == 0, ran.said
    assert "1 zone as the policy says, in live DNS; no provider was asked" in ran.out
    fork.policy(POLICY, "example.com")
    assert fork.run("plan", "--live-only", "--detailed-exitcode").code == 2


def test_what_is_breaking_is_so_without_a_provider(fork: RepoFolder) -> None:
    """That no provider was asked is no reason to fail: it was meant."""
    fail_on = ("plan", "--live-only", "--fail-on", "breaking")
    assert fork.run(*fail_on).code == 0
    fork.write("served/example.com.zone", ZONE + '_dmarc IN TXT "v=DMARC1; p=none"\n')
    fork.policy(POLICY.replace("p: none", "p: reject"), "example.com")
    evidence_repo.met(fork.root, "example.com")
    assert fork.run(*fail_on).code == 2
    [zone] = planned(fork)["zones"]
    assert zone["changes"][0]["rules"] == ["DMARC033"]


def test_a_policy_without_a_provider_is_planned_too(fork: RepoFolder) -> None:
    defaults = fork.root / "zones/policy/_defaults.yaml"
    defaults.write_text(defaults.read_text().replace("[evil]", "[]"))
    assert len(planned(fork)["zones"][0]["changes"]) == 2


def test_apply_refuses_it_and_says_what_to_do(fork: RepoFolder) -> None:
    planned(fork, "--out", str(fork.root / "plan.json"))
    ran = fork.run("apply", "plan.json", "--allow", "live-unknown")
    assert (ran.code, ran.out) == (1, "")
    assert "plan.json is a plan of live DNS alone (--live-only): no provider was asked" in ran.err
    assert "plan without --live-only, where the providers' secrets are" in ran.err


def test_a_zone_of_which_dns_tells_nothing_fails(fork: RepoFolder) -> None:
    fork.policy(
        f'domain: example.org\nnameservers: ["127.0.0.1:{free_port()}"]\nspf: {{all: fail}}\n', "o"
    )
    plan = planned(fork, code=1)
    [failed] = plan["failed"]
    assert (failed["zone"], failed["provider"]) == ("example.org", "live DNS")
    assert failed["error"].startswith("unknown: 127.0.0.1:")
    assert [zone["zone"] for zone in plan["zones"]] == ["example.com"]
    ran = fork.run("plan", "--live-only", "--fail-on", "breaking")
    assert ran.code == 2, ran.said


def test_a_set_that_dns_does_not_tell_is_blocked_and_not_guessed(fork: RepoFolder) -> None:
    """Two servers that differ: which is right is unknown."""
    fork.write("lagging/example.com.zone", ZONE.replace("v=spf1 ~all", "v=spf1 ?all"))
    defaults = fork.root / "zones/policy/_defaults.yaml"
    with LoopbackServer(fork.root / "lagging", "127.0.0.1", 0) as second:
        text = defaults.read_text().replace('"]', f'", "127.0.0.1:{second.port}"]')
        defaults.write_text(text)
        fork.policy(POLICY + "tls_rpt: {rua: ['mailto:t@example.com']}\n", "example.com")
        fork.write(
            "lagging/example.com.zone",
            ZONE + '_smtp._tls IN TXT "v=TLSRPTv1; rua=mailto:old@example.com"\n',
        )
        [zone] = planned(fork, code=1)["zones"]
    [blocked] = zone["blocked"]
    assert blocked["name"] == "_smtp._tls.example.com"
    assert blocked["reason"].startswith("unknown in live DNS: 127.0.0.1:")
    assert blocked["reason"].endswith("differ")
    assert {change["family"] for change in zone["changes"]} == {"spf", "dmarc"}


def test_what_stands_in_the_way_in_dns_blocks(fork: RepoFolder) -> None:
    fork.write("served/example.com.zone", ZONE + "_dmarc IN CNAME dmarc.example.net.\n")
    [zone] = planned(fork, code=1)["zones"]
    [blocked] = zone["blocked"]
    assert "is an alias (CNAME to dmarc.example.net.)" in blocked["reason"]


def test_it_goes_with_what_a_branch_changed(fork: RepoFolder) -> None:
    git(fork.root, "init", "-qb", "main")
    commit(fork.root)
    assert planned(fork, "--changed-since", "main")["zones"] == []
    fork.policy(POLICY + "ttl: 600\n", "example.com")
    plan = planned(fork, "--changed-since", "main")
    assert [zone["zone"] for zone in plan["zones"]] == ["example.com"]
    assert plan["notes"][1].endswith(": 1 of 1")


# What a CI system may run for a stranger's pull request, each in a process of its own.
HARMLESS: Mapping[str, tuple[tuple[str, ...], tuple[int, ...]]] = {
    "plan": (("plan", "--live-only", "--changed-since", "main"), (0,)),
    "plan as json": (("-v", "plan", "--live-only", "--format", "json"), (0,)),
    "lint": (("lint",), (0, 2)),
    "lint for a forge": (("lint", "--format", "sarif"), (0, 2)),
    "lint --live": (("lint", "--live"), (0, 1, 2)),
    "compile --check": (("compile", "--check"), (0, 2)),
    "test": (("test",), (0, 1, 2)),
    "diff": (("diff",), (0, 2)),
}
_SPY = """
import os, sys
seen = []
class Environment(type(os.environ)):
    def __getitem__(self, key):
        seen.append(key)
        return super().__getitem__(key)
    def __iter__(self):
        seen.append("all of it")
        return super().__iter__()
os.environ.__class__ = Environment
sys.path.insert(0, {root!r})
from mailauth_dns.cli import main
code = main(["-C", {root!r}, *{arguments!r}])
os.environ.__class__ = Environment.__base__
read = "SECRET_TOKEN" in seen
loaded = "stranger" in sys.modules
sys.exit(f"code {{code}} read {{read}} loaded {{loaded}}")
"""


@pytest.mark.parametrize("command", HARMLESS)
def test_nothing_of_a_strangers_is_run_and_no_secret_is_read(
    fork: RepoFolder, tmp_path: Path, command: str
) -> None:
    arguments, codes = HARMLESS[command]
    fork.policy(POLICY + TESTS, "example.com")
    git(fork.root, "init", "-qb", "main")
    for hook in ("post-checkout", "pre-commit", "post-index-change", "reference-transaction"):
        path = fork.write(f".git/hooks/{hook}", f"#!/bin/sh\ntouch {tmp_path}/hook\n")
        path.chmod(0o755)
    git(fork.root, "-c", "core.hooksPath=/dev/null", "add", "-A")
    git(fork.root, "-c", "core.hooksPath=/dev/null", "commit", "-qm", "x")
    (tmp_path / "hook").unlink(missing_ok=True)
    spy = _SPY.format(root=str(fork.root), arguments=arguments)
    environment = {**os.environ, "SECRET_TOKEN": "do-not-read-me", "PYTHONSAFEPATH": "1"}
    ran = subprocess.run(
        [sys.executable, "-c", spy],
        cwd=Path(__file__).parents[2],
        env={**environment, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
    )
    said = ran.stderr.splitlines()[-1]
    assert any(said == f"code {code} read False loaded False" for code in codes), ran.stderr
    assert not (tmp_path / "imported").exists()
    assert not (tmp_path / "hook").exists()
    assert "do-not-read-me" not in ran.stdout + ran.stderr


def test_the_same_stanza_would_be_loaded_by_a_plan(
    fork: RepoFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that the test above can fail."""
    monkeypatch.syspath_prepend(fork.root)
    monkeypatch.setenv("SECRET_TOKEN", "do-not-read-me")
    assert fork.run("plan", "--no-live").code == 1
    assert (tmp_path / "imported").exists()
