"""Where a value stands in a JSON text: its reader does not say."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


def behind_space(text: str, at: int) -> int:
    """Return the place of the first character that is no white space."""
    found = _SPACE.match(text, at)
    assert found is not None
    return found.end()


def place(text: str, at: int, route: Sequence[str | int]) -> int:
    """Return where the value begins that `route` leads to from the value at `at`.

    The text is JSON from there on. Where the route ends before its last step, for a key is missing,
    return the place of the value that should have it.

    >>> place('{"rows": [{"count": 1}, {"count": -2}]}', 0, ("rows", 1, "count"))
    34
    """
    for step in route:
        below = _below(text, at, step)
        if below is None:
            break
        at = below
    return at


def _below(text: str, at: int, step: str | int) -> int | None:
    """Return where the value of a key or an index begins."""
    opening = text[at : at + 1]
    if opening not in ("{", "["):
        return None
    at = behind_space(text, at + 1)
    index = 0
    while text[at : at + 1] not in ("}", "]"):
        key: object = index
        if opening == "{":
            key, at = _DECODER.raw_decode(text, at)
            at = behind_space(text, behind_space(text, at) + 1)  # the colon
        if key == step:
            return at
        _, at = _DECODER.raw_decode(text, at)
        at = behind_space(text, at)
        if text.startswith(",", at):
            at = behind_space(text, at + 1)
        index += 1
    return None
