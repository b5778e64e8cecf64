"""A step: the one thing to do now, why, for how long, and the exact commands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

Command = tuple[str, ...]  # words; those of ours open with `mailauth-dns`

PROGRAM = "mailauth-dns"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do.

    `what` is a short sentence in the imperative, and `takes` how long it takes. The commands are
    run in order. `at` is when the time for it comes, None for now. `after` is what follows.
    `unknown` means that nobody can say what is to be done before this is.
    """

    what: str
    why: str
    takes: str
    commands: tuple[Command, ...] = ()
    at: datetime | None = None
    after: tuple[str, ...] = ()
    unknown: bool = False


def ours(*words: str) -> Command:
    """Return a command of this program."""
    return (PROGRAM, *words)
