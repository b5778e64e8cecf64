"""Wheels of what the package needs, packed again from what is installed here.

So an installation is tried with the versions that are locked, and no index is asked.
"""

from __future__ import annotations

import importlib.metadata
import zipfile
from pathlib import Path

from packaging.requirements import Requirement


def needed(*names: str) -> set[str]:
    """Return the distributions that these need on this machine, with themselves."""
    found: set[tuple[str, str]] = set()  # with the extra that is asked for
    left = [(name, "") for name in names]
    while left:
        name, extra = wanted = left.pop()
        if wanted in found:
            continue
        found.add(wanted)
        for line in importlib.metadata.requires(name) or []:
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                left += [(requirement.name, each) for each in ("", *requirement.extras)]
    return {name.lower().replace("_", "-") for name, _ in found}


def pack(name: str, folder: Path) -> Path:
    """Write a wheel of an installed distribution, and return it."""
    distribution = importlib.metadata.distribution(name)
    lines = (distribution.read_text("WHEEL") or "").splitlines()
    tags = [each.removeprefix("Tag: ").split("-") for each in lines if each.startswith("Tag: ")]
    tag = "-".join(".".join(sorted({*part})) for part in zip(*tags, strict=True))
    stem = f"{name.replace('-', '_')}-{distribution.version}"
    wheel = folder / f"{stem}-{tag}.whl"
    with zipfile.ZipFile(wheel, "w") as packed:
        record = None
        rows = []
        for path in distribution.files or []:
            if path.parts[0] == ".." or path.suffix == ".pyc":
                continue  # made by the installer
            if path.name == "RECORD" and path.parts[0].endswith(".dist-info"):
                record = path
            elif path.name not in {"INSTALLER", "REQUESTED", "direct_url.json"}:
                packed.write(path.locate(), str(path))
                digest = f"{path.hash.mode}={path.hash.value}" if path.hash else ""
                rows.append(f'"{path}",{digest},{path.size or ""}\n')
        assert record, f"{name} was not installed from a wheel"
        packed.writestr(str(record), "".join([*rows, f"{record},,\n"]))
    return wheel
