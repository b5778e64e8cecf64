"""The addresses in a From field, without display names and comments (RFC 5322 §3.4, §4.4).

Receivers differ in what they make of a broken field, so a field is read whole or not at all. The
reader takes one pass over the text and keeps no stack: what a stranger nests a thousand deep costs
a counter.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from mailauth_dns.errors import RecordSyntaxError

_SPACE = re.compile(r"[ \t\r\n]+")
# Looser than an atom of RFC 5322: dots, and characters of RFC 6532. Receivers also read an author
# from an address with a dot too many.
_ATOM = re.compile(r'[^\s()<>\[\]:;@\\,"]+')
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_LITERAL = re.compile(r"\[[^\s@<>\[\]]*\]")
_SPECIAL = "<>:;@,"
_LAST = ",;"  # what ends a mailbox


@dataclass(frozen=True, slots=True)
class _Token:
    """A part of the field: `kind` is the character of a special, else atom, quoted or literal."""

    kind: str
    text: str
    start: int


def addresses(text: str) -> tuple[str, ...]:
    """Return the addresses of a From field in order; none where it holds only an empty group.

    An address that stands unquoted in the display name of another is one too: some readers would
    take it for the author.

    >>> addresses('"Alice" <alice@example.com>, (bob) bob@example.org')
    ('alice@example.com', 'bob@example.org')

    Raises:
        RecordSyntaxError: a part of it is no address, or its end is missing.
    """
    tokens = _tokens(text)
    found: list[str] = []
    at, in_group = 0, False
    while at < len(tokens):
        end = _end(tokens, at, ":<" + _LAST)
        phrase = tokens[at:end]
        stop = tokens[end].kind if end < len(tokens) else ""
        at = end + 1
        if stop == ":":
            if in_group or any(token.kind == "@" for token in phrase):
                raise _unreadable(text, tokens[end].start)
            in_group = True
        elif stop == "<":
            close = _end(tokens, at, ">")
            after = tokens[close + 1 : close + 2]
            if close == len(tokens) or (after and after[0].kind not in _LAST):
                raise _unreadable(text, tokens[end].start)
            found += [*_in_phrase(text, phrase), _address(text, _without_route(tokens[at:close]))]
            at = close + 1
        else:
            if phrase:
                found.append(_address(text, phrase))
            if stop == ";":
                if not in_group:
                    raise _unreadable(text, tokens[end].start)
                in_group = False
    return tuple(found)


def path(text: str) -> str | None:
    """Return the address in a Return-Path, without a route and comments; None for another form.

    >>> path("<@relay.example:alice@example.com> (the sender)")
    'alice@example.com'
    """
    try:
        tokens = _tokens(text)
    except RecordSyntaxError:
        return None
    kinds = [token.kind for token in tokens]
    if kinds[:1] != ["<"] or kinds[-1:] != [">"] or "<" in kinds[1:] or ">" in kinds[:-1]:
        return None
    # A route before the address is obsolete and is ignored (RFC 5321 §4.1.1.3, RFC 5322 §4.4).
    return "".join(token.text for token in _without_route(tokens[1:-1]))


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    at = 0
    while at < len(text):
        character = text[at]
        if space := _SPACE.match(text, at):
            at = space.end()
        elif character == "(":
            at = _behind_comment(text, at)
        elif character in _SPECIAL:
            tokens.append(_Token(character, character, at))
            at += 1
        else:
            kind, pattern = {'"': ("quoted", _QUOTED), "[": ("literal", _LITERAL)}.get(
                character, ("atom", _ATOM)
            )
            found = pattern.match(text, at)
            if found is None or not found[0].isprintable():
                raise _unreadable(text, at)
            tokens.append(_Token(kind, found[0], at))
            at = found.end()
    return tokens


def _behind_comment(text: str, start: int) -> int:
    depth, at = 0, start
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] == "(":
            depth += 1
        elif text[at] == ")":
            depth -= 1
            if not depth:
                return at + 1
        at += 1
    raise _unreadable(text, start)


def _end(tokens: Sequence[_Token], start: int, kinds: str) -> int:
    """Return the index of the first token of these kinds; the number of tokens without one."""
    return next((at for at in range(start, len(tokens)) if tokens[at].kind in kinds), len(tokens))


def _without_route(tokens: Sequence[_Token]) -> Sequence[_Token]:
    return tokens[_end(tokens, 0, ":") + 1 :] if tokens and tokens[0].kind == "@" else tokens


def _address(text: str, tokens: Sequence[_Token]) -> str:
    """Return the one address that the tokens are."""
    kinds = [token.kind for token in tokens]
    start = tokens[0].start if tokens else len(text)
    if kinds.count("@") != 1:
        raise _unreadable(text, start)
    middle = kinds.index("@")
    local, domain = tokens[:middle], tokens[middle + 1 :]
    if not local or not domain or not {"atom", "quoted"}.issuperset(kinds[:middle]):
        raise _unreadable(text, start)
    if kinds[middle + 1 :] != ["literal"] and set(kinds[middle + 1 :]) != {"atom"}:
        raise _unreadable(text, start)
    return f"{_word(text, local)}@{_word(text, domain)}"


def _word(text: str, tokens: Sequence[_Token]) -> str:
    """Return the joined tokens; a dot must stand between two (obs-local-part, obs-domain)."""
    for one, other in pairwise(tokens):
        if not (one.kind == "atom" and one.text.endswith(".")) and not (
            other.kind == "atom" and other.text.startswith(".")
        ):
            raise _unreadable(text, other.start)
    return "".join(token.text for token in tokens)


def _in_phrase(text: str, tokens: Sequence[_Token]) -> list[str]:
    """Return the unquoted addresses in a display name."""
    return [
        _address(text, tokens[max(at - 1, 0) : at + 2])
        for at, token in enumerate(tokens)
        if token.kind == "@"
    ]


def _unreadable(text: str, at: int) -> RecordSyntaxError:
    return RecordSyntaxError(
        text, at, at + 1, "expected addresses such as alice@example.com, with commas between them"
    )
