"""Values for a terminal: foreign octets must not reach it as control sequences."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Span, Text

from mailauth_dns.errors import octets, printable

_HANGING = 4  # blanks in front of what goes on below
LONGEST = 100  # characters of a value in text output; JSON has all of it


def shown(value: str, longest: int = LONGEST) -> str:
    """Return a published value, printable and on one line, cut in the middle where it is long (a key's ends tell it apart)."""
    text = octets(value)
    if len(text) <= longest:
        return text
    half = (longest - 5) // 2
    return f"{text[:half]} ... {text[-half:]}"


def count(number: int, noun: str, nouns: str | None = None) -> str:
    """Return a number with its noun.

    >>> count(1, "change"), count(0, "policy", "policies")
    ('1 change', '0 policies')
    """
    return f"{number} {noun if number == 1 else nouns or noun + 's'}"


def styled(indent: int, *parts: str | tuple[str, str]) -> Text:
    """Return a line of text made of parts, with or without a style, whatever they hold made printable."""
    text, spans = " " * indent, []
    for part in parts:
        word, style = (part, "") if isinstance(part, str) else part
        word = printable(word)
        if style:
            spans.append(Span(len(text), len(text) + len(word), style))
        text += word
    return Text(text, spans=spans)


def wrapped(line: Text, width: int) -> Iterator[Text]:
    """Yield a line in parts that are at most `width` characters long where its words are, indented from the second on."""
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
