"""Values for a terminal, which must not obey what others wrote."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from functools import lru_cache

from rich.text import Span, Text

from mailauth_dns.diff.changed_terms import changed_terms
from mailauth_dns.diff.shown_values import public
from mailauth_dns.errors import printable

# Two values could differ in these and look the same: backslashes like those of an escape, and
# spaces at an end or beside each other.
_UNCLEAR = re.compile(r"[^ -~]|\\|^ | $|(?<= ) ")
_HANGING = 4  # blanks before a line's second part and later ones
WIDTH = 100  # characters of a value on one line
_MARGIN = 12  # characters for what stands before a mark, and between it and the value

# How wide the terminal is that lines are made for. A pipe has no width.
COLUMNS: ContextVar[int | None] = ContextVar("columns", default=None)


def shown(value: str) -> str:
    r"""Return a published value whole, printable and on one line; two values never look the same.

    >>> shown("v=spf1  -all\x1b\u202e")
    'v=spf1 \\032-all\\027\\8238'
    """
    return _UNCLEAR.sub(
        lambda match: "\\\\" if match[0] == "\\" else f"\\{ord(match[0]):03d}", value
    )


def wrapped(value: str, width: int = WIDTH) -> list[str]:
    r"""Return a value on as many lines as it takes; a backslash ends a line within a word.

    >>> wrapped("v=spf1 ip4:192.0.2.1 -all", 20)
    ['v=spf1 ip4:192.0.2.1', '-all']
    >>> wrapped("p=MIIBIjANBgkq", 10)
    ['p=MIIBIjA\\', 'NBgkq']
    """
    text = shown(value)
    lines: list[str] = []
    at = 0
    while len(text) - at > width:
        space = text.rfind(" ", at, at + width + 1)
        if space > at:
            lines.append(text[at:space])
            at = space + 1
        else:
            end = (text.rfind(",", at, at + width - 1) + 1) or at + width - 1
            while text[end - 1] == "\\" and end > at + 1:  # an escape stays whole
                end -= 1
            lines.append(text[at:end] + "\\")
            at = end
    return [*lines, text[at:]]


def told(mark: str, value: str) -> Iterator[str]:
    """Yield a value's lines, each after the mark, so that no line begins with what others wrote."""
    columns = COLUMNS.get()
    width = WIDTH if columns is None else min(WIDTH, max(columns - _MARGIN - len(mark), 20))
    for number, line in enumerate(_lines(value, width)):
        yield f"{mark} {'  ' if number else ''}{line}"


@lru_cache(maxsize=256)  # very many zones may have the same values
def _lines(value: str, width: int) -> tuple[str, ...]:
    return tuple(wrapped(public(value), width))


def versus(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the terms that changed, with a style, where values are too long to compare by eye."""
    if (
        len(before) != 1
        or len(after) != 1
        or public(before[0]) != before[0]
        or max(len(shown(value)) for value in (*before, *after)) <= WIDTH
    ):
        return
    for word, style, terms in zip(
        ("gone: ", "added:"), ("red", "green"), changed_terms(before[0], after[0]), strict=True
    ):
        if terms and 2 * len(terms) < len(before[0]) + len(after[0]):
            yield from ((line, style) for line in told(f"terms {word}", terms))


def count(number: int, noun: str, nouns: str | None = None) -> str:
    """Return a number with its noun.

    >>> count(1, "change"), count(0, "policy", "policies")
    ('1 change', '0 policies')
    """
    return f"{number} {noun if number == 1 else nouns or noun + 's'}"


def styled(indent: int, *parts: str | tuple[str, str]) -> Text:
    """Return a line made of parts, each with or without a style; what does not print is escaped."""
    text, spans = " " * indent, []
    for part in parts:
        if isinstance(part, str):
            text += printable(part)
        else:
            start = len(text)
            text += printable(part[0])
            if part[1]:
                spans.append(Span(start, len(text), part[1]))
    return Text(text, spans=spans)


def wrapped_line(line: Text, width: int) -> Iterator[Text]:
    """Yield a line in parts of at most `width` characters, indented from the second on.

    A word that is longer stays whole.
    """
    indent = len(line.plain) - len(line.plain.lstrip()) + _HANGING
    start, room = 0, width
    while len(line.plain) - start > room:
        end = line.plain.rfind(" ", start + (0 if start else indent - _HANGING), start + room + 1)
        if end <= start:  # a name is not broken: the word is as long as it is
            end = line.plain.find(" ", start + room)
        if end < 0:
            break
        yield _indented(line[start:end], indent if start else 0)
        start, room = end + 1, max(width - indent, 1)
    yield _indented(line[start : len(line.plain)], indent if start else 0)


def _indented(part: Text, indent: int) -> Text:
    return Text(" " * indent).append_text(part) if indent else part
