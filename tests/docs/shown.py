"""What a page shows beside what a command says now: the same, but for values that must differ."""

from __future__ import annotations

import re
from collections.abc import Sequence

ANY = "..."

# What stands for a value that is another one in each run. CONTRIBUTING.md lists them.
_VALUES = (
    (re.compile(r"\bMIIB[A-Za-z0-9+/]+\.\.\."), "<key>"),  # its beginning, where a page cuts it
    (re.compile(r"[A-Za-z0-9+/]{40,}={0,2}(?:\"\s+\"[A-Za-z0-9+/]+={0,2})*"), "<key>"),
    (
        re.compile(
            r"\b20\d\d-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?: ?UTC|Z|[+-]\d\d:?\d\d)?)?"
        ),
        "<time>",
    ),
    (re.compile(r"\b\d\d:\d\d(?::\d\d)?\b(?: UTC)?"), "<time>"),
    (re.compile(r"20\d{6}(?:\d\d)?(?!\d)"), "<date>"),  # in selectors and serials
    (re.compile(r"\b[0-9a-f]{8,64}\b"), "<hash>"),
    (re.compile(r"\b(?=[0-9A-F]*[0-9])[0-9A-F]{9,12}\b"), "<queue id>"),
    (re.compile(r"\b\d+\.\d+ (?:s|seconds)\b"), "<duration>"),
    (re.compile(r"mailauth-dns \d+\.\d+\S*"), "<version>"),
)


def settled(lines: Sequence[str]) -> list[str]:
    """Return lines with a word for each value that differs from run to run."""
    text = "\n".join(line.rstrip() for line in lines)
    for pattern, word in _VALUES:
        text = pattern.sub(word, text)
    return text.split("\n") if lines else []


def same(expected: Sequence[str], said: Sequence[str]) -> bool:
    """Tell whether what was said is what the page shows; a line `...` stands for any lines."""
    return _matches(settled(expected), settled(said))


def _matches(expected: list[str], said: list[str]) -> bool:
    if ANY not in expected:
        return expected == said
    cut = expected.index(ANY)
    before, after = expected[:cut], expected[cut + 1 :]
    if said[:cut] != before:
        return False
    return any(_matches(after, said[start:]) for start in range(cut, len(said) + 1))
