"""Test cases of other projects.

We may not pass them on. They lie beside the checkout, in ../shared/corpora, or are missing.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[3] / "shared/corpora"


def all_cases(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((FOLDER / name).read_text())["cases"]
    return found


def graded(name: str) -> list[dict[str, Any]]:
    """Return the cases that are not disputed."""
    return [case for case in all_cases(name) if not case.get("disputed")]
