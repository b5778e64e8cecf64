"""A signing host: a folder for private keys that nobody else can write above, which /tmp cannot say, and a served zone beside it."""

from __future__ import annotations

import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import RepoFolder
from tests.keys.keyhost import Host, served

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


@pytest.fixture
def host(repo: RepoFolder, private_dir: Path) -> Iterator[Host]:
    """An hour of TTL: nothing happens by itself in a test."""
    yield from served(repo, private_dir, 3600)
