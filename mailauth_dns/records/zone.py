"""Zones and their record sets as values (RFC 1035 §3, RFC 2181 §5).

A TXT value is the octets of its character-strings joined, one character an octet (latin-1),
unescaped, so that nothing foreign is lost in decoding. Values of the other types are in
presentation form, domain names in them absolute.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records.name import DomainName

RRKey = tuple[DomainName, str]  # owner name, type mnemonic

MAX_STRING = 255  # octets of one character-string (RFC 1035 §3.3)


@dataclass(frozen=True, slots=True)
class RRset:
    """All records of one name and type; `ttl` in seconds, None to keep what is there."""

    name: DomainName
    type: str
    ttl: int | None
    values: frozenset[str]

    @property
    def key(self) -> RRKey:
        """Owner name and type."""
        return (self.name, self.type)


@dataclass(frozen=True)
class Zone:
    """The record sets of one zone, found by key."""

    origin: DomainName
    rrsets: frozenset[RRset]
    _by_key: Mapping[RRKey, RRset] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the sets once."""
        object.__setattr__(self, "_by_key", {rrset.key: rrset for rrset in self.rrsets})

    def get(self, key: RRKey) -> RRset | None:
        """Return the set of that name and type, or None."""
        return self._by_key.get(key)


def negative_ttl(soa: RRset) -> int:
    """Return for how many seconds a resolver caches "no such record" of a zone (RFC 2308 §5)."""
    [value] = soa.values
    return min(int(value.split()[-1]), soa.ttl or 0)


def strings(value: str) -> tuple[str, ...]:
    """Split a TXT value into strings of at most 255 octets; an empty value is one empty string."""
    return tuple(value[at : at + MAX_STRING] for at in range(0, len(value), MAX_STRING)) or ("",)


def quoted(value: str) -> str:
    r"""Return a TXT value as in a master file: quoted strings, with `\DDD` (RFC 1035 §5.1)."""
    return " ".join('"' + "".join(map(_escaped, string)) + '"' for string in strings(value))


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    return character if " " <= character <= "~" else f"\\{ord(character):03d}"


def unquoted(text: str) -> str:
    r"""Return the TXT value that a master file writes as `text`, however it is split.

    Raises:
        RecordSyntaxError: a quote is not closed, or an escape is not `\X` or `\DDD` up to 255.
    """
    joined: list[str] = []
    at = 0
    while at < len(text):
        if text[at] in " \t\r\n":
            at += 1
        elif text[at] == '"':
            at = _take_string(text, at, joined)
        else:
            at = _take_word(text, at, joined)
    return "".join(joined)


def _take_string(text: str, start: int, into: list[str]) -> int:
    at = start + 1
    close = text.find('"', at)
    if close >= 0 and text.find("\\", at, close) < 0:
        into.append(text[at:close])
        return close + 1
    while at < len(text):
        if text[at] == '"':
            return at + 1
        at = _take_character(text, at, into)
    raise RecordSyntaxError(text, start, len(text), "expected a closing quote")


def _take_word(text: str, at: int, into: list[str]) -> int:
    while at < len(text) and text[at] not in ' \t\r\n"':
        at = _take_character(text, at, into)
    return at


def _take_character(text: str, at: int, into: list[str]) -> int:
    if text[at] != "\\":
        into.append(text[at])
        return at + 1
    digits = text[at + 1 : at + 4]
    if len(digits) == 3 and digits.isascii() and digits.isdigit() and int(digits) <= 255:
        into.append(chr(int(digits)))
        return at + 4
    if not digits or digits[0].isdigit():
        raise RecordSyntaxError(
            text, at, at + 1 + len(digits), "expected a character or three digits up to 255"
        )
    into.append(digits[0])
    return at + 2


def zone_of(origin: DomainName, rrsets: Iterable[RRset]) -> Zone:
    """Return the zone that holds these sets."""
    return Zone(origin, frozenset(rrsets))
