"""The identity of the program: any edit of it is another program."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mailauth_dns.cache.program import identity


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = tmp_path / "package"
    (folder / "below").mkdir(parents=True)
    (folder / "below" / "module.py").write_text("ONE = 1\n")
    return folder


EDITS: list[Callable[[Path], object]] = [
    lambda package: (package / "below" / "module.py").write_text("ONE = 22\n"),
    lambda package: (package / "below" / "more.py").write_text(""),
    lambda package: (package / "below" / "module.py").rename(package / "below" / "other.py"),
    lambda package: (package / "below" / "module.py").unlink(),
]


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_is_another_program(package: Path, edit: Callable[[Path], object]) -> None:
    before = identity("1.0", package)
    edit(package)
    assert identity("1.0", package) != before


def test_versions_are_other_programs(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert identity("1.0", package) != identity("1.1", package)
    before = identity("1.0", package)
    monkeypatch.setattr(sys, "version", "3.99.0")
    assert identity("1.0", package) != before


def test_byte_code_makes_no_other_program(package: Path) -> None:
    before = identity("1.0", package)
    (package / "below" / "__pycache__").mkdir()
    (package / "below" / "__pycache__" / "module.pyc").write_bytes(b"code")
    assert identity("1.0", package) == before == identity("1.0", package)


def test_an_editor_that_is_open_is_no_error(package: Path) -> None:
    """Emacs marks a file that it edits with a link to nowhere."""
    before = identity("1.0", package)
    (package / "below" / ".#module.py").symlink_to("user@host.example:1")
    assert identity("1.0", package) == identity("1.0", package) != before
