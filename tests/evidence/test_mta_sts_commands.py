"""`mta_sts status` and `mta_sts advance`, as their users see them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from mailauth_dns import lint_policies
from mailauth_dns.deploy import sts_advance
from mailauth_dns.lint.catalog import RULES
from mailauth_dns.lint.finding import Finding
from mailauth_dns.lint.rule import Rule, Severity
from mailauth_dns.lint_policies import LintResult
from mailauth_dns.policy.repo import Policy, Repo
from tests.conftest import RepoFolder, free_port
from tests.evidence.evidence_repo import put, today
from tests.evidence.tls_reports import daily, sts

POLICY = """# our mail
domain: example.com
mta_sts:
  mode: testing  # since June
  mx: [mx1.example.com, mx2.example.com]
  max_age: 86400
tls_rpt: {rua: ["mailto:tls@example.com"]}
"""
GOOD = daily(sts(50))
BAD = daily(sts(50, ("certificate-expired", "mx2.example.com", 2)))


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, bool], None]:
    """What lint finds live, in place of what it asks; nothing at first."""
    said: list[tuple[str, bool]] = []

    def lint(repo: Repo, _publications: object, rules: Sequence[Rule], **_: object) -> LintResult:
        [policy] = repo.policies
        chosen = {rule.id: rule for rule in rules}
        return LintResult(
            tuple(_finding(policy, chosen[id], unknown) for id, unknown in said if id in chosen), ()
        )

    monkeypatch.setattr(sts_advance, "lint_repo", lint)
    return lambda id, unknown: said.append((id, unknown))


def _finding(policy: Policy, rule: Rule, unknown: bool) -> Finding:
    place = policy.place(("mta_sts",))
    return Finding(rule, (policy.domain,), False, place, "made up", "", None, unknown)


def test_status_says_what_fails_and_what_blocks(repo: RepoFolder) -> None:
    repo.policy(POLICY)
    put(repo, sessions=BAD)
    first, last = today() - timedelta(days=14), today() - timedelta(days=1)
    ran = repo.run("mta_sts", "status")
    assert (ran.code, ran.out) == (
        0,
        f"""example.com  mode testing
    window: {first} to {last} UTC, 1456 sessions of 2 reporters, 96.1 percent secured
    certificate-expired at mx2.example.com (56 sessions), last on {last}, told by google.com, yahoo.com
        the certificate has expired: renew it, and reload the mail server
    blocks: 96.1 percent secured, 99 needed: certificate-expired at mx2.example.com (56 sessions)
    next: mode enforce, once what blocks is mended
MTA-STS: 1 domain, 0 ready for mode enforce, 1 not yet
""",
    )
    assert ran.next.startswith("reports read PATH --write  (")


STATES = [
    ("testing", GOOD, "mode enforce", "mta_sts advance example.com"),
    ("testing", daily(sts(50), range(1, 8)), "mode enforce, not before ", "reports read PATH"),
    ("testing", (), "mode enforce, once what blocks is mended", "reports read PATH"),
    ("enforce", BAD, "nothing; mode is enforce in the policy\n", "next"),
    ("none", GOOD, "nothing; mode none is the way out", "next"),
]


@pytest.mark.parametrize(("mode", "sessions", "says", "next"), STATES)
def test_status_in_each_mode(
    repo: RepoFolder, mode: str, sessions: tuple[object, ...], says: str, next: str
) -> None:
    repo.policy(POLICY.replace("testing", mode))
    put(repo, sessions=sessions)  # type: ignore[arg-type]
    ran = repo.run("mta_sts", "status", "example.com")
    assert ran.code == 0
    assert f"    next: {says}" in ran.out
    assert ran.next.startswith(next)


def test_status_tells_who_asks_for_no_reports(repo: RepoFolder) -> None:
    repo.policy(POLICY.replace("tls_rpt", "# tls_rpt"))
    said = repo.run("mta_sts", "status").out
    assert "    blocks: no TLS report counts\n    blocks: no sender is asked for reports" in said


def test_a_domain_without_a_policy(repo: RepoFolder) -> None:
    repo.policy("domain: example.com\nmta_sts: absent\n")
    assert repo.run("mta_sts", "status").out.startswith("MTA-STS: 0 domains")
    asked = repo.run("mta_sts", "status", "example.com")
    assert (asked.code, asked.err) == (1, "example.com: the policy declares no MTA-STS\n")


def test_advance_edits_the_policy(repo: RepoFolder, live: object) -> None:
    policy = repo.policy(POLICY)
    put(repo, sessions=GOOD)
    ran = repo.run("mta_sts", "advance", "example.com")
    assert (ran.code, ran.out) == (0, "zones/policy/policy.yaml: mta_sts: `mode: enforce`\n")
    assert policy.read_text() == POLICY.replace("mode: testing", "mode: enforce")
    assert "max_age is 86400 seconds: weeks protect better" in ran.err
    assert ran.next.startswith("compile example.com  (")
    again = repo.run("mta_sts", "advance", "example.com")
    assert again.code == 0
    assert again.out.startswith("example.com  mode enforce\n    window: ")
    assert again.told == "example.com has mode enforce in the policy already; nothing was written\n"


def test_advance_takes_a_kept_id_out(repo: RepoFolder, live: object) -> None:
    policy = repo.policy(POLICY.replace("  max_age", "  id: 2026  # as it was\n  max_age"))
    put(repo, sessions=GOOD)
    ran = repo.run("mta_sts", "advance", "example.com", "--format", "json")
    assert json.loads(ran.out)["written"] == {"mode": "enforce", "id": None}
    assert policy.read_text() == POLICY.replace("mode: testing", "mode: enforce")


def test_an_inherited_mode_is_overridden(repo: RepoFolder, live: object) -> None:
    section = "mta_sts: {mode: testing, mx: [mx1.example.com, mx2.example.com], max_age: 9}\n"
    defaults = repo.write("zones/policy/_defaults.yaml", section)
    policy = repo.policy("domain: example.com\n")
    put(repo, sessions=GOOD)
    assert repo.run("mta_sts", "advance", "example.com").code == 0
    assert policy.read_text() == "domain: example.com\nmta_sts: {mode: enforce}\n"
    assert defaults.read_text() == section
    repo.write("zones/policy/_defaults.yaml", section.replace("max_age", "id: x, max_age"))
    policy.write_text("domain: example.com\n")
    ran = repo.run("mta_sts", "advance", "example.com")
    assert (ran.code, ran.err) == (
        1,
        "zones/policy/_defaults.yaml: take mta_sts.id out: with it, senders do not learn of the new policy\n",
    )


REFUSED = [
    (
        POLICY,
        BAD,
        "example.com stays in mode testing: 96.1 percent secured, 99 needed: "
        "certificate-expired at mx2.example.com (56 sessions)",
    ),
    (POLICY, (), "example.com stays in mode testing: no TLS report counts"),
    (
        POLICY,
        daily(sts(50), range(1, 8)),
        "example.com stays in mode testing: 7 days with a report, 14 needed",
    ),
    (
        POLICY.replace("testing", "none"),
        GOOD,
        "zones/policy/policy.yaml: example.com is in mode none: write `mode: testing` below mta_sts, and wait for reports",
    ),
    (
        "domain: example.com\n",
        GOOD,
        "zones/policy/policy.yaml: example.com declares no MTA-STS policy: write `mode: testing` below mta_sts, and wait for reports",
    ),
    (
        POLICY.replace("domain: example.com", "domains: [example.com, example.net]"),
        GOOD,
        "zones/policy/policy.yaml is the policy of 2 domains; where all of them may enforce, write `mode: enforce` below mta_sts there, else give example.com a policy of its own",
    ),
]


@pytest.mark.parametrize(("policy", "sessions", "says"), REFUSED)
def test_advance_refuses(
    repo: RepoFolder, live: object, policy: str, sessions: tuple[object, ...], says: str
) -> None:
    file = repo.policy(policy)
    put(repo, sessions=sessions)  # type: ignore[arg-type]
    ran = repo.run("mta_sts", "advance", "example.com")
    assert (ran.code, ran.err) == (1, f"{says}\n")
    assert file.read_text() == policy


def test_nobody_is_sent_to_advance_a_file_of_several_domains(repo: RepoFolder) -> None:
    shared = POLICY.replace("domain: example.com", "domains: [example.com, example.net]")
    repo.policy(shared)
    put(repo, sessions=GOOD)
    ran = repo.run("mta_sts", "status")
    assert "1 ready for mode enforce" in ran.out
    assert "mta_sts advance" not in ran.err
    assert "compile  (once mode enforce is written by hand: " in ran.err


FINDINGS = [
    (("STS004", False), "lint --live has errors of STS004"),
    (("STS012", False), "lint --live has errors of STS012"),
    (("STS006", True), "lint --live cannot decide STS006"),
]


@pytest.mark.parametrize(("finding", "says"), FINDINGS)
def test_what_is_live_blocks(
    repo: RepoFolder,
    live: Callable[[str, bool], None],
    finding: tuple[str, bool],
    says: str,
) -> None:
    file = repo.policy(POLICY)
    put(repo, sessions=GOOD)
    live(*finding)
    ran = repo.run("mta_sts", "advance", "example.com")
    assert (ran.code, ran.err) == (1, f"example.com stays in mode testing: {says}\n")
    assert finding[0] in ran.out
    data = json.loads(repo.run("mta_sts", "advance", "example.com", "--format", "json").out)
    assert (data["met"], data["written"]) == (True, None)
    assert [each["rule"] for each in data["findings"]] == [finding[0]]
    assert file.read_text() == POLICY


def test_dns_that_cannot_be_asked_blocks(repo: RepoFolder, no_resolvers: None) -> None:
    file = repo.policy(f'{POLICY}nameservers: ["127.0.0.1:{free_port()}"]\n')
    put(repo, sessions=GOOD)
    ran = repo.run("mta_sts", "advance", "example.com")
    rules = [
        rule.id for rule in RULES if rule.id.startswith("STS") and rule.severity is Severity.ERROR
    ]
    assert ran.code == 1
    assert ran.err == (
        f"example.com stays in mode testing: lint --live cannot decide {', '.join(sorted(rules))}\n"
    )
    assert file.read_text().startswith(POLICY)


def test_a_policy_that_changes_meanwhile_is_left_as_it_is(
    repo: RepoFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = repo.policy(POLICY)
    put(repo, sessions=GOOD)

    def lint(*_arguments: object, **_options: object) -> LintResult:
        file.write_text(POLICY + "ttl: 60\n")
        return LintResult((), ())

    monkeypatch.setattr(sts_advance, "lint_repo", lint)
    ran = repo.run("mta_sts", "advance", "example.com")
    assert (ran.code, ran.err) == (
        1,
        "zones/policy/policy.yaml: was changed while this ran, and is left as it is; run the command again\n",
    )
    assert file.read_text() == POLICY + "ttl: 60\n"


def test_broken_evidence_blocks(repo: RepoFolder, live: object) -> None:
    file = repo.policy(POLICY)
    repo.write("zones/evidence/example.com.json", "[{}\n")
    for command in ("status", "advance"):
        ran = repo.run("mta_sts", command, "example.com")
        assert ran.code == 1
        assert "zones/evidence/example.com.json" in ran.err
    assert file.read_text() == POLICY


def test_a_waiver_does_not_help(repo: RepoFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    waiver = "waivers: [{rule: STS004, reason: later, until: 2999-01-01}]\n"
    repo.policy(f'{POLICY}{waiver}nameservers: ["127.0.0.1:{free_port()}"]\n')
    put(repo, sessions=GOOD)

    def run(rules: Sequence[Rule], _subjects: object) -> list[Finding]:
        [policy] = lint_policies_repo.policies
        return [_finding(policy, rule, False) for rule in rules if rule.id == "STS004"]

    from mailauth_dns.policy.load import load_repo

    lint_policies_repo = load_repo(repo.root)
    monkeypatch.setattr(lint_policies, "run", run)
    ran = repo.run("mta_sts", "advance", "example.com")
    assert ran.err == "example.com stays in mode testing: lint --live has errors of STS004\n"
