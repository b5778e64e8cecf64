"""A signing host: a folder for private keys, and a served zone beside it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mailauth_dns.signing_host import key_owner
from tests.conftest import RepoFolder
from tests.keys.keyhost import Host, served


@pytest.fixture
def host(repo: RepoFolder, private_dir: Path) -> Iterator[Host]:
    """An hour of TTL: nothing happens by itself in a test."""
    yield from served(repo, private_dir, 3600)


@pytest.fixture
def etc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Write a file of the host's configuration."""
    monkeypatch.setattr(key_owner, "HOST", tmp_path / "host")

    def write(name: str, text: str) -> None:
        path = tmp_path / "host" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    return write


@pytest.fixture
def keys() -> Iterator[Path]:
    """A folder for keys that does not exist yet; everybody may enter the one above it."""
    folder = Path(tempfile.mkdtemp(prefix="mailauth-keys-", dir="/var/lib"))
    folder.chmod(0o755)
    yield folder / "keys"
    shutil.rmtree(folder)
