"""A folder with one zone of the local provider."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.octo.local_zone import TEXT


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "example.com.zone").write_text(TEXT)
    return tmp_path
