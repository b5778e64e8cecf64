"""SPF macro strings and domain-specs as values (RFC 7208 §7)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mailauth_dns.errors import Fault, RecordSyntaxError

LETTERS = frozenset("slodiphv")
EXPLAINING = frozenset("crt")  # these only expand in the explanation text itself (RFC 7208 §7.2)
_EXPAND = re.compile(r"%\{([A-Za-z])([0-9]*)([rR]?)([.+,/_=-]*)\}")
_ESCAPES = ("%%", "%_", "%-")
_ENDS_IN_ESCAPE = re.compile(r"(?:[^%]|%[%_-])*%[%_-]")
_ALPHANUM = r"[A-Za-z0-9]"
_TOPLABEL = re.compile(
    rf"(?:[0-9]*[A-Za-z]{_ALPHANUM}*|{_ALPHANUM}+-(?:{_ALPHANUM}|-)*{_ALPHANUM})\Z"
)


@dataclass(frozen=True, slots=True)
class Literal:
    """Text that stands for itself; `%%`, `%_` and `%-` stay as they are written."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Macro:
    """`%{i}` and the like.

    The letter as written (an upper-case one asks for URL escapes), how many parts to keep (0: all),
    whether they are reversed, and the delimiters.
    """

    letter: str
    digits: int
    reverse: bool
    delimiters: str

    def __str__(self) -> str:
        return (
            "%{"
            + self.letter
            + (str(self.digits) if self.digits else "")
            + ("r" if self.reverse else "")
            + self.delimiters
            + "}"
        )


@dataclass(frozen=True, slots=True)
class DomainSpec:
    """A name that may hold macros."""

    pieces: tuple[Literal | Macro, ...]

    @property
    def folded(self) -> str:
        """The name without its last dot, in lower case except for its macros."""
        return "".join(
            str(piece) if isinstance(piece, Macro) else piece.text.lower() for piece in self.pieces
        ).rstrip(".")

    @property
    def has_macro(self) -> bool:
        """Whether the name depends on the message."""
        return any(isinstance(piece, Macro) for piece in self.pieces)

    @property
    def lacks_label(self) -> bool:
        """Whether DNS cannot hold the name with any macros: it has ".." or opens with a dot."""
        literals = [piece.text for piece in self.pieces if isinstance(piece, Literal)]
        return any(".." in text for text in literals) or str(self).startswith(".")

    def __str__(self) -> str:
        return "".join(map(str, self.pieces))


def macro_string(text: str, start: int, end: int) -> DomainSpec:
    """Return `text[start:end]` as pieces.

    Raises:
        RecordSyntaxError: a `%` opens no macro, a letter is not one, or a character is not
            printable ASCII.
    """
    return _pieces(text, start, end, "!", LETTERS)


def explain_string(text: str) -> DomainSpec:
    """Return the text that `exp` leads to as pieces (RFC 7208 §6.2, §7.2).

    It may hold spaces, and the macros c, r and t.

    Raises:
        RecordSyntaxError: as for `macro_string`.
    """
    return _pieces(text, 0, len(text), " ", LETTERS | EXPLAINING)


def _pieces(text: str, start: int, end: int, lowest: str, letters: frozenset[str]) -> DomainSpec:
    pieces: list[Literal | Macro] = []
    literal: list[str] = []
    at = start
    while at < end:
        if text[at] != "%":
            if not lowest <= text[at] <= "~":
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
            message = "% must open a macro such as %{i}, or be written %%"
            raise RecordSyntaxError(text, at, min(at + 4, end), message, Fault.MACRO)
        if literal:
            pieces.append(Literal("".join(literal)))
            literal.clear()
        pieces.append(_macro(text, at, match, letters))
        at = match.end()
    if literal:
        pieces.append(Literal("".join(literal)))
    return DomainSpec(tuple(pieces))


def _macro(text: str, at: int, match: re.Match[str], letters: frozenset[str]) -> Macro:
    letter, digits, reverse, delimiters = match.groups()
    if letter.lower() not in letters:
        only = letter.lower() in EXPLAINING
        message = (
            f"the macro {letter} is for explanation texts only"
            if only
            else f"{letter} is not a macro letter; known are s l o d i p h v"
        )
        raise RecordSyntaxError(text, at, match.end(), message, Fault.MACRO)
    significant = digits.lstrip("0")
    if digits and not significant:
        message = "a macro keeps 1 or more parts; leave the number out for all"  # RFC 7208 §7.3
        raise RecordSyntaxError(text, at, match.end(), message, Fault.MACRO)
    # A number above the count of parts means all of them (§7.3), and no text has as many parts as
    # nine digits can say.
    return Macro(letter, int(significant[:9] or 0), bool(reverse), delimiters)


def domain_spec(text: str, start: int, end: int) -> DomainSpec:
    """Return `text[start:end]` as a name (RFC 7208 §7.1).

    Its end is a macro, or a label that can be a top-level one.

    The grammar asks no more: names that DNS cannot hold, such as `a..example`, are told apart when
    they are looked up (§4.8).

    Raises:
        RecordSyntaxError: it is empty, breaks the macro grammar, or its end cannot be the end
            of a name.
    """
    if start >= end:
        raise RecordSyntaxError(text, start, end, "expected a domain name")
    spec = macro_string(text, start, end)
    last = spec.pieces[-1]
    if isinstance(last, Macro) or _ENDS_IN_ESCAPE.fullmatch(last.text):
        return spec
    _, dot, label = last.text.removesuffix(".").rpartition(".")
    if not dot or not _TOPLABEL.fullmatch(label):
        raise RecordSyntaxError(
            text, start, end, "expected a full domain name such as mail.example.com"
        )
    return spec
