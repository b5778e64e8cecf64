"""The fingerprint of a plan: SHA-256 over all of it, in canonical JSON, however it is written.

It proves that a file is whole. It does not say who wrote it.
"""

from __future__ import annotations

import hashlib
import json

from mailauth_dns.plan.plan import Where


class Fingerprint:
    """The SHA-256 of a plan with every zone in full, in canonical JSON; `zones` is the last key."""

    def __init__(self, head: object) -> None:
        self._hash = hashlib.sha256(canonical(head).removesuffix("}").encode())
        self._hash.update(b',"zones":[')
        self._mark = b""
        self._texts: dict[Where, str] = {}

    def add(self, where: Where, zone: object) -> None:
        """Add a zone."""
        text = self._texts[where] = canonical(zone)
        self.add_text(text)

    def add_like(self, name: str, first: Where) -> None:
        """Add a zone that is like one that was added."""
        self.add_text(renamed(self._texts[first], first[0], name))

    def add_text(self, text: str) -> None:
        """Add a zone as canonical JSON."""
        self._hash.update(self._mark + text.encode())
        self._mark = b","

    def text(self) -> str:
        """Return the fingerprint."""
        ended = self._hash.copy()
        ended.update(b"]}")
        return ended.hexdigest()


def renamed(text: str, was: str, now: str) -> str:
    """Return the canonical JSON of a zone with another name at each place where it has its own."""
    return text if was == now else text.replace(json.dumps(was)[1:-1], json.dumps(now)[1:-1])


def canonical(data: object) -> str:
    """Return JSON data in the one way that counts for the fingerprint."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
