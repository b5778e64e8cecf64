"""Names, rdata and what stands before the type (RFC 1035 §5.1), spelled as in `records.zone`."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records.zone import MAX_STRING, unquoted

_TTL = re.compile(r"[0-9]{1,10}(?:[smhdw][0-9]{1,10})*[smhdw]?", re.IGNORECASE)
_NUMBER = re.compile(
    r"[0-9]{1,10}"
)  # Python's int() takes more: blanks, underscores, digits of other scripts
_TTL_PART = re.compile(r"([0-9]+)([smhdw]?)", re.IGNORECASE)
_UNIT = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_IN = frozenset({"IN", "in", "In", "iN"})
_CLASS = re.compile(r"CH|CS|HS|CLASS[0-9]+")
# RFC 3597 §5: any type may be written by its number. The values of these are read here.
_NUMBERED = {
    "TYPE2": "NS",
    "TYPE5": "CNAME",
    "TYPE6": "SOA",
    "TYPE12": "PTR",
    "TYPE15": "MX",
    "TYPE16": "TXT",
    "TYPE33": "SRV",
    "TYPE39": "DNAME",
}
_ONE_NAME = frozenset({"CNAME", "NS", "PTR", "DNAME"})
_ODD_NAME = re.compile(r"[^!-#%-?A-\[\]-~]")  # a backslash, @ or $, or what is not printable
_EMPTY_LABEL = re.compile(r"^\.|\.\.")
_ESCAPED = re.compile(r"\\(?:[0-9]{3}|.)")
_MAX_WRITTEN = 4 * 255  # characters of the longest name, each octet of it as \DDD (RFC 1035 §3.1)
_CHARACTER = re.compile(r"\\([0-9]{3})|\\?(.)", re.DOTALL)


@lru_cache(maxsize=4096)  # the lines of a file repeat a few words
def seconds(text: str) -> int | None:
    """Return a TTL such as 3600, 1h or 1w2d in seconds; None where the text is no TTL."""
    if not text[:1].isdigit() or not _TTL.fullmatch(text):
        return None
    return sum(int(number) * _UNIT[unit.lower()] for number, unit in _TTL_PART.findall(text))


class Head(NamedTuple):
    """What stands before the rdata of a record; `ttl` is in seconds.

    `owner` is as written, None where the line before gives it. `at` counts the tokens before the
    type.
    """

    owner: str | None
    ttl: int | None
    type: str
    at: int


def head(tokens: list[str], indented: bool) -> Head:
    """Return what stands before the rdata of a record; TTL and class come in either order.

    Raises:
        ValueError: there is no type.
    """
    at = 0 if indented else 1
    ttl: int | None = None
    for _ in range(2):
        word = tokens[at] if at < len(tokens) else ""
        if ttl is None and (written := seconds(word)) is not None:
            ttl = written
            at += 1
        elif word in _IN or word.upper() == "CLASS1":
            at += 1
    if at >= len(tokens):
        raise ValueError("no type")
    return Head(None if indented else tokens[0], ttl, type_of(tokens[at]), at)


@lru_cache(maxsize=4096)
def type_of(word: str) -> str:
    """Return a type's mnemonic in capitals, for a mnemonic or a number."""
    return _NUMBERED.get(word.upper(), word.upper())


def is_class(word: str) -> bool:
    """Tell whether a word in capitals stands for a class other than IN, which is not read."""
    return _CLASS.fullmatch(word) is not None


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    return int(text)


def absolute(name: str, origin: str) -> str:
    """Return a name with its trailing dot, in lower case; `origin` ends in a dot."""
    if name == "@":
        return origin
    # Each $ORIGIN can lengthen the one before: without a limit, names would need quadratic time.
    if len(name) + len(origin) > _MAX_WRITTEN + 1:
        raise ValueError(name)
    if _ODD_NAME.search(name) is None:
        lowered = name.lower()
        if ".." in lowered or (lowered.startswith(".") and lowered != "."):
            raise ValueError(name)  # a label is empty (RFC 1035 §3.1)
        if lowered[-1:] == ".":
            return lowered
    else:
        lowered = _one_spelling(name)
        if _EMPTY_LABEL.search(_ESCAPED.sub("x", lowered)):
            raise ValueError(name)
        if lowered.endswith(".") and (len(lowered) - len(lowered[:-1].rstrip("\\"))) % 2:
            return lowered
    return f"{lowered}.{origin}" if origin != "." else f"{lowered}."


def _one_spelling(name: str) -> str:
    r"""Return a name without needless escapes: `\095dmarc` is `_dmarc` (RFC 1035 §5.1)."""

    def spelled(found: re.Match[str]) -> str:
        if found[0] == ".":
            return "."
        code = int(found[1]) if found[1] else ord(found[2])
        if code > 255:
            raise ValueError(name)
        if not 0x20 < code < 0x7F:
            return f"\\{code:03d}"
        character = chr(code).lower()
        return f"\\{character}" if character in '.;"()\\@$' else character

    return _CHARACTER.sub(spelled, name)


def _generic(type: str, tokens: list[str]) -> str:
    """Return rdata that is written as octets in hexadecimal (RFC 3597 §5)."""
    data = bytes.fromhex("".join(tokens[2:]))
    if type == "SOA" or len(data) != _number(tokens[1]):
        raise ValueError(tokens)
    if type != "TXT":
        return f"\\# {len(data)} {data.hex()}".rstrip()
    joined = bytearray()
    at = 0
    while at < len(data):
        joined += data[at + 1 : at + 1 + data[at]]
        at += 1 + data[at]
    return joined.decode("latin-1")


def _joined(tokens: list[str]) -> str:
    """Return the octets of a TXT value."""
    strings = list(map(unquoted, tokens))
    for token, string in zip(tokens, strings, strict=True):
        if len(string) > MAX_STRING:
            raise RecordSyntaxError(
                token,
                0,
                len(token),
                f"a string has at most {MAX_STRING} octets, this one has {len(string)}; split it",
            )
    return "".join(strings)


def value_of(type: str, tokens: list[str], origin: str) -> str:
    """Return rdata as in `records.zone`: TXT as octets, names absolute, the rest as written."""
    if not tokens:
        raise ValueError(type)
    if tokens[0] == "\\#" and len(tokens) > 1:
        return _generic(type, tokens)
    if type == "TXT":
        return _joined(tokens)
    if type in _ONE_NAME:
        [name] = tokens
        return absolute(name, origin)
    if type == "MX":
        preference, name = tokens
        return f"{_number(preference)} {absolute(name, origin)}"
    if type == "SRV":
        *numbers, name = tokens
        return " ".join([*numbers, absolute(name, origin)])
    if type == "SOA":
        mname, rname, serial, *timers = tokens
        numbers = [str(seconds(timer)) for timer in timers]
        if len(numbers) != 4 or "None" in numbers:
            raise ValueError(tokens)
        _number(serial)
        return " ".join([absolute(mname, origin), absolute(rname, origin), serial, *numbers])
    return " ".join(tokens)
