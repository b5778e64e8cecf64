"""SPF macro strings and domain-specs as values (RFC 7208 §7)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mailauth_dns.errors import RecordSyntaxError

LETTERS = frozenset("slodiphv")  # c, r and t only expand in the explanation text itself (RFC 7208 §7.2)
_EXPAND = re.compile(r"%\{([A-Za-z])([0-9]*)([rR]?)([.+,/_=-]*)\}")
_ESCAPES = ("%%", "%_", "%-")
_ALPHANUM = r"[A-Za-z0-9]"
_TOPLABEL = re.compile(rf"(?:{_ALPHANUM}*[A-Za-z]{_ALPHANUM}*|{_ALPHANUM}+-(?:{_ALPHANUM}|-)*{_ALPHANUM})\Z")


@dataclass(frozen=True, slots=True)
class Literal:
    """Text that stands for itself; `%%`, `%_` and `%-` stay as they are written."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Macro:
    """`%{i}` and the like: letter as written (upper case: URL-escaped), how many parts to keep (0: all), reversed, delimiters."""

    letter: str
    digits: int
    reverse: bool
    delimiters: str

    def __str__(self) -> str:
        return "%{" + self.letter + (str(self.digits) if self.digits else "") + ("r" if self.reverse else "") + self.delimiters + "}"


@dataclass(frozen=True, slots=True)
class DomainSpec:
    """A name that may hold macros."""

    pieces: tuple[Literal | Macro, ...]

    @property
    def folded(self) -> str:
        """The name without regard to case, where case says nothing: in what is no macro, and without the dot at its end."""
        return "".join(str(piece) if isinstance(piece, Macro) else piece.text.lower() for piece in self.pieces).rstrip(".")

    def __str__(self) -> str:
        return "".join(map(str, self.pieces))


def macro_string(text: str, start: int, end: int) -> DomainSpec:
    """Return `text[start:end]` as pieces.

    Raises:
        RecordSyntaxError: a `%` opens no macro, a letter is not one, or a character is not printable ASCII.
    """
    pieces: list[Literal | Macro] = []
    literal: list[str] = []
    at = start
    while at < end:
        if text[at] != "%":
            if not "!" <= text[at] <= "~":
                raise RecordSyntaxError(text, at, at + 1, "only printable ASCII can stand here")
            literal.append(text[at])
            at += 1
            continue
        if text[at : at + 2] in _ESCAPES and at + 2 <= end:
            literal.append(text[at : at + 2])
            at += 2
            continue
        match = _EXPAND.match(text, at, end)
        if match is None:
            raise RecordSyntaxError(text, at, min(at + 4, end), "% must open a macro such as %{i}, or be written %%")
        if literal:
            pieces.append(Literal("".join(literal)))
            literal.clear()
        pieces.append(_macro(text, at, match))
        at = match.end()
    if literal:
        pieces.append(Literal("".join(literal)))
    return DomainSpec(tuple(pieces))


def _macro(text: str, at: int, match: re.Match[str]) -> Macro:
    letter, digits, reverse, delimiters = match.groups()
    if letter.lower() in "crt":
        raise RecordSyntaxError(text, at, match.end(), f"the macro {letter} is for explanation texts only")
    if letter.lower() not in LETTERS:
        raise RecordSyntaxError(text, at, match.end(), f"{letter} is not a macro letter; known are s l o d i p h v")
    if digits and (len(digits) > 3 or int(digits) == 0):
        raise RecordSyntaxError(text, at, match.end(), "a macro keeps 1 or more parts; leave the number out for all")  # RFC 7208 §7.3
    return Macro(letter, int(digits or 0), bool(reverse), delimiters)


def domain_spec(text: str, start: int, end: int) -> DomainSpec:
    """Return `text[start:end]` as a name: macros, or literal text whose last label can be a top-level one (RFC 7208 §7.1).

    Raises:
        RecordSyntaxError: it is empty, breaks the macro grammar, or its end cannot be the end of a name.
    """
    if start >= end:
        raise RecordSyntaxError(text, start, end, "expected a domain name")
    spec = macro_string(text, start, end)
    last = spec.pieces[-1]
    if isinstance(last, Macro) or last.text.endswith(_ESCAPES):
        return spec
    tail = last.text.removesuffix(".")
    before, dot, label = tail.rpartition(".")
    if not dot or not _TOPLABEL.fullmatch(label):
        raise RecordSyntaxError(text, start, end, "expected a full domain name such as mail.example.com")
    if ".." in last.text or (len(spec.pieces) == 1 and before.startswith(".")):
        raise RecordSyntaxError(text, start, end, "a label is missing between two dots")
    return spec
