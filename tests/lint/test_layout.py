"""From a rule's id to its file without a search, and everything that a rule has at hand."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path
from types import ModuleType

import pytest

from mailauth_dns.lint import rules
from mailauth_dns.lint.catalog import ALL_RULES
from mailauth_dns.lint.rule import Needs, Rule

MODULES = [
    importlib.import_module(f"{rules.__name__}.{found.name}")
    for found in pkgutil.iter_modules(rules.__path__)
]
# Prefixes of ids whose file does not open with the same word.
FIRST_WORDS = {
    "SND": "senders",
    "STS": "mta_sts",
    "TLSRPT": "tls_rpt",
    "TEST": "plan",
    "live": "plan",
}
CASES = Path(__file__).parent / "cases"


def in_file(module: ModuleType) -> list[tuple[str, Rule]]:
    """Return the rules that a module defines, in the order in which they stand there."""
    text = Path(str(module.__file__)).read_text()
    found = [
        (name, each)
        for name, each in vars(module).items()
        if isinstance(each, Rule) and re.search(rf"^def {name}\(", text, re.MULTILINE)
    ]
    return sorted(found, key=lambda item: text.index(f"\ndef {item[0]}("))


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__.rpartition(".")[2])
def test_the_first_word_of_a_file_is_the_prefix_of_its_rules(module: ModuleType) -> None:
    stem = module.__name__.rpartition(".")[2]
    assert in_file(module)
    for _, rule in in_file(module):
        prefix = re.split(r"[\d-]", rule.id)[0]
        word = FIRST_WORDS.get(prefix, prefix.lower())
        assert stem == word or stem.startswith(f"{word}_"), rule.id


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__.rpartition(".")[2])
def test_rules_stand_in_the_order_of_their_numbers(module: ModuleType) -> None:
    ids = [rule.id for _, rule in in_file(module)]
    assert ids == sorted(ids)


def test_a_function_has_the_name_of_its_rule() -> None:
    for module in MODULES:
        for name, rule in in_file(module):
            assert name == rule.slug.replace("-", "_")


def test_the_catalogue_has_every_rule_of_every_file_once() -> None:
    ids = [rule.id for module in MODULES for _, rule in in_file(module)]
    assert sorted(ids) == sorted(rule.id for rule in ALL_RULES)


def test_every_rule_has_a_page_and_a_case_file() -> None:
    for rule in ALL_RULES:
        assert rule.page, rule.id
        # What lint does not run is tried where plan, apply and waivers are.
        assert (CASES / f"{rule.id}.yaml").exists() is (rule.needs is not Needs.PLAN), rule.id
