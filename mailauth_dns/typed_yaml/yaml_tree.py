"""YAML text as a tree that knows the place of every key and value.

Scalars stay source text: a selector such as `010`, `on` or `2026-01-31` is what was written. The
model gives each its type.
"""

from __future__ import annotations

import re
from collections import abc
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from mailauth_dns.errors import FileProblem

# The shortest private key, an Ed25519 one in base64, has 44 characters.
_KEY = r"(?=\S*[A-Z])[A-Za-z0-9+/=]{40,}"
_KEY_BLOCK = re.compile(rf"-----BEGIN|PRIVATE KEY|{_KEY}")


@dataclass(frozen=True, slots=True)
class SourceText:
    """One file's text, for showing lines; `path` is relative to the repo."""

    path: str
    lines: abc.Sequence[str]

    def problem(self, place: Place, key: str, message: str) -> FileProblem:
        """Return a problem at that place, with its line.

        A line that belongs to a key is not shown, and no message quotes what may be a key.
        """
        shown = self.lines[place.line - 1] if 0 < place.line <= len(self.lines) else ""
        width = max(1, min(place.width, len(shown) - place.column + 1))
        if len(shown) > 200 or _KEY_BLOCK.search(shown):
            shown = ""
        key, message = (re.sub(_KEY, "(a key)", text) for text in (key, message))
        return FileProblem(
            self.path, place.line, place.column, key, message, shown.replace("\t", " "), width
        )


@dataclass(frozen=True, slots=True)
class FileLine:
    """A line of one of the repo's files, 1-based; `path` is relative to the repo."""

    path: str
    line: int


@lru_cache(maxsize=64)  # domains of one file say the same of each record, and share it
def _file_line(path: str, line: int) -> FileLine:
    return FileLine(path, line)


class Place(NamedTuple):
    """Where something stands; line and column are 1-based, width is in characters."""

    source: SourceText
    line: int
    column: int
    width: int = 1

    @property
    def file_line(self) -> FileLine:
        """The file and the line, without the file's text."""
        return _file_line(self.source.path, self.line)

    def problem(self, key: str, message: str) -> FileProblem:
        """Return a problem at this place."""
        return self.source.problem(self, key, message)


class Scalar(NamedTuple):
    """A scalar's source text; None where YAML has a plain null."""

    place: Place
    text: str | None


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    place: Place
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Mapping:
    """A mapping with the place of each key."""

    place: Place
    items: dict[str, Node]
    keys: dict[str, Place]


Node = Scalar | Sequence | Mapping
Plain = str | None | list["Plain"] | dict[str, "Plain"]


def may_be_key(text: str) -> bool:
    """Tell whether a text may be a key or part of one. No message quotes it then."""
    return _KEY_BLOCK.search(text) is not None


def plain(node: Node) -> Plain:
    """Return the tree as dicts, lists and text, for the model."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {key: plain(item) for key, item in node.items.items()}


def child(node: Node, step: str | int) -> Node | None:
    """Return what stands below a mapping's key or at a list's index, or None."""
    if isinstance(node, Mapping):
        return node.items.get(step) if isinstance(step, str) else None
    if isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
        return node.items[step]
    return None


def follow(root: Node, route: tuple[str | int, ...]) -> tuple[Node, Place]:
    """Return the deepest node of `route` that is there, and the place of what names it.

    A mapping's key names a node, or the list item itself.
    """
    node, place = root, root.place
    for step in route:
        if isinstance(node, Mapping) and isinstance(step, str) and step in node.items:
            place, node = node.keys[step], node.items[step]
        elif isinstance(node, Sequence) and (below := child(node, step)) is not None:
            node, place = below, below.place
        else:
            break
    return node, place


def locate(root: Node, route: tuple[str | int, ...]) -> Place:
    """Return the place of the key or list item that `route` names.

    If the route does not lead to the end, return the place of the deepest part that is there.
    """
    return follow(root, route)[1]


def value_place(root: Node, route: tuple[str | int, ...]) -> Place:
    """Return the place of the value at `route` if it is a scalar with text, else of its key."""
    node, place = follow(root, route)
    return node.place if isinstance(node, Scalar) and node.text else place
