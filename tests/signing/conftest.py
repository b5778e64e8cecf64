"""A folder for private keys as a signing host has it: nobody else can write above it, which /tmp cannot say."""

from __future__ import annotations

import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

_CANDIDATES = (Path.home(), Path(__file__).parent, Path("/var/lib"))


@pytest.fixture
def private_dir() -> Iterator[Path]:
    for candidate in _CANDIDATES:
        above = [candidate.resolve(), *candidate.resolve().parents]
        if not any(parent.stat().st_mode & stat.S_IWOTH for parent in above):
            break
    else:
        pytest.fail(f"everybody may write above each of {_CANDIDATES}")
    folder = Path(tempfile.mkdtemp(prefix="mailauth-keys-", dir=candidate))
    yield folder
    shutil.rmtree(folder)
