"""A new family takes its record, its section, the section's key in the model, and one row."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

RECORD = '''
"""Dummy records: what nobody publishes."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records.tags import parse_tags

LABEL = "_dummy"


@dataclass(frozen=True, slots=True)
class Record:
    """A record, for example `v=DUMMY1; x=1`."""

    x: str
    other: tuple[tuple[str, str], ...] = ()

    @property
    def meaning(self) -> Hashable:
        """Equal for records that nobody tells apart."""
        return self.x

    def __str__(self) -> str:
        """Return the record as published."""
        return f"v=DUMMY1; x={self.x}"


def parse(text: str) -> Record:
    """Return the record in `text`."""
    tags = {tag.name: tag.value for tag in parse_tags(text)}
    if "x" not in tags:
        raise RecordSyntaxError(text, len(text), len(text), "expected x=")
    return Record(tags["x"])
'''
SECTION = '''
"""The `dummy` section."""

from __future__ import annotations

from mailauth_dns.typed_yaml.scalars import Section, TagText, Ttl


class DummySection(Section):
    """What nobody publishes."""

    x: TagText
    ttl: Ttl | None = None

    @property
    def text(self) -> str:
        """The record as published."""
        return f"v=DUMMY1; x={self.x}"
'''
ROW = """    DUMMY = (
        "dummy",
        Row(
            opens=_opening(r"\\s*v\\s*=\\s*dummy1(?:[\\s;]|\\Z)"),
            section=("dummy",),
            label=dummy.LABEL,
            parse=dummy.parse,
        ),
    )
    NULL_MX = ("""
KEY = (
    "    dummy: Annotated[DummySection | AbsentWord | None, section_or_absent(DummySection)] = "
    "None\n"
    "    bimi: BimiSections | None"
)
SOA = "@ 3600 IN SOA ns1.example.com. host.example.com. 1 7200 3600 1209600 300\n"
ZONE = f"$ORIGIN example.com.\n{SOA}@ 3600 IN NS ns1.example.com.\n"
LOCAL = "class: mailauth_dns.octo.LocalProvider\ndirectory: served\n"
POLICY = "domain: example.com\nproviders: [local]\ndummy: "


def edited(path: Path, *changes: tuple[str, str]) -> None:
    text = path.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a copy of the package with one family more, and a zone repo beside it."""
    package = tmp_path / "mailauth_dns"
    shutil.copytree(ROOT / "mailauth_dns", package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "records/dummy.py").write_text(RECORD)
    (package / "policy/sections/dummy.py").write_text(SECTION)
    edited(
        package / "records/family.py",
        ("import bimi, ", "import bimi, dummy, "),
        ("    NULL_MX = (", ROW),
    )
    edited(
        package / "policy/model.py",
        (
            "from mailauth_dns.policy.sections.dmarc",
            "from mailauth_dns.policy.sections.dummy import DummySection\n"
            "from mailauth_dns.policy.sections.dmarc",
        ),
        ("    bimi: BimiSections | None", KEY),
    )
    for path, text in (
        ("repo/served/example.com.zone", ZONE),
        ("repo/providers/local.yaml", LOCAL),
    ):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text(text)
    (tmp_path / "repo/zones/policy").mkdir(parents=True)
    return tmp_path


def ran(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line of the copy in its repo."""
    return subprocess.run(
        [sys.executable, "-m", "mailauth_dns", "-C", "repo", *arguments],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def policy(tree: Path, dummy: str) -> None:
    (tree / "repo/zones/policy/example.com.yaml").write_text(f"{POLICY}{dummy}\n")


def plan(tree: Path) -> str:
    done = ran(tree, "plan", "--no-live")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_new_family_is_declared_planned_applied_and_imported(tree: Path) -> None:
    served = tree / "repo/served/example.com.zone"
    policy(tree, '{x: "1"}')
    assert "the dummy record is new" in plan(tree)
    assert ran(tree, "plan", "--no-live", "--out", "plan.json").returncode == 0
    applied = ran(tree, "apply", "plan.json", "--allow", "live-unknown")
    assert "v=DUMMY1; x=1" in served.read_text(), applied.stdout + applied.stderr
    served.write_text(served.read_text().replace("v=DUMMY1; x=1", "V = dummy1 ;x=1;"))
    policy(tree, '{x: "2"}')
    assert "the dummy record changes" in plan(tree)
    policy(tree, "absent")
    assert "the dummy record is deleted" in plan(tree)
    imported = ran(tree, "import", "example.com", "--from-zone", str(served))
    assert "dummy:\n  x: '1'" in imported.stdout, imported.stdout + imported.stderr


def test_equal_meaning_is_no_change(tree: Path) -> None:
    served = tree / "repo/served/example.com.zone"
    served.write_text(ZONE + '_dummy 3600 IN TXT "V=dummy1;x=1;"\n')
    policy(tree, '{x: "1"}')
    assert "dummy record" not in plan(tree)
