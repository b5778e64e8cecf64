"""Say what is wrong with a text that is not YAML, and what to write instead."""

from __future__ import annotations

import re

import yaml

from mailauth_dns.errors import FileProblem
from mailauth_dns.typed_yaml.yaml_tree import Place, SourceText

_TAB = re.compile(r" *\t")  # before the text of a line
# What YAML says, and what to write instead of what usually causes it.
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
        "close the bracket, or quote values that hold [ ] { } , or end in a colon: "
        '["ip6:2001:db8::", mx]',
    ),
    ("while scanning a quoted scalar", "the quote is never closed"),
)


def too_deep(levels: int) -> str:
    """Return what is said of a document with more than so many levels."""
    return f"nested more than {levels} levels deep"


def explained(source: SourceText, error: yaml.YAMLError, depth: int) -> FileProblem:
    """Return the problem that an error of the YAML parser stands for.

    `depth` is the number of levels that a document may have.
    """
    if isinstance(error, yaml.reader.ReaderError):
        return _control_character(source, error)
    if not isinstance(error, yaml.MarkedYAMLError):
        return FileProblem(source.path, 0, 0, "", f"not YAML: {error}")
    # YAML notices an open quote at the end of the file; where it opens is what helps.
    quote = error.context is not None and "quoted scalar" in error.context
    mark = (error.context_mark if quote else None) or error.problem_mark or error.context_mark
    message = _message(error, depth)
    if mark is None:
        return FileProblem(source.path, 0, 0, "", message)
    for number in (mark.line, mark.line + 1):  # the line before it, and its own
        tab = _TAB.match(source.lines[number - 1]) if 0 < number <= len(source.lines) else None
        if tab is not None:
            return Place(source, number, tab.end()).problem(
                "", "a tab: YAML indents with spaces alone; put spaces in its place"
            )
    return Place(source, mark.line + 1, mark.column + 1).problem("", message)


def _control_character(source: SourceText, error: yaml.reader.ReaderError) -> FileProblem:
    before = "\n".join(source.lines)[: error.position]
    place = Place(source, before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
    code = error.character if isinstance(error.character, int) else ord(error.character)
    return place.problem("", f"control character U+{code:04X}; take it out")


def _message(error: yaml.MarkedYAMLError, depth: int) -> str:
    said = f"{error.context or ''} {error.problem or ''}".strip()
    if "nesting depth" in said:
        # Newer libyaml has a limit of its own, and looks ahead of the events that we count.
        return too_deep(depth)
    hint = next((hint for needle, hint in _HINTS if needle in said), None)
    return f"not YAML: {error.problem}" + (f"; {hint}" if hint else "")
