"""Waivers: what they silence, up to which day, and what is said of them."""

from __future__ import annotations

import json
from datetime import date

import pytest

from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.lint.catalog import ALL_RULES, RULES
from mailauth_dns.lint.rule import Needs
from mailauth_dns.lint.run_rules import run
from mailauth_dns.lint.subject import subjects
from mailauth_dns.lint.waiver import waived
from mailauth_dns.policy.load import load_repo
from tests.conftest import RepoFolder

STATIC = [rule for rule in RULES if rule.needs is Needs.POLICY]
POLICY = "domain: example.com\nspf: {terms: [ptr], all: fail}\n"


def found(
    repo: RepoFolder, *policies: str, today: date = date(2026, 6, 1)
) -> list[tuple[str, int]]:
    for number, policy in enumerate(policies):
        repo.policy(policy, f"policy{number}")
    loaded = load_repo(repo.root)
    looked_at = subjects(loaded, compile_repo(loaded), today)
    left, _ = waived(run(STATIC, looked_at), looked_at, loaded.policies, STATIC, ALL_RULES, today)
    return [(each.rule.id, each.place.line) for each in left]


def waiver(rule: str, until: str) -> str:
    return f'waivers:\n  - {{rule: {rule}, reason: "until the move", until: {until}}}\n'


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (date(2026, 6, 1), []),
        (date(2026, 6, 30), []),  # the day is included
        (date(2026, 7, 1), [("SPF014", 2), ("WAIVER001", 4)]),
    ],
)
def test_a_waiver_holds_up_to_its_day(
    repo: RepoFolder, today: date, expected: list[tuple[str, int]]
) -> None:
    assert found(repo, POLICY + waiver("SPF014", "2026-06-30"), today=today) == expected


WAIVERS = [
    ("SPF016", [("SPF014", 2), ("WAIVER002", 4)]),  # nothing to silence
    ("SPF14", [("SPF014", 2), ("WAIVER003", 4)]),  # no rule
    (
        "SPF002",
        [("SPF014", 2)],
    ),  # about what is live, which was not asked: whether it is used is open
    ("spf014", []),  # in the spellings that --select takes
    ("DKIM030", [("SPF014", 2), ("WAIVER003", 4)]),  # a plan's, which no waiver permits
]


@pytest.mark.parametrize(("rule", "expected"), WAIVERS)
def test_a_waiver_that_silences_nothing_is_found(
    repo: RepoFolder, rule: str, expected: list[tuple[str, int]]
) -> None:
    assert found(repo, POLICY + waiver(rule, "2026-06-30")) == expected


def test_a_waiver_of_one_policy_silences_no_other(repo: RepoFolder) -> None:
    other = "domain: example.net\nspf: {terms: [ptr], all: fail}\n"
    assert found(repo, POLICY + waiver("SPF014", "2026-06-30"), other) == [("SPF014", 2)]


def test_a_waiver_of_several_domains_is_used_when_one_of_them_needs_it(repo: RepoFolder) -> None:
    repo.write("zones/policy/_defaults.yaml", waiver("SPF014", "2026-06-30"))
    assert found(repo, POLICY, "domain: example.net\nspf: {terms: [mx], all: fail}\n") == []


def test_the_command_knows_waivers_and_their_rules(repo: RepoFolder) -> None:
    repo.policy(POLICY + waiver("SPF14", "2999-01-01"))
    ran = repo.run("lint")
    assert (ran.code, "WAIVER003" in ran.out) == (2, True)
    repo.policy(POLICY + waiver("SPF014", "2999-01-01"))
    assert repo.run("lint", "--fail-on", "info").code == 0
    repo.policy(POLICY + waiver("SPF014", "soon"))
    ran = repo.run("lint")
    assert (ran.code, "'soon' is not a day; write 2027-01-31" in ran.err) == (1, True)


@pytest.mark.parametrize("reason", ["", "  ", "\\t"])
def test_a_waiver_has_a_reason(repo: RepoFolder, reason: str) -> None:
    repo.policy(POLICY + f'waivers: [{{rule: SPF014, reason: "{reason}", until: 2999-01-01}}]\n')
    ran = repo.run("lint")
    assert (
        ran.code,
        "waivers.0.reason: the reason is blank; say why the finding is accepted" in ran.err,
    ) == (1, True)


def test_a_waiver_of_one_domain_leaves_what_others_inherit(repo: RepoFolder) -> None:
    """The mistake stands once, in the defaults; who has no waiver still has it."""
    repo.write("zones/policy/_defaults.yaml", "spf: {terms: [ptr], all: fail}\n")
    repo.policy("domain: example.com\n" + waiver("SPF014", "2999-01-01"), "com")
    repo.policy("domain: example.net\n", "net")
    repo.policy("domain: example.org\n" + waiver("SPF014", "2999-01-01"), "org")
    ran = repo.run("lint", "--format", "json")
    [left] = json.loads(ran.out)["findings"]
    assert (left["rule"], left["domains"]) == ("SPF014", ["example.net"])
    silenced = json.loads(ran.out)["waived"]
    assert [(each["domains"], each["reason"], each["until"]) for each in silenced] == [
        (["example.com"], "until the move", "2999-01-01"),
        (["example.org"], "until the move", "2999-01-01"),
    ]


def test_what_is_waived_leaves_a_trace(repo: RepoFolder) -> None:
    repo.policy(POLICY + waiver("SPF014", "2999-01-01"))
    assert repo.run("lint").out == "Lint: nothing found, 1 waived\n"
    assert repo.run("lint", "--ignore", "SPF014").out == "Lint: nothing found\n"


def test_a_waiver_without_a_rule_is_told_as_one(repo: RepoFolder) -> None:
    repo.policy(POLICY + waiver("''", "2999-01-01"))
    assert "WAIVER003 waiver-unknown-rule: the waiver names no rule; " in repo.run("lint").out


def test_whether_a_waiver_is_used_is_open_until_all_who_share_it_are_looked_at(
    repo: RepoFolder,
) -> None:
    repo.write("zones/policy/_defaults.yaml", waiver("SPF014", "2999-01-01"))
    repo.policy(POLICY, "com")
    repo.policy("domain: example.net\nspf: {terms: [mx], all: fail}\n", "net")
    assert repo.run("lint", "example.net").out == "Lint: nothing found\n"
    assert repo.run("lint", "example.com").out == "Lint: nothing found, 1 waived\n"
    repo.policy(POLICY.replace("ptr", "mx"), "com")
    assert "WAIVER002" in repo.run("lint").out


def test_only_selected_rules_are_told_and_decide_the_exit_code(repo: RepoFolder) -> None:
    repo.policy(POLICY + waiver("SPF14", "2999-01-01"))
    ran = repo.run("lint", "--select", "SPF016", "--fail-on", "info")
    assert (ran.code, ran.out) == (0, "Lint: nothing found\n")
