"""Public files that must be there, and examples that are true."""

from __future__ import annotations

import json
import re
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


def test_the_files_that_the_architecture_names_are_there() -> None:
    """A name is a path in the package, or a file in the room that its row is about."""
    page = (ROOT / "docs/explanation/architecture.md").read_text()
    for line in page.splitlines():
        row = re.match(r"\| `([a-z_]+)/`", line)
        for name in re.findall(r"`((?:[a-z_]+/)*[a-z_]+\.py)`", line):
            inside = f"{row[1]}/" if row is not None else ""
            places = [ROOT / "mailauth_dns" / inside / name, ROOT / "mailauth_dns" / name]
            assert any(place.exists() for place in [*places, ROOT / name]), name
        for name in re.findall(r"`([a-z_]+)/`", line):
            rooms = [ROOT / "mailauth_dns" / name, ROOT / name]
            rooms += [ROOT / "mailauth_dns" / row[1] / name] if row is not None else []
            assert any(room.is_dir() for room in rooms), name
