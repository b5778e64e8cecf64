"""The journal of an apply, for people; a run that is done again needs nothing of it."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from mailauth_dns.atomic_files import append_line
from mailauth_dns.plan.plan import ZoneEntry


class Journal:
    """Lines for people beside the plan: what was begun and how it ended.

    Nothing reads the journal, so an apply goes on where it cannot be written.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def write(self, zone: ZoneEntry, what: str, detail: str = "") -> None:
        """Add a line for a zone with changes."""
        if self._path is None or not zone.changes:
            return
        line = {
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "zone": zone.zone,
            "provider": zone.provider,
            "what": what,
        }
        with suppress(OSError):
            append_line(self._path, json.dumps({**line, "detail": detail} if detail else line))
