"""What is built from this checkout, and the wheels that it needs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.packaging import wheelhouse

ROOT = Path(__file__).parents[2]
PARTS = ("mailauth_dns", "script", "pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md")
GIT = ("git", "-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")


def run(*command: str | Path, cwd: Path, env: dict[str, str]) -> str:
    """Run a program that must succeed, and return its standard output."""
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of this checkout as it would be committed, in a git repository of its own."""
    copy = tmp_path_factory.mktemp("packaging") / "mailauth-dns"
    listed = ("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *PARTS)
    for name in run("git", *listed, cwd=ROOT, env={**os.environ}).split("\0"):
        if name and (ROOT / name).exists():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy / name)
    # The environment is the one that runs this test.
    (copy / "script/bootstrap").write_text("#!/bin/sh\n")
    (copy / ".venv").symlink_to(sys.prefix)
    (copy / ".gitignore").write_text(".venv\ndist/\n")
    for command in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-q", "-m", "All")):
        run(*GIT, *command, cwd=copy, env={**os.environ})
    return copy


@pytest.fixture(scope="session")
def built(checkout: Path) -> dict[str, Path]:
    """The wheel and the sdist that script/build makes, by their suffix."""
    run("script/build", cwd=checkout, env={**os.environ})
    return {path.suffix: path for path in (checkout / "dist").iterdir()}


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with wheels of what the package needs, what builds it, and pip."""
    folder = tmp_path_factory.mktemp("wheels")
    for name in wheelhouse.needed("mailauth-dns", "flit_core", "pip") - {"mailauth-dns"}:
        wheelhouse.pack(name, folder)
    return folder
