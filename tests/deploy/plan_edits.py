"""A plan file that somebody edits."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any


def edited(plan: Path, edit: Callable[[dict[str, Any]], None], recompute: bool) -> None:
    data = json.loads(plan.read_text())
    edit(data)
    if recompute:
        del data["fingerprint"]
        canonical = json.dumps(data, sort_keys=True, separators=(",", ":")).encode()
        data["fingerprint"] = hashlib.sha256(canonical).hexdigest()
    plan.write_text(json.dumps(data))
