"""The lines of a master file (RFC 1035 §5.1): which tokens stand in each, and where."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from mailauth_dns.errors import MailAuthError


class MasterFileError(MailAuthError):
    """A zone file is broken, or cannot be edited record by record; the text says where."""


_TOKEN = re.compile(
    r"""[ \t\r]*(?:(?P<word>(?:[^ \t\r\n;()"\\]+|\\[^\r\n])+)|(?P<quoted>"(?:[^"\\\n]|\\[^\n])*")
      |(?P<end>\n)|(?P<comment>;[^\n]*)|(?P<open>\()|(?P<close>\))|(?P<rest>\Z))""",
    re.VERBOSE,
)
# A line without these splits into words. Some octets of UTF-8 are white space to Python's split(),
# but not to a name server.
_NOT_PLAIN = re.compile(r'[;()"\\\x0b\x0c\x1c-\x1f\x85\xa0]')


class Line(NamedTuple):
    """One logical line: where it stands, its number, and its tokens with their places.

    For a plain line only the start of the first token is known.
    """

    start: int
    end: int
    indented: bool
    tokens: list[str]
    starts: list[int]
    number: int


def lines(origin: str, text: str) -> Iterator[Line]:
    """Yield the logical lines that hold something.

    `origin` names the file in messages; it is empty where the caller names it.

    Raises:
        MasterFileError: a quote or a parenthesis is not closed; the text gives the line.
    """
    at, number, length = 0, 1, len(text)
    while at < length:
        end = text.find("\n", at) + 1 or length
        line = text[at:end]
        words = _words(line)
        if words is None:
            whole = _long_line(origin, text, at, number)
            if whole.tokens:
                yield whole
            number += text.count("\n", at, whole.end)
            at = whole.end
            continue
        if words:
            yield Line(at, end, line[0] in " \t", words, [at + line.index(words[0])], number)
        at, number = end, number + 1


def _words(line: str) -> list[str] | None:
    """Return the tokens of most lines; None where the line must be read character by character."""
    capitals = line.upper()
    if "SOA" in capitals or "TYPE6" in capitals:
        return None  # for the place of its serial
    return line.split() if _NOT_PLAIN.search(line) is None else _words_and_strings(line)


def _words_and_strings(line: str) -> list[str] | None:
    """Return the tokens of a line of plain words and strings, like most TXT records, or None."""
    if "\\" in line:
        return None
    tokens: list[str] = []
    parts = line.split('"')
    if len(parts) < 3 or len(parts) % 2 == 0:
        return None
    for index, part in enumerate(parts):
        if index % 2:
            tokens.append(f'"{part}"')
        elif _NOT_PLAIN.search(part):
            return None
        else:
            tokens += part.split()
    return tokens


def _long_line(origin: str, text: str, start: int, number: int) -> Line:
    """Return the logical line at `start`; parentheses may continue it over several lines."""
    tokens: list[str] = []
    starts: list[int] = []
    depth = 0
    at = start
    while True:
        found = _TOKEN.match(text, at)
        if found is None:
            quote = text[at:].lstrip(" \t\r").startswith('"')
            raise _broken(
                origin,
                text,
                at,
                "a quote is not closed" if quote else "a backslash at the end of a line",
            )
        kind = found.lastgroup or ""
        at = found.end()
        if kind in ("word", "quoted"):
            tokens.append(found[kind])
            starts.append(found.start(kind))
        elif kind == "open":
            depth += 1
        elif kind == "close":
            depth -= 1
            if depth < 0:
                raise _broken(origin, text, at, "a parenthesis is closed that was not opened")
        elif kind == "rest" and depth:
            raise _broken(origin, text, start, "a parenthesis is not closed")
        elif kind == "rest" or (kind == "end" and depth == 0):
            return Line(start, at, text[start] in " \t", tokens, starts, number)


def _broken(origin: str, text: str, at: int, what: str) -> MasterFileError:
    line = text.count("\n", 0, at) + 1
    return MasterFileError(f"{origin}, line {line}: {what}" if origin else f"line {line}: {what}")
