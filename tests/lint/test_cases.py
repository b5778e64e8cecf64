"""Every rule has policies that pass and policies that fail, in cases/<ID>.yaml; this is the one driver."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest
import yaml

from mailauth_dns.cli.policy import subjects
from mailauth_dns.compile import compile_repo
from mailauth_dns.lint.catalog import RULES
from mailauth_dns.lint.rule import Finding, Rule, run
from mailauth_dns.policy.load import load_repo
from tests.conftest import RepoFolder

FOLDER = Path(__file__).parent / "cases"
KEYS = Path(__file__).parent / "keys"


def cases(kind: str) -> list[Any]:
    found = []
    for rule in RULES:
        entries = yaml.safe_load((FOLDER / f"{rule.id}.yaml").read_text())[kind]
        found += [pytest.param(rule, entry, id=f"{rule.id}-{number}") for number, entry in enumerate(entries)]
    return found


def findings(repo: RepoFolder, rule: Rule, policy: str) -> list[Finding]:
    for key in KEYS.glob("*.pem"):
        repo.write(f"zones/keys/example.com/{key.name}", key.read_bytes())
    repo.policy(policy)
    loaded = load_repo(repo.root)
    return run([rule], subjects(loaded, compile_repo(loaded)))


@pytest.mark.parametrize(("rule", "policy"), cases("passes"))
def test_passes(repo: RepoFolder, rule: Rule, policy: str) -> None:
    assert findings(repo, rule, policy) == []


@pytest.mark.parametrize(("rule", "case"), cases("fails"))
def test_fails_at_the_right_place(repo: RepoFolder, rule: Rule, case: dict[str, str]) -> None:
    [finding] = findings(repo, rule, case["policy"])
    assert f"{finding.place.line}:{finding.place.column}" == case["at"]
    assert case["message"] in finding.message
    assert finding.fix


def test_ids_and_slugs_are_unique() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert len({rule.slug for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_has_a_page_with_bad_and_good_and_a_source(rule: Rule) -> None:
    page = inspect.cleandoc(rule.page)
    assert "\nBad:\n" in page
    assert "\nGood:\n" in page
    assert rule.source.startswith("RFC ")


def test_no_case_file_without_a_rule() -> None:
    assert {path.stem for path in FOLDER.glob("*.yaml")} == {rule.id for rule in RULES}
