"""Print constraints for pip: the lowest version of each dependency that pyproject.toml allows.

Extras are included.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

project = tomllib.loads(Path(sys.argv[1]).read_text())["project"]
for requirement in (
    *project["dependencies"],
    *(each for extra in project["optional-dependencies"].values() for each in extra),
):
    name = re.match(r"[\w.-]+", requirement)
    lowest = re.search(r">=\s*([\w.]+)", requirement)
    if name and lowest:
        print(f"{name[0]}=={lowest[1]}")
    elif name and name[0] != project["name"]:
        sys.exit(f"{requirement}: say from which version on")
