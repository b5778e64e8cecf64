"""What programs read: each command that writes JSON has a shape, and keeps to it."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from mailauth_dns.cli.command_tree import all_commands
from mailauth_dns.render.json_shapes import SHAPES, published
from tests import schemas
from tests.conftest import RepoFolder
from tests.guide.test_next_lines import STORY, served

PAGE = (Path(__file__).parents[2] / "docs/reference/json.md").read_text()

__all__ = ["served"]  # the fixture: one repo in which every command works

# Their documents are checked where the files are that they need.
ELSEWHERE = {
    "dkim adopt": "tests/keys/test_adopt.py",
    "dmarc advance": "tests/cli/test_dmarc.py",
    "mta_sts advance": "tests/evidence/test_mta_sts_commands.py",
    "quickstart": "tests/quickstart/test_command.py",
    "reports watch": "tests/evidence/test_reports_watch.py",
}


def writes_json() -> set[str]:
    """The commands whose --format takes json."""
    return {
        command.path.removeprefix("mailauth-dns ")
        for command in all_commands()
        for _, rows in command.options
        for label, text in rows
        if label.startswith("--format") and "json" in f"{label} {text}"
    }


def test_each_command_that_writes_json_has_a_shape() -> None:
    assert writes_json() == SHAPES.keys()


def keys_of(shape: Any) -> Iterator[str]:
    """All keys that documents of this shape have, at any depth."""
    if isinstance(shape, Mapping):
        properties = shape.get("properties", {})
        yield from properties
        for inner in (*properties.values(), *(shape.get(key) for key in _BELOW if key in shape)):
            yield from keys_of(inner)
        for inner in shape.get("$defs", {}).values():
            yield from keys_of(inner)
    elif isinstance(shape, list):
        for inner in shape:
            yield from keys_of(inner)


_BELOW = ("items", "anyOf", "additionalProperties")


def said_of(command: str) -> set[str]:
    """What the page names in the command's row, and in the rows that this one names."""
    [row] = re.findall(rf"^\| [^|]*`{command}`[^|]* \| (.*) \|$", _COMMANDS, re.MULTILINE)
    named = set(_CODE.findall(row))
    for other in named & SHAPES.keys() - {command}:
        named |= said_of(other)
    return named


_CODE = re.compile(r"`([^`\n]+)`")
_COMMANDS, _, _SHARED = PAGE.partition("\nThese print no results")  # then rows, verdicts, the plan


@pytest.mark.parametrize("command", sorted(SHAPES))
def test_the_page_names_every_key(command: str) -> None:
    named = said_of(command) | set(_CODE.findall(_SHARED))
    assert {key for key in keys_of(SHAPES[command]) if key != "format"} <= named


def test_every_document_keeps_to_its_shape(served: RepoFolder, private_dir: Path) -> None:
    seen = set()
    for typed, _ in (*STORY, ("next", "")):
        words = shlex.split(typed.replace("PRIVATE", str(private_dir)))
        command = schemas.command_of(words)
        assert command is not None
        if command == "export":
            words = ["export", "example.com"]
        if "--check" in words and command == "export":
            continue
        ran = served.run(*words, "--format", "json")  # which holds the document against it
        json.loads(ran.out)
        seen.add(command)
    assert seen == SHAPES.keys() - ELSEWHERE.keys()


def test_every_schema_is_published_by_name(repo: RepoFolder) -> None:
    names = repo.run("schema", "--list").out.splitlines()
    assert names == ["policy", "report", *SHAPES]
    for name in names:
        schema = json.loads(repo.run("schema", *name.split()).out)
        Draft202012Validator.check_schema(schema)
        assert all(
            ref in schema["$defs"] for ref in re.findall(r'"#/\$defs/(\w+)"', json.dumps(schema))
        )
    ran = repo.run("schema", "spf", "trees")
    assert (ran.code, ran.out) == (1, "")
    assert "schema --list" in ran.err


def test_a_new_key_does_not_break_a_published_schema() -> None:
    document = {"format": 1, "written": [], "left": [], "later": "a new key"}
    assert Draft202012Validator(published("init")).is_valid(document)
    assert not schemas.result("init").is_valid(document)


@pytest.mark.parametrize("command", sorted(SHAPES))
def test_a_shape_can_fail(command: str) -> None:
    assert not schemas.result(command).is_valid({"format": 1, "surprise": True})
