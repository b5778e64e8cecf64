"""A picture as values: shapes with words on them, which templates/drawing.svg writes.

Widths of words are estimates that leave room, since every reader has other fonts.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Literal

NARROW, WIDE = 328, 920  # what a phone of 360 pixels leaves, and a desk

_SIZES = {"head": 16, "term": 13, "word": 13, "small": 12}  # pixels, as in picture.css
_SHARES = {"head": 0.62, "term": 0.61, "word": 0.56, "small": 0.54}  # of the size, a character

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
    return int(len(text) * _SIZES[size] * _SHARES[size]) + 1


def fitted(text: str, width: int, size: Size) -> str:
    """Return the beginning of a text that fits, marked where that is not all of it.

    >>> fitted("include:_spf.sender.example", 100, "term")
    'include:_sp…'
    """
    room = max(1, int(width / (_SIZES[size] * _SHARES[size])))
    return text if len(text) <= room else text[: room - 1] + "…"


def lines(text: str, width: int, size: Size, most: int = 4) -> list[str]:
    """Return a text on lines that fit, `most` of them at most."""
    room = max(8, int(width / (_SIZES[size] * _SHARES[size])))
    return textwrap.wrap(text, room, max_lines=most, placeholder=" …") if text else []


def circle(x: int, y: int, radius: int, kind: str) -> Box:
    """Return a circle around a point."""
    return Box(x - radius, y - radius, 2 * radius, 2 * radius, kind, radius)
