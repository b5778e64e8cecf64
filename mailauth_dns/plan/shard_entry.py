"""What a shard of a plan says of the whole, so that a merge knows what belongs together."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ShardEntry:
    """Which shard a plan is: `number` out of `of`.

    `live`, `show_kept` and `providers` are how it was asked for, beside what a plan says of that.
    `files` is the SHA-256 of the repo's files, `places` that of all zones and providers of the
    whole plan.
    """

    number: int
    of: int
    live: bool
    show_kept: bool
    providers: tuple[str, ...]
    files: str
    places: str

    def __str__(self) -> str:
        """Return it as it is written on a command line."""
        return f"{self.number}/{self.of}"


def places_digest(places: Iterable[tuple[str, str]]) -> str:
    """Return the SHA-256 of zones and their providers, in order."""
    return hashlib.sha256(json.dumps(list(places)).encode()).hexdigest()
