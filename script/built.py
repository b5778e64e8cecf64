"""Compare a wheel or an sdist with what git has: nothing of the package is left out, nothing added.

The names that git has come on standard input.
"""

from __future__ import annotations

import sys
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

PACKAGE = "mailauth_dns/"
# What the package cannot do without. Git may have lost it, too.
NEEDED = {"mailauth_dns/py.typed", "mailauth_dns/template/zones/policy/example.com.yaml"}
IN_SDIST = {"CHANGELOG.md", "LICENSE", "README.md", "pyproject.toml"}
WRITTEN_IN_SDIST = {"PKG-INFO"}
WRITTEN_IN_WHEEL = {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"}


def names(built: Path) -> set[str]:
    """Return the names of the files in it, without the folder that holds all of an sdist."""
    if built.suffix == ".whl":
        with zipfile.ZipFile(built) as wheel:
            return {each for each in wheel.namelist() if not each.endswith("/")}
    with tarfile.open(built) as sdist:
        return {each.name.partition("/")[2] for each in sdist if not each.isdir()}


def expected(built: Path, committed: Iterable[str]) -> set[str]:
    """Return what must be in it."""
    package = {each for each in committed if each.startswith(PACKAGE)} | NEEDED
    if built.suffix != ".whl":
        return package | IN_SDIST | WRITTEN_IN_SDIST
    info = "-".join(built.name.split("-")[:2]) + ".dist-info/"
    return package | {info + each for each in WRITTEN_IN_WHEEL}


def problems(built: Path, committed: Iterable[str]) -> list[str]:
    """Return a line for each file that is missing in it, or should not be there."""
    wanted, found = expected(built, committed), names(built)
    return [
        *(f"{built.name}: {each} is missing" for each in sorted(wanted - found)),
        *(f"{built.name}: {each} should not be in it" for each in sorted(found - wanted)),
    ]


if __name__ == "__main__":
    known = sys.stdin.read().splitlines()
    if wrong := [line for each in sys.argv[1:] for line in problems(Path(each), known)]:
        sys.exit("\n".join(wrong))
