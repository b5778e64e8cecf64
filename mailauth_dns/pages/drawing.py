"""A picture as values: shapes with words on them, which templates/drawing.svg writes.

Widths of words are estimates that leave room, since every reader has other fonts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

NARROW, WIDE = 328, 920  # what a phone of 360 pixels leaves, and a desk

_SIZES = {"head": 17, "term": 13, "word": 13, "small": 12}  # pixels; as in picture.css, or bolder
_SLIM, _BROAD = frozenset(" .,:;'|!()[]ijlft-"), frozenset("mwMW@%&…—≠")

Size = Literal["head", "term", "word", "small"]


@dataclass(frozen=True, slots=True)
class Label:
    """Words; (x, y) is where their base line begins, or ends with the anchor `end`."""

    x: int
    y: int
    text: str
    size: Size
    kind: str = ""
    anchor: Literal["start", "middle", "end"] = "start"
    shape: Literal["label"] = "label"


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle; `radius` rounds its corners."""

    x: int
    y: int
    width: int
    height: int
    kind: str
    radius: int = 0
    shape: Literal["box"] = "box"


@dataclass(frozen=True, slots=True)
class Path:
    """A line, in the words of SVG's `d`."""

    d: str
    kind: str
    shape: Literal["path"] = "path"


Shape = Label | Box | Path


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture, and what it shows in words for those who do not see it."""

    width: int
    height: int
    title: str
    description: str
    shapes: tuple[Shape, ...]


def breadth(text: str, size: Size) -> int:
    """Return how many pixels a text takes at most."""
    return int(sum(_share(character, size) for character in text) * _SIZES[size]) + 1


def _share(character: str, size: Size) -> float:
    """Return a character's breadth as a share of the size."""
    if character > "\u2e7f":
        return 1.1
    if size == "term":
        return 0.62
    if character in _BROAD:
        return 1.0
    return 0.4 if character in _SLIM else 0.75 if character.isupper() else 0.63


def _fitting(text: str, width: int, size: Size) -> int:
    """Return how many characters of a text fit, one at least."""
    left = width / _SIZES[size]
    for at, character in enumerate(text):
        left -= _share(character, size)
        if left < 0:
            return max(1, at)
    return len(text)


def fitted(text: str, width: int, size: Size) -> str:
    """Return the beginning of a text that fits, marked where that is not all of it.

    >>> fitted("include:_spf.sender.example", 100, "term")
    'include:_sp…'
    """
    room = _fitting(text, width, size)
    return text if len(text) <= room else text[: max(1, room - 1)] + "…"


def lines(text: str, width: int, size: Size, most: int = 4) -> list[str]:
    """Return a text on lines that fit, `most` of them at most; they break between words.

    >>> lines("no server answered within 5 seconds", 120, "small")
    ['no server', 'answered within', '5 seconds']
    """
    found: list[str] = []
    at = 0
    while at < len(text) and len(found) < most:
        rest = text[at : at + width]  # more cannot fit: no character is that slim
        room = _fitting(rest, width, size)
        if room < len(rest):
            room = rest.rfind(" ", 1, room + 1) if " " in rest[1 : room + 1] else room
        found.append(rest[:room].strip())
        at += room
    if at < len(text):
        found[-1] = fitted(f"{found[-1]} …", width, "small")
    return [line for line in found if line]


def circle(x: int, y: int, radius: int, kind: str) -> Box:
    """Return a circle around a point."""
    return Box(x - radius, y - radius, 2 * radius, 2 * radius, kind, radius)
