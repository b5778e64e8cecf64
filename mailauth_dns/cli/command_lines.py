"""Command lines that users are told to run, as they are typed into a shell."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path


def spelled(command: Sequence[str], folder: Path, root: Path) -> str:
    """Return a command as it is typed to work in the repo `root`, which `-C folder` named."""
    words = [*command]
    at = 1 if words[0] == "sudo" else 0
    if words[at] == "mailauth-dns" and folder != Path():
        words[at + 1 : at + 1] = ["-C", str(folder)]
    elif words[at] == "git" and root.resolve() != Path.cwd():
        words[at + 1 : at + 1] = ["-C", str(root)]
    return shlex.join(words)


def repeated(given: Sequence[str], more: Sequence[str], *, without: str) -> str:
    """Return a command of ours as it was typed, with `more` and `without` an option."""
    words = [word for word in given_without(given, without) if word != "--install"]
    end = words.index("--") if "--" in words else len(words)
    return shlex.join(["mailauth-dns", *words[:end], *more, *words[end:]])


def given_without(words: Sequence[str], option: str) -> Iterator[str]:
    """Yield the words of a command line without an option and its value.

    >>> list(given_without(["export", "--out", "x", "a"], "--out"))
    ['export', 'a']
    """
    queue = iter(words)
    for word in queue:
        if word == option:
            next(queue, None)
        elif not option or not word.startswith(f"{option}="):
            yield word
