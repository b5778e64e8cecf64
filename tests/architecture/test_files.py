"""Public files that must be there, and examples that are true."""

from __future__ import annotations

import json
from pathlib import Path

from mailauth_dns.policy.model import json_schema

ROOT = Path(__file__).parents[2]


def test_types_are_shipped() -> None:
    assert (ROOT / "mailauth_dns/py.typed").exists()


def test_the_schema_that_the_examples_name_is_current() -> None:
    """`mailauth-dns schema > zones/policy.schema.json` writes it."""
    assert json.loads((ROOT / "zones/policy.schema.json").read_text()) == json_schema()


def test_the_examples_are_compiled() -> None:
    from mailauth_dns.cli import main

    assert main(["-C", str(ROOT), "-q", "compile", "--check"]) == 0
