"""The package installs as people install programs, and works where nothing else is."""

from __future__ import annotations

import os
import sys
import venv
from pathlib import Path

import pytest

from mailauth_dns import __version__
from tests.packaging.conftest import GIT, run

# Each takes what pip takes; uv is the fastest of them.
INSTALLED = [
    ("pip", "wheel"),
    ("pip", "sdist"),
    ("pip", "git"),
    ("pipx", "wheel"),
    ("uv", "wheel"),
    ("uv", "checkout"),
    ("uv", "git"),
]


@pytest.fixture(scope="module")
def sources(checkout: Path, built: dict[str, Path]) -> dict[str, str]:
    """What an installer is told."""
    bare = checkout.parent / "bare.git"
    run(*GIT, "clone", "-q", "--bare", str(checkout), str(bare), cwd=checkout, env={**os.environ})
    return {
        "wheel": str(built[".whl"]),
        "sdist": str(built[".gz"]),
        "checkout": str(checkout),
        "git": f"git+file://{bare}",
    }


@pytest.fixture
def bare(tmp_path: Path, wheels: Path) -> dict[str, str]:
    """The variables of a user who has nothing of ours, and whose index is the folder of wheels."""
    return {
        "HOME": str(tmp_path),
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels),
        "PIP_NO_COMPILE": "1",
        "PIPX_DEFAULT_PYTHON": sys.executable,
        "UV_OFFLINE": "1",
        "UV_NO_INDEX": "1",
        "UV_FIND_LINKS": str(wheels),
        "UV_PYTHON": sys.executable,
    }


def install(installer: str, source: str, home: Path, env: dict[str, str]) -> Path:
    """Install, and return the program."""
    ours = Path(sys.prefix, "bin")
    if installer == "pip":
        venv.create(home / "venv")
        pip = (sys.executable, "-m", "pip", "--python", str(home / "venv/bin/python"))
        run(*pip, "install", "--quiet", source, cwd=home, env=env)
        return home / "venv/bin/mailauth-dns"
    command = {"pipx": ("pipx",), "uv": ("uv", "tool")}[installer]
    run(ours / command[0], *command[1:], "install", source, cwd=home, env=env)
    return home / ".local/bin/mailauth-dns"


@pytest.mark.parametrize(("installer", "source"), INSTALLED)
def test_an_installed_program_makes_lints_and_plans_a_repo(
    installer: str, source: str, sources: dict[str, str], tmp_path: Path, bare: dict[str, str]
) -> None:
    program = install(installer, sources[source], tmp_path, bare)
    python = program.resolve().parent / "python"
    where = run(
        python, "-c", "import mailauth_dns; print(mailauth_dns.__file__)", cwd=tmp_path, env=bare
    )
    assert Path(where.strip()).is_relative_to(tmp_path)
    assert __version__ in run(program, "--version", cwd=tmp_path, env=bare)
    repo = tmp_path / "repo"
    run(program, "init", str(repo), cwd=tmp_path, env=bare)
    run(program, "lint", cwd=repo, env=bare)
    assert "_dmarc.example.com TXT" in run(program, "plan", cwd=repo, env=bare)
