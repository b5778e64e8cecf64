"""How often another program is run."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest


class Calls:
    """How often another program is run, which is git."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._run, self.number = subprocess.run, 0
        monkeypatch.setattr(subprocess, "run", self._counted)

    def _counted(self, *words: Any, **options: Any) -> Any:
        self.number += 1
        return self._run(*words, **options)
