"""Every command ends with its next step, which works as it stands there."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mailauth_dns import lint_policies
from mailauth_dns.cli import commands, main
from mailauth_dns.lint.catalog import RULES
from mailauth_dns.lint.finding import Finding
from mailauth_dns.serve.server import LoopbackServer
from tests.cli.test_help import COMMANDS, GROUPS
from tests.conftest import RepoFolder
from tests.keys.keyhost import ZONE
from tests.reports import made

# These have none.
NONE = {
    "schema": "its output goes into a file, and everybody has another use for it",
    "completion": "its output is a script for a shell",
    "serve": "it runs until it is stopped",
    "help": "its end is the help of another command",
    "next": "it is the next step",
    "quickstart": "it prints all steps to the end",
    "dmarc advance": "a test of its own: it needs reports of two weeks",
    "dkim adopt": "a test of its own: it needs a key that another program made",
    "mta_sts advance": "a test of its own: it needs reports of two weeks",
    "reports watch": "a test of its own: it needs reports of three weeks",
}
POLICY = """domain: example.com
senders: {server: {ip: [192.0.2.10]}}
spf: {terms: ["ip4:192.0.2.10"], all: fail}
dmarc: {p: none, psd: n}
tests: [{name: ours, from: a@example.com, ip: 192.0.2.10, expect: {spf: pass}}]
"""
# Each command once, in the order of the work, and the next step that it says.
STORY: tuple[tuple[str, str], ...] = (
    ("lint", "compile"),
    ("lint --shard 1/1 --out lint.json", "lint merge SHARD..."),
    ("lint merge lint.json", "compile"),
    ("rules", "lint"),
    ("rules SPF010", "lint --select SPF010"),
    ("rules DKIM030", "plan"),
    ("compile --check", "compile"),
    ("compile example.com", "plan example.com --out plan.json"),
    ("diff example.com", "plan example.com --out plan.json"),
    ("verify", "plan --out plan.json"),
    ("verify --wait 1s", "plan --out plan.json"),
    ("plan", "plan --out plan.json"),
    ("plan --no-live", "plan --out plan.json"),
    ("plan --out 'my plan.json'", "apply 'my plan.json'"),
    ("plan --show 'my plan.json'", "apply 'my plan.json'"),
    ("plan --shard 1/1 --out shard.json", "plan merge SHARD... --out plan.json"),
    ("plan merge shard.json", "plan merge shard.json --out plan.json"),
    ("plan --no-live --shard 1/1 --out shard.json", "plan merge SHARD... --out plan.json"),
    ("plan merge shard.json", "plan --shard I/1 --out FILE"),
    ("apply 'my plan.json'", "next example.com"),
    ("plan example.com", "verify example.com"),
    ("verify", "test"),
    ("diff", "next"),
    ("test example.com", "next example.com"),
    ("simulate --from a@example.com --ip 192.0.2.10", "next example.com"),
    ("check-message mail.eml --ip 192.0.2.10", "next example.com"),
    ("spf tree example.com", "next example.com"),
    ("spf lock", "lint"),
    ("senders list marketing", "senders show activecampaign"),
    ("senders show ses", "lint"),
    ("senders check ses", "senders check ses"),
    ("senders status", "next"),
    ("senders retire example.com server --on 2999-01-01", "senders status example.com"),
    ("dmarc status", "reports read PATH --write"),
    ("mta_sts status", "next"),
    ("reports read report.xml", "reports read report.xml --write"),
    ("reports read report.xml --write", "dmarc status example.com"),
    ("reports show example.com", "dmarc status example.com"),
    ("dkim keygen example.com --selector s1 --private-dir PRIVATE", "compile example.com"),
    ("dkim status", "diff"),
    ("dkim rotate example.com", "dkim status example.com"),
    ("dkim activate example.com", "dkim status example.com"),
    ("dkim check --private-dir PRIVATE", "next"),
    ("export example.com --format bind", "verify example.com --wait 30m"),
    (
        "export example.com --format postfix --out ../postfix",
        "export example.com --format postfix --check /etc/postfix",
    ),
    (
        "export example.com --format postfix --check ../postfix",
        "next example.com",
    ),
    ("senders suggest example.com --from-zone served/example.com.zone", "lint example.com"),
    ("senders import-template template.json", "lint"),
    ("import example.com --from-zone served/example.com.zone", "diff example.com"),
    ("import example.org --from-zone served/example.org.zone", "IMPORT --write"),
    ("import example.org --from-zone served/example.org.zone --write", "lint example.org"),
    ("init ../new", "lint"),
)


@pytest.fixture
def served(repo: RepoFolder, no_resolvers: None) -> Iterator[RepoFolder]:
    for zone in ("example.com", "example.org"):
        repo.local(zone, ZONE.format(ttl=60) + '_dmarc IN TXT "v=DMARC1; p=none; psd=n"\n')
    repo.policy(POLICY, "example.com")
    repo.write("template.json", '{"providerId": "x.example", "serviceId": "y", "records": []}')
    repo.write("mail.eml", "From: a@example.com\r\n\r\nhello\r\n")
    repo.write("report.xml", made.aggregate())
    with LoopbackServer(repo.root / "served", "127.0.0.1", 0) as server:
        repo.write(
            "zones/policy/_defaults.yaml",
            f'providers: [local]\nnameservers: ["127.0.0.1:{server.port}"]\n',
        )
        yield repo


def test_every_command_ends_with_its_next_step(served: RepoFolder, private_dir: Path) -> None:
    """And each of them is a command that the program takes."""
    for typed, expected in STORY:
        line = typed.replace("PRIVATE", str(private_dir))
        ran = served.run(*shlex.split(line))
        command, _, why = ran.next.rpartition("  (")
        wanted = expected.replace("PRIVATE", str(private_dir)).replace("IMPORT", line)
        assert (command, why[-1:]) == (wanted, ")"), (typed, ran.said)
        _parses(ran.err.splitlines()[-1].removeprefix("Next: ").rpartition("  (")[0])


def _parses(line: str) -> None:
    """Fail where the program does not take a command line; it is not run."""
    program, *words = shlex.split(line)
    assert program == "mailauth-dns"
    assert main([*words, "--help"]) == 0


def test_every_command_is_in_the_story_or_has_a_reason_not_to_be() -> None:
    told = {typed for typed, _ in STORY}
    without = {
        command
        for command in COMMANDS
        if not any(typed == command or typed.startswith(f"{command} ") for typed in told)
    }
    known = set(COMMANDS) & NONE.keys()
    assert without == known


@pytest.mark.parametrize("command", ["lint", "compile", "plan", "verify", "rules", "diff"])
def test_quiet_says_none(served: RepoFolder, command: str) -> None:
    assert "Next:" not in served.run("-q", command).said


def test_without_a_provider_lint_leads_to_the_web_form(served: RepoFolder) -> None:
    defaults = served.root / "zones/policy/_defaults.yaml"
    defaults.write_text(defaults.read_text().replace("providers: [local]\n", ""))
    assert served.run("lint").next == (
        "export example.com --format paste  (the records for a web form)"
    )


def test_after_networks_that_changed_comes_the_lock(
    served: RepoFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = next(rule for rule in RULES if rule.id == "SPF042")

    def found(*arguments: Any, **options: Any) -> Any:
        result = lint_policies.lint_repo(*arguments, **options)
        [policy] = arguments[0].policies
        place = policy.place(("spf",))
        finding = Finding(changed, (policy.domain,), False, place, "has gained 1 networks", "lock")
        return replace(result, findings=(*result.findings, finding))

    monkeypatch.setattr("mailauth_dns.cli.commands.lint.lint_repo", found)
    assert served.run("lint").next.startswith("spf lock  (")


def test_how_long_caches_hold_what_was_before_is_told(served: RepoFolder) -> None:
    plan = str(served.root / "plan.json")
    for policy, told in ((POLICY, ""), (POLICY.replace("all: fail", "all: softfail"), "1 hour")):
        served.policy(policy, "example.com")
        assert served.run("plan", "--out", plan).code == 0
        ran = served.run("apply", plan)
        assert ran.code == 0, ran.said
        caches = f"; caches may hold the old records for {told}" if told else ""
        assert ran.next == f"next example.com  (every server has it{caches})"


def test_a_message_and_a_test_say_who_was_asked(served: RepoFolder) -> None:
    for command in ("test", "check-message mail.eml --ip 192.0.2.10"):
        said = " ".join(served.run(*command.split()).err.split())
        assert "DNS was asked: example.com at 127.0.0.1:" in said, said
        assert "this machine has no resolver for other names" in said


def test_an_error_has_none_since_it_says_what_to_do(served: RepoFolder) -> None:
    for words in (["lint", "example.net"], ["apply", "no.json"], ["plan", "--typo"]):
        assert "Next:" not in served.run(*words).said


def test_the_next_step_names_the_repo_as_it_was_named(
    served: RepoFolder, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(served.root / "zones")
    served.capture()
    assert main(["lint"]) == 0
    assert served.capture()[1].endswith(
        "Next: mailauth-dns compile  (writes what reviewers read)\n"
    )
    assert main(["-C", "..", "lint"]) == 0
    assert "Next: mailauth-dns -C .. compile  (" in served.capture()[1]


def test_there_is_one_summary_a_command() -> None:
    assert set(COMMANDS) >= commands.SUMMARIES.keys() - {*GROUPS}


def test_a_key_that_waits_is_what_comes_after_verify(served: RepoFolder, private_dir: Path) -> None:
    """It waits from when `dkim activate` first saw it, so nobody should leave in between."""
    made = served.run(
        *("dkim", "keygen", "example.com", "--selector", "s1", "--private-dir", str(private_dir))
    )
    assert made.code == 0, made.said
    plan = str(served.root / "plan.json")
    assert served.run("plan", "--out", plan).code == 0
    assert served.run("apply", plan).code == 0
    ran = served.run("verify", "--wait", "10s")
    assert (ran.code, ran.next.partition("  (")[0]) == (
        0,
        "dkim activate example.com --wait 15m",
    )


def test_it_stands_behind_the_results_where_both_streams_are_one(repo: RepoFolder) -> None:
    """A pipe keeps results back until it is full; a CI log then had them below the next step."""
    repo.policy("domain: example.com\nspf: {all: fail}\ndmarc: {p: none}\n")
    ran = subprocess.run(
        [sys.executable, "-m", "mailauth_dns", "-C", str(repo.root), "lint"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin"},
    )
    assert 0 <= ran.stdout.find("Lint:") < ran.stdout.find("Next: ")
