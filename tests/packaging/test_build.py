"""script/build: the same commit gives the same bytes, and what is in them is checked."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.packaging.conftest import GIT, ROOT, run


def test_the_same_commit_gives_the_same_bytes(
    checkout: Path, built: dict[str, Path], tmp_path: Path
) -> None:
    """Also at another time, in another folder, and with another mask for new files."""
    clone = tmp_path / "elsewhere"
    run(*GIT, "clone", "-q", str(checkout), str(clone), cwd=tmp_path, env={**os.environ})
    (clone / ".venv").symlink_to(sys.prefix)
    run("sh", "-c", "umask 077 && script/build out", cwd=clone, env={**os.environ})
    for path in built.values():
        assert (clone / "out" / path.name).read_bytes() == path.read_bytes(), path.name


def test_what_is_not_committed_is_not_built_and_that_is_said(
    checkout: Path, built: dict[str, Path], tmp_path: Path
) -> None:
    draft = checkout / "mailauth_dns/draft.py"
    draft.write_text("")
    try:
        command = ("script/build", str(tmp_path / "out"))
        done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)
    finally:
        draft.unlink()
    assert done.returncode == 0, done.stderr
    note = "note: what is not committed is not in the build: ?? mailauth_dns/draft.py\n"
    assert note in done.stderr
    wheel = built[".whl"]
    assert (tmp_path / "out" / wheel.name).read_bytes() == wheel.read_bytes()


def checked(wheel: Path, committed: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / "script/built.py", wheel],
        input="\n".join(committed),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def committed(built: dict[str, Path]) -> list[str]:
    with zipfile.ZipFile(built[".whl"]) as wheel:
        return [each for each in wheel.namelist() if each.startswith("mailauth_dns/")]


def test_a_wheel_with_tests_in_it_is_refused(
    built: dict[str, Path], committed: list[str], tmp_path: Path
) -> None:
    wheel = tmp_path / built[".whl"].name
    shutil.copy(built[".whl"], wheel)
    assert checked(wheel, committed).returncode == 0
    with zipfile.ZipFile(wheel, "a") as added:
        added.writestr("tests/test_it.py", "")
    done = checked(wheel, committed)
    assert (done.returncode, done.stderr) == (
        1,
        f"{wheel.name}: tests/test_it.py should not be in it\n",
    )


def test_a_wheel_that_lacks_a_file_is_refused(
    built: dict[str, Path], committed: list[str], tmp_path: Path
) -> None:
    wheel = tmp_path / built[".whl"].name
    lost = {"mailauth_dns/py.typed", "mailauth_dns/template/gitignore"}
    with zipfile.ZipFile(built[".whl"]) as whole, zipfile.ZipFile(wheel, "w") as lacking:
        for name in whole.namelist():
            if name not in lost:
                lacking.writestr(name, whole.read(name))
    # Git has lost py.typed, too; it is missing all the same.
    done = checked(wheel, [each for each in committed if not each.endswith("py.typed")])
    assert done.returncode == 1
    assert done.stderr.splitlines() == [f"{wheel.name}: {each} is missing" for each in sorted(lost)]
