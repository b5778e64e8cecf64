"""Read YAML text into a tree.

Size and depth are limited while events are read, before anything is composed: libyaml's own
composer is recursive and ends the process on deep nesting. Anchors and aliases are refused: people
read policies, and ten lines of aliases can hold a billion nodes.
"""

from __future__ import annotations

import re
from typing import Any, NoReturn

import yaml

from mailauth_dns.errors import FileProblem
from mailauth_dns.typed_yaml import yaml_hints
from mailauth_dns.typed_yaml.yaml_tree import Mapping, Node, Place, Scalar, Sequence, SourceText

MAX_FILE = 1_000_000  # octets; the longest real policies are a few kB
MAX_SCALAR = 20_000  # characters; an RSA-4096 key in `p` has 736
MAX_DEPTH = 40  # levels; the format itself needs 6
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# YAML 1.1 §4.2; Python's splitlines knows other ones.
_LINE_END = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_made = tuple.__new__
_NULL = frozenset({"", "~", "null", "Null", "NULL"})


class DocumentError(Exception):
    """The text cannot be read as a document; `problems` says why."""

    def __init__(self, problems: list[FileProblem]) -> None:
        super().__init__(problems)
        self.problems = problems


POLICY_OPENS = "a policy opens with `domain: example.com`"


def read(
    path: str, data: bytes, opens: str = POLICY_OPENS, *, may_be_empty: bool = False
) -> Mapping:
    """Return the mapping that a file holds.

    `path` is for messages, and `opens` says how such a file opens. With `may_be_empty`, a file of
    comments alone is a mapping without keys.

    Raises:
        DocumentError: not UTF-8, not YAML, nested too deep, a key given twice, or not a mapping.
    """
    text = _decoded(path, data)
    # Nearly all files have plain lines; finding the ends of other lines takes a search.
    plain_lines = text.isascii() and "\r" not in text
    source = SourceText(path, tuple(text.split("\n") if plain_lines else _LINE_END.split(text)))
    builder = _Builder(source)
    try:
        root = builder.build(text)
    except yaml.YAMLError as error:
        raise DocumentError(
            [*builder.problems, yaml_hints.explained(source, error, MAX_DEPTH)]
        ) from None
    if builder.problems:
        raise DocumentError(builder.problems)
    if root is None or (isinstance(root, Scalar) and root.text is None):
        if may_be_empty:
            return Mapping(Place(source, 1, 1), {}, {})
        raise DocumentError([FileProblem(path, 0, 0, "", f"the file is empty; {opens}")])
    if not isinstance(root, Mapping):
        raise DocumentError([root.place.problem("", f"expected `key: value` lines; {opens}")])
    return root


def _decoded(path: str, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        message = f"not UTF-8: octet 0x{data[error.start]:02x}; save the file as UTF-8"
        raise DocumentError([FileProblem(path, line, column, "", message)]) from None


class _Builder:
    def __init__(self, source: SourceText) -> None:
        self.problems: list[FileProblem] = []
        self._source = source

    def build(self, text: str) -> Node | None:
        """Return the one document's node; None where the text has none."""
        self._next = _Loader(text).get_event
        root: Node | None = None
        documents = 0
        while (event := self._next()) is not None:
            if type(event) is yaml.DocumentStartEvent:
                documents += 1
                if documents > 1:
                    self._refuse(
                        self._place(event),
                        "a second document; put each policy into a file of its own",
                    )
                root = self._node(self._next(), 0)
        return root

    def _place(self, event: yaml.Event) -> Place:
        start: Any = event.start_mark
        end: Any = event.end_mark
        line, column = start.line, start.column
        width = (end.column if end.line == line else len(self._source.lines[line])) - column
        # Much quicker than Place(...), for each node of a fleet's policies.
        return _made(Place, (self._source, line + 1, column + 1, width if width > 1 else 1))

    def _refuse(self, place: Place, message: str) -> NoReturn:
        self.problems.append(place.problem("", message))
        raise DocumentError(self.problems)

    def _node(self, event: yaml.NodeEvent, depth: int) -> Node:
        """Return what begins with an event, below so many levels."""
        place = self._place(event)
        if event.anchor is not None:
            self._refuse(place, _named(event))
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, place)
        if depth >= MAX_DEPTH:
            self._refuse(place, yaml_hints.too_deep(MAX_DEPTH))
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(place, depth + 1)
        return self._sequence(place, depth + 1)

    def _scalar(self, event: yaml.ScalarEvent, place: Place) -> Scalar:
        text: str = event.value
        if len(text) > MAX_SCALAR:
            self._refuse(place, f"a value of {len(text)} characters; at most {MAX_SCALAR} are read")
        return Scalar(place, None if text in _NULL and not event.style else text)

    def _sequence(self, place: Place, depth: int) -> Sequence:
        items: list[Node] = []
        while type(event := self._next()) is not yaml.SequenceEndEvent:
            items.append(self._node(event, depth))
        return Sequence(place, tuple(items))

    def _mapping(self, place: Place, depth: int) -> Mapping:
        items: dict[str, Node] = {}
        keys: dict[str, Place] = {}
        while type(event := self._next()) is not yaml.MappingEndEvent:
            key = self._node(event, depth)
            if not isinstance(key, Scalar):
                self._refuse(
                    key.place,
                    "expected a key here; values with [ ] { } or a leading colon must be quoted",
                )
            node = self._node(self._next(), depth)
            name = key.text if key.text is not None else self._source_text(key.place)
            if name in items:
                first = keys[name].line
                self.problems.append(
                    key.place.problem(name, f"given twice, first in line {first}; keep one")
                )
            else:
                items[name] = node
                keys[name] = key.place
        return Mapping(place, items, keys)

    def _source_text(self, place: Place) -> str:
        return self._source.lines[place.line - 1][place.column - 1 : place.column - 1 + place.width]


def _named(event: yaml.NodeEvent) -> str:
    """Return why a node that has a name, or is one, is not read."""
    if isinstance(event, yaml.AliasEvent):
        return f"aliases are not read; write the value out, or quote it: '*{event.anchor}'"
    return f"anchors are not read; leave out &{event.anchor}, or quote the value"
