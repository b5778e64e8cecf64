"""Waivers: what they silence, up to which day, and what is said of them."""

from __future__ import annotations

from datetime import date

import pytest

from mailauth_dns.compile import compile_repo
from mailauth_dns.lint.catalog import ALL_RULES, RULES
from mailauth_dns.lint.rule import Needs, run
from mailauth_dns.lint.subject import subjects
from mailauth_dns.lint.waiver import waived
from mailauth_dns.policy.load import load_repo
from tests.conftest import RepoFolder

STATIC = [rule for rule in RULES if rule.needs is Needs.POLICY]
POLICY = "domain: example.com\nspf: {terms: [ptr], all: fail}\n"


def found(repo: RepoFolder, *policies: str, today: date = date(2026, 6, 1)) -> list[tuple[str, int]]:
    for number, policy in enumerate(policies):
        repo.policy(policy, f"policy{number}")
    loaded = load_repo(repo.root)
    looked_at = subjects(loaded, compile_repo(loaded), today)
    return [(each.rule.id, each.place.line) for each in waived(run(STATIC, looked_at), looked_at, STATIC, ALL_RULES, today)]


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
def test_a_waiver_holds_up_to_its_day(repo: RepoFolder, today: date, expected: list[tuple[str, int]]) -> None:
    assert found(repo, POLICY + waiver("SPF014", "2026-06-30"), today=today) == expected


WAIVERS = [
    ("SPF016", [("SPF014", 2), ("WAIVER002", 4)]),  # nothing to silence
    ("SPF14", [("SPF014", 2), ("WAIVER003", 4)]),  # no rule
    ("SPF002", [("SPF014", 2)]),  # about what is live, which was not asked: whether it is used is open
    ("DKIM030", [("SPF014", 2), ("WAIVER003", 4)]),  # a plan's, whose gates no waiver opens
]


@pytest.mark.parametrize(("rule", "expected"), WAIVERS)
def test_a_waiver_that_silences_nothing_is_found(repo: RepoFolder, rule: str, expected: list[tuple[str, int]]) -> None:
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


def test_a_waiver_has_a_reason(repo: RepoFolder) -> None:
    repo.policy(POLICY + 'waivers: [{rule: SPF014, reason: "", until: 2999-01-01}]\n')
    assert repo.run("lint").code == 1
