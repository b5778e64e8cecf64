"""The schemas that editors and other programs read say what the program takes and writes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft4Validator, Draft202012Validator

from mailauth_dns.policy.model import json_schema
from tests import schemas

ROOT = Path(__file__).parents[2]
EXAMPLES = [
    *sorted((ROOT / "zones/policy").glob("*.yaml")),
    *sorted((ROOT / "mailauth_dns/template/zones/policy").glob("*.yaml")),
]
CASES = sorted((ROOT / "tests/lint/cases").glob("*.yaml"))


class Plain(yaml.SafeLoader):
    """YAML as JSON has it: a date is a text."""


Plain.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in kinds if tag != "tag:yaml.org,2002:timestamp"]
    for first, kinds in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def plain(text: str) -> Any:
    return yaml.load(text, Plain)


def policies(case: Path) -> Iterator[str]:
    """Yield the policies of a rule's cases; every one of them is accepted."""
    said = plain(case.read_text())
    for entry in (*said["passes"], *said["fails"]):
        yield from (entry if isinstance(entry, str) else entry["policy"]).split("---\n")


def fields() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each field of the format with its section's name."""
    schema = json_schema()
    for section, node in (("PolicyFile", schema), *schema["$defs"].items()):
        for key, field in node.get("properties", {}).items():
            yield f"{section}.{key}", field


def test_each_field_says_what_it_is() -> None:
    """Editors show it, and so does the reference."""
    assert len(dict(fields())) > 60
    assert [name for name, field in fields() if not field.get("description")] == []


def test_each_schema_is_one() -> None:
    Draft202012Validator.check_schema(schemas.policy().schema)
    Draft202012Validator.check_schema(schemas.plan().schema)
    Draft4Validator.check_schema(schemas.sarif().schema)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_the_examples_are_valid(path: Path) -> None:
    if path.name != "_defaults.yaml":
        schemas.policy().validate(plain(path.read_text()))


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_what_is_accepted_is_valid(case: Path) -> None:
    for text in policies(case):
        schemas.policy().validate(plain(text))


WRONG = [
    "domain: example.com\nspff: {all: fail}\n",
    "domain: example.com\ndmarc: {p: rejct}\n",
    "domain: 5\n",
    "domain: example.com\nspf: {terms: mx}\n",
    "domain: example.com\nttl: soon\n",
    "domain: example.com\nallow: [{rule: live-unknown, reason: x, until: 2027-01-31}]\n",
    "domain: example.com\nallow: [{rule: DMARC033, reason: x}]\n",
]


@pytest.mark.parametrize("text", WRONG)
def test_what_is_misspelt_is_not(text: str) -> None:
    assert not schemas.policy().is_valid(plain(text))


def test_its_defaults_are_what_a_policy_may_say() -> None:
    """An editor offers them: pydantic would write thirty days as P30D."""
    assert not re.findall(r'"PT?[0-9]+[A-Z]"', json.dumps(json_schema()))
