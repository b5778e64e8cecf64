"""The regular expressions of the catalogue: a plain kind that never takes long to match.

A pull request can bring one. So only such pieces can stand in it that a match tries in few ways,
and that mean the same as a part of another expression.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

LONGEST = 200  # characters
_MANY = 4  # pieces of any length: a match tries places for each of them
_CHOICES = 8  # pieces that may be missing, and alternatives

_PIECE = re.compile(
    r"(?P<class>\[\^?\]?(?:\\.|[^\]\\])*\]|\\[dw]|\.)"
    r"|(?P<literal>\\[^a-zA-Z0-9]|[^\\()\[|*+?{}^$])"
    r"|(?P<open>\((?!\?)|\(\?:)"
    r"|(?P<close>\))"
    r"|(?P<or>\|)"
)
_TIMES = re.compile(r"[*+?]|\{(?P<low>[0-9]{1,3})(?P<range>,(?P<high>[0-9]{0,3}))?\}")


class Unfit(ValueError):
    """The text is no such expression; the message says why."""


@dataclass(frozen=True)
class _Piece:
    """Characters (`text`), or a group (`ways`), and how often it stands there."""

    text: str
    ways: tuple[tuple[_Piece, ...], ...]
    low: int
    high: int | None

    @property
    def repeats(self) -> bool:
        return self.high is None or self.high > 1

    @property
    def varies(self) -> bool:
        return self.low != self.high

    @cached_property
    def inner(self) -> tuple[_Piece, ...]:
        """Every piece of the group, at any depth."""
        return tuple(each for way in self.ways for piece in way for each in (piece, *piece.inner))


def check(text: str) -> None:
    """Refuse what is no regular expression, or one that a text can keep busy.

    Raises:
        Unfit: with what is wrong with it.
    """
    if len(text) > LONGEST:
        raise Unfit(f"it has more than {LONGEST} characters")
    try:
        re.compile(text)
    except (re.error, OverflowError) as error:
        raise Unfit(f"it is not a regular expression: {error}") from None
    pieces = list(_all(_Reader(text).read()))
    many = sum(each.varies and each.repeats for each in pieces)
    choices = sum(each.varies and not each.repeats for each in pieces)
    choices += sum(len(each.ways) - 1 for each in pieces if each.ways)
    if many > _MANY or choices > _CHOICES:
        raise Unfit("it has too many pieces of any length, or too many choices")
    for each in pieces:
        if each.ways and each.repeats and not _is_plain(each):
            raise Unfit(
                "a repeated group can be matched in many ways; begin or end it with a character "
                "that its other pieces do not have, as in `(-[a-z]+)+`"
            )


def _all(ways: tuple[tuple[_Piece, ...], ...]) -> Iterator[_Piece]:
    whole = _Piece("", ways, 1, 1)
    return iter((whole, *whole.inner))


def _is_plain(group: _Piece) -> bool:
    """Tell whether a text can be split into the rounds of a repeated group in one way only."""
    [way, *others] = group.ways
    if others or any(each.ways for each in way):
        return False
    if not any(each.varies for each in way):
        return True
    if sum(each.varies for each in way) > 1:
        return False
    return any(
        _parts(mark, [each for each in way if each is not mark]) for mark in (way[0], way[-1])
    )


def _parts(mark: _Piece, others: list[_Piece]) -> bool:
    """Tell whether a piece is one character that no other piece can be."""
    character = mark.text.removeprefix("\\")
    if len(character) != 1 or mark.text == "." or character.isalnum() or mark.high != 1:
        return False
    return not mark.varies and not any(re.fullmatch(each.text, character) for each in others)


class _Reader:
    """Reads an expression piece by piece; what is not known here is refused."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0

    def read(self) -> tuple[tuple[_Piece, ...], ...]:
        """Return the alternatives up to the end, or up to the end of a group."""
        ways: list[tuple[_Piece, ...]] = []
        way: list[_Piece] = []
        while self._at < len(self._text):
            match = _PIECE.match(self._text, self._at)
            if match is None:
                rest = self._text[self._at : self._at + 3]
                raise Unfit(
                    f"{rest!r} cannot stand in it; write characters, classes, groups, `|` and "
                    "numbers of times, without anchors, flags and references"
                )
            self._at = match.end()
            if match["close"] is not None:
                break
            if match["or"] is not None:
                ways.append(tuple(way))
                way = []
            elif match["open"] is not None:
                way.append(self._timed("", self.read()))
            else:
                way.append(self._timed(match[0], ()))
        return (*ways, tuple(way))

    def _timed(self, text: str, ways: tuple[tuple[_Piece, ...], ...]) -> _Piece:
        match = _TIMES.match(self._text, self._at)
        if match is None:
            return _Piece(text, ways, 1, 1)
        self._at = match.end()
        if match["low"] is None:
            low, high = {"*": (0, None), "+": (1, None), "?": (0, 1)}[match[0]]
            return _Piece(text, ways, low, high)
        low = int(match["low"])
        if match["range"] is None:
            return _Piece(text, ways, low, low)
        return _Piece(text, ways, low, int(match["high"]) if match["high"] else None)
