"""YAML text as a tree that knows the place of every key and value.

Scalars stay source text: a selector such as `010`, `on` or `2026-01-31` is what was written, and the model gives it its type. Size and
depth are limited while events are read, before anything is composed: libyaml's own composer is recursive and ends the process
on deep nesting. Anchors and aliases are refused: a policy is read by people, and ten lines of aliases can hold a billion nodes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn

import yaml

from mailauth_dns.errors import FileProblem

MAX_FILE = 1_000_000  # octets; the longest real policies are a few kB
MAX_SCALAR = 20_000  # characters; an RSA-4096 key in `p` has 736
MAX_DEPTH = 40  # levels; the format itself needs 6

_TOO_DEEP = f"nested more than {MAX_DEPTH} levels deep"
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LINE_END = re.compile(
    "\r\n|[\n\r\x85\u2028\u2029]"
)  # YAML 1.1 §4.2; what Python's splitlines takes for one differs
_TAB = re.compile(r" *\t")  # in front of what a line says
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_KEY = r"(?=\S*[A-Z])[A-Za-z0-9+/=]{40,}"  # the shortest private key, an Ed25519 one in base64, has 44 characters
_KEY_BLOCK = re.compile(rf"-----BEGIN|PRIVATE KEY|{_KEY}")


@dataclass(frozen=True, slots=True)
class Source:
    """One file's text, for showing lines; `path` is relative to the repo."""

    path: str
    lines: tuple[str, ...]

    def problem(self, place: Place, key: str, message: str) -> FileProblem:
        """Return the problem at that place, with its line, unless the line belongs to a key block; what may be a key is not quoted."""
        shown = self.lines[place.line - 1] if 0 < place.line <= len(self.lines) else ""
        width = max(1, min(place.width, len(shown) - place.column + 1))
        if len(shown) > 200 or _KEY_BLOCK.search(shown):
            shown = ""
        key, message = (re.sub(_KEY, "(a key)", text) for text in (key, message))
        return FileProblem(
            self.path, place.line, place.column, key, message, shown.replace("\t", " "), width
        )


class Place(NamedTuple):
    """Where something stands; line and column are 1-based, width is in characters."""

    source: Source
    line: int
    column: int
    width: int = 1

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


class DocumentError(Exception):
    """The text is not a document of ours; `problems` says why."""

    def __init__(self, problems: list[FileProblem]) -> None:
        super().__init__(problems)
        self.problems = problems


POLICY_OPENS = "a policy opens with `domain: example.com`"


def read(
    path: str, data: bytes, opens: str = POLICY_OPENS, *, may_be_empty: bool = False
) -> Mapping:
    """Return the mapping that a file holds; `path` is for messages, `opens` says with what such a file opens.

    A file with nothing in it but comments has no key where it `may_be_empty`.

    Raises:
        DocumentError: not UTF-8, not YAML, nested too deep, a key given twice, or not a mapping.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        problem = FileProblem(
            path,
            line,
            column,
            "",
            f"not UTF-8: octet 0x{data[error.start]:02x}; save the file as UTF-8",
        )
        raise DocumentError([problem]) from None
    plain_lines = (
        text.isascii() and "\r" not in text
    )  # as good as all files; the others' line ends take a search
    source = Source(path, tuple(text.split("\n") if plain_lines else _LINE_END.split(text)))
    builder = _Builder(source)
    try:
        root = builder.build(text)
    except yaml.YAMLError as error:
        raise DocumentError([*builder.problems, _explained(source, error)]) from None
    if builder.problems:
        raise DocumentError(builder.problems)
    if root is None or (isinstance(root, Scalar) and root.text is None):
        if may_be_empty:
            return Mapping(Place(source, 1, 1), {}, {})
        raise DocumentError([FileProblem(path, 0, 0, "", f"the file is empty; {opens}")])
    if not isinstance(root, Mapping):
        raise DocumentError([root.place.problem("", f"expected `key: value` lines; {opens}")])
    return root


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
    def __init__(self, source: Source) -> None:
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
            self._refuse(place, _TOO_DEEP)
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


# What YAML says, and what people who met it had written.
_HINTS = (
    (
        "cannot start any token",
        "a value that starts with % or @ must be quoted: '%{i}._spf.example.com'",
    ),
    ("while scanning an alias", "a value that starts with * must be quoted: '*.example.com'"),
    (
        "did not find expected alphabetic",
        "a value that starts with * or & must be quoted: '*.example.com'",
    ),
    ("while scanning a directive", "a line that starts with % must be quoted"),
    ("mapping values are not allowed", "a value that holds ': ' must be quoted"),
    ("found unexpected ':'", 'a value that ends in a colon must be quoted: ["ip6:2001:db8::", mx]'),
    (
        "while parsing a flow",
        'close the bracket, or quote values that hold [ ] { } , or end in a colon: ["ip6:2001:db8::", mx]',
    ),
    ("while scanning a quoted scalar", "the quote is never closed"),
)


def _explained(source: Source, error: yaml.YAMLError) -> FileProblem:
    if isinstance(error, yaml.reader.ReaderError):
        before = "\n".join(source.lines)[: error.position]
        line = before.count("\n") + 1
        place = Place(source, line, len(before) - (before.rfind("\n") + 1) + 1)
        code = error.character if isinstance(error.character, int) else ord(error.character)
        return place.problem("", f"control character U+{code:04X}; take it out")
    if not isinstance(error, yaml.MarkedYAMLError):
        return FileProblem(source.path, 0, 0, "", f"not YAML: {error}")
    # An open quote is only noticed at the end of the file; where it opens is what helps.
    quote = error.context is not None and "quoted scalar" in error.context
    mark = (error.context_mark if quote else None) or error.problem_mark or error.context_mark
    said = f"{error.context or ''} {error.problem or ''}".strip()
    hint = next((hint for needle, hint in _HINTS if needle in said), None)
    message = f"not YAML: {error.problem}" + (f"; {hint}" if hint else "")
    if (
        "nesting depth" in said
    ):  # newer libyaml has a limit of its own, and looks ahead of the events that we count
        message = _TOO_DEEP
    if mark is None:
        return FileProblem(source.path, 0, 0, "", message)
    for number in (mark.line, mark.line + 1):  # the line before it, and its own
        tab = _TAB.match(source.lines[number - 1]) if 0 < number <= len(source.lines) else None
        if tab is not None:
            return Place(source, number, tab.end()).problem(
                "", "a tab: YAML indents with spaces alone; put spaces in its place"
            )
    return Place(source, mark.line + 1, mark.column + 1).problem("", message)


def may_be_key(text: str) -> bool:
    """Tell whether a text may be a key, or a part of one, which no message quotes."""
    return _KEY_BLOCK.search(text) is not None


def plain(node: Node) -> Plain:
    """Return the tree as dicts, lists and text, for the model."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {key: plain(item) for key, item in node.items.items()}


def merged(base: Mapping, over: Mapping) -> Mapping:
    """Return `over` laid over `base`: mappings merge, lists and scalars replace, null takes the inherited key out.

    Places stay those of the file that each part comes from.
    """
    items = dict(base.items)
    keys = dict(base.keys)
    for key, node in over.items.items():
        keys[key] = over.keys[key]
        below = items.get(key)
        if isinstance(node, Scalar) and node.text is None and below is not None:
            del items[key], keys[key]
        elif isinstance(node, Mapping) and isinstance(below, Mapping):
            items[key] = merged(below, node)
        else:
            items[key] = node
    return Mapping(over.place, items, keys)


def without_nulls(root: Mapping) -> Mapping:
    """Return a mapping without the keys, at any depth of mappings, that are null: there is nothing left that they could take out."""
    items: dict[str, Node] = {}
    same = True
    for key, node in root.items.items():
        if isinstance(node, Mapping):
            items[key] = kept = without_nulls(node)
            same = same and kept is node
        elif isinstance(node, Scalar) and node.text is None:
            same = False
        else:
            items[key] = node
    return root if same else Mapping(root.place, items, root.keys)


def child(node: Node, step: str | int) -> Node | None:
    """Return what stands below a mapping's key or at a list's index, or None."""
    if isinstance(node, Mapping):
        return node.items.get(step) if isinstance(step, str) else None
    if isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
        return node.items[step]
    return None


def follow(root: Node, route: tuple[str | int, ...]) -> tuple[Node, Place]:
    """Return the deepest node of `route` that is there, and the place of what names it: a mapping's key, or a list's item."""
    node, place = root, root.place
    for step in route:
        below = child(node, step)
        if below is None:
            break
        place = node.keys[str(step)] if isinstance(node, Mapping) else below.place
        node = below
    return node, place


def locate(root: Node, route: tuple[str | int, ...]) -> Place:
    """Return the place of the key or list item that `route` names, or of the deepest part that is there."""
    return follow(root, route)[1]


def value_place(root: Node, route: tuple[str | int, ...]) -> Place:
    """Return the place of the value at `route` where it is a scalar with text, else of its key."""
    node, place = follow(root, route)
    return node.place if isinstance(node, Scalar) and node.text else place
