"""Every id that a plan or an apply can bear has a page, and the commands know them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import mailauth_dns
from mailauth_dns.lint.catalog import ALL_RULES
from mailauth_dns.plan import evidence_entry, permissions, plan
from mailauth_dns.policy.allowed_changes import REFUSED_BY
from tests.conftest import RepoFolder

PACKAGE = Path(mailauth_dns.__file__).parent
LEFT_OUT = PACKAGE.parent / "docs/reference/rules-left-out.md"


def test_ids_in_plans_have_pages() -> None:
    said = {
        id
        for folder in ("diff", "deploy")
        for path in (PACKAGE / folder).glob("*.py")
        for id in re.findall(r'"([A-Z]+[0-9]{3})"', path.read_text())
    }
    assert said
    assert said <= {rule.id for rule in ALL_RULES}


def test_policies_permit_what_plans_refuse_and_nothing_else() -> None:
    """Of what the meaning of a change can be, DMARC034 alone (a weaker policy) is never refused."""
    of_changes = {
        id
        for path in (PACKAGE / "diff").glob("*.py")
        for id in re.findall(r'"([A-Z]+[0-9]{3})"', path.read_text())
    }
    of_plans = {plan.TEST_FAILS, plan.TEST_UNKNOWN, permissions.NOT_AUTHORITATIVE}
    of_evidence = {
        evidence_entry.WITHOUT_EVIDENCE,
        evidence_entry.STILL_SENDS,
        evidence_entry.STS_WITHOUT_EVIDENCE,
    }
    assert set(REFUSED_BY) == (of_changes - {"DMARC034"}) | of_plans | of_evidence


def test_every_number_is_a_rule_or_told_as_left_out() -> None:
    left_out = re.findall(r"^\| ([A-Z]+[0-9]{3})", LEFT_OUT.read_text(), re.MULTILINE)
    rules = [rule.id for rule in ALL_RULES if rule.id[-1].isdigit()]
    by_prefix: dict[str, list[int]] = {}
    for id in (*left_out, *rules):
        by_prefix.setdefault(id[:-3], []).append(int(id[-3:]))
    assert left_out
    for prefix, numbers in by_prefix.items():
        assert sorted(numbers) == list(range(1, len(numbers) + 1)), prefix


@pytest.mark.parametrize("id", ["DMARC033", "dkim030", "WAIVER001", "SPF010", "live-unknown"])
def test_the_command_shows_the_page(repo: RepoFolder, id: str) -> None:
    ran = repo.run("rules", id)
    assert ran.code == 0
    assert "Bad:" in ran.out


SELECTING = [
    (("--select", "SPF014"), 0, "SPF014"),
    (("--select", "spf014,SPF016", "--fail-on", "warning"), 2, "SPF014"),
    (("--ignore", "SPF014"), 0, "Lint: nothing found"),
    (("--select", "SPF14"), 1, "--select SPF14: is not a rule"),
    (("--ignore", "SPF14"), 1, "--ignore SPF14: is not a rule"),
    (("--select", ""), 1, "--select '': a rule's id is missing; write them as SPF010,DKIM009"),
    (("--select", "SPF014,"), 1, "--select 'SPF014,': a rule's id is missing"),
    (("--ignore", " "), 1, "--ignore ' ': a rule's id is missing"),
    (("--private-web",), 1, "--private-web: nothing is fetched without --live; add it"),
    (("--select", "SPF002"), 1, "--select SPF002: it is about what is live; add --live"),
    (("--select", "DKIM030"), 1, "--select DKIM030: plan judges it"),
]


@pytest.mark.parametrize(("options", "code", "said"), SELECTING)
def test_rules_are_selected_and_ignored(
    repo: RepoFolder, options: tuple[str, ...], code: int, said: str
) -> None:
    repo.policy("domain: example.com\nspf: {terms: [ptr], all: fail}\n")
    ran = repo.run("lint", *options)
    assert (ran.code, said in ran.said) == (code, True)
