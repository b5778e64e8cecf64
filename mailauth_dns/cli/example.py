"""What an example of a command is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Example:
    """A command line to paste into a shell, and what it is for."""

    words: str  # a colon follows
    line: str
