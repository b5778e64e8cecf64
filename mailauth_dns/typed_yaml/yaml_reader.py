"""Read YAML text into a tree.

Size and depth are limited while events are read, before anything is composed: libyaml's own
composer is recursive and ends the process on deep nesting. Anchors and aliases are refused: people
read policies, and ten lines of aliases can hold a billion nodes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
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


@dataclass(slots=True)
class _OpenSequence:
    place: Place
    items: list[Node]


@dataclass(slots=True)
class _OpenMapping:
    place: Place
    items: dict[str, Node]
    keys: dict[str, Place]
    key: Scalar | None = None  # whose value comes next


class _Builder:
    def __init__(self, source: SourceText) -> None:
        self.problems: list[FileProblem] = []
        self._source = source
        self._open: list[_OpenSequence | _OpenMapping] = []
        self._root: Node | None = None

    def build(self, text: str) -> Node | None:
        documents = 0
        next_event = _Loader(text).get_event
        while (event := next_event()) is not None:
            kind = type(event)
            if kind is yaml.ScalarEvent:
                self._scalar(event)
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                self._close()
            elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                self._begin(event, kind is yaml.MappingStartEvent)
            elif kind is yaml.AliasEvent:
                self._refuse(
                    self._place(event),
                    f"aliases are not read; write the value out, or quote it: '*{event.anchor}'",
                )
            elif kind is yaml.DocumentStartEvent:
                documents += 1
                if documents > 1:
                    self._refuse(
                        self._place(event),
                        "a second document; put each policy into a file of its own",
                    )
        return self._root

    def _place(self, event: yaml.Event) -> Place:
        start: Any = event.start_mark
        end: Any = event.end_mark
        line, column = start.line, start.column
        width = (end.column if end.line == line else len(self._source.lines[line])) - column
        return Place(self._source, line + 1, column + 1, width if width > 1 else 1)

    def _refuse(self, place: Place, message: str) -> NoReturn:
        self.problems.append(place.problem("", message))
        raise DocumentError(self.problems)

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        place = self._place(event)
        if event.anchor is not None:
            self._refuse_anchor(place, event.anchor)
        text: str | None = event.value
        if len(event.value) > MAX_SCALAR:
            self._refuse(
                place, f"a value of {len(event.value)} characters; at most {MAX_SCALAR} are read"
            )
        if text in _NULL and not event.style:
            text = None
        node = Scalar(place, text)
        parent = self._open[-1] if self._open else None
        if isinstance(parent, _OpenMapping) and parent.key is None:
            parent.key = node
        else:
            self._add(node)

    def _begin(self, event: yaml.CollectionStartEvent, mapping: bool) -> None:
        place = self._place(event)
        if event.anchor is not None:
            self._refuse_anchor(place, event.anchor)
        if len(self._open) >= MAX_DEPTH:
            self._refuse(place, yaml_hints.too_deep(MAX_DEPTH))
        self._open.append(_OpenMapping(place, {}, {}) if mapping else _OpenSequence(place, []))

    def _refuse_anchor(self, place: Place, anchor: str) -> None:
        self._refuse(place, f"anchors are not read; leave out &{anchor}, or quote the value")

    def _close(self) -> None:
        done = self._open.pop()
        if isinstance(done, _OpenMapping):
            self._add(Mapping(done.place, done.items, done.keys))
        else:
            self._add(Sequence(done.place, tuple(done.items)))

    def _add(self, node: Node) -> None:
        parent = self._open[-1] if self._open else None
        if isinstance(parent, _OpenMapping):
            self._add_to(parent, node)
        elif parent is not None:
            parent.items.append(node)
        else:
            self._root = node

    def _add_to(self, parent: _OpenMapping, node: Node) -> None:
        key, parent.key = parent.key, None
        if key is None:
            self._refuse(
                node.place,
                "expected a key here; values with [ ] { } or a leading colon must be quoted",
            )
        name = key.text if key.text is not None else self._source_text(key.place)
        if name in parent.items:
            first = parent.keys[name].line
            self.problems.append(
                key.place.problem(name, f"given twice, first in line {first}; keep one")
            )
        else:
            parent.items[name] = node
            parent.keys[name] = key.place

    def _source_text(self, place: Place) -> str:
        return self._source.lines[place.line - 1][place.column - 1 : place.column - 1 + place.width]
