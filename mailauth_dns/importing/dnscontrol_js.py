"""What `dnscontrol get-zones --format=js` writes (djs too), read as text: nothing in it is run.

Only the calls that get-zones writes are read. A `dnsconfig.js` that a person wrote is a program: it
may make records in ways that reading cannot follow, so anything else is an error.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from mailauth_dns.errors import MailAuthError, RecordSyntaxError
from mailauth_dns.records.name import DomainName, domain_name
from mailauth_dns.records.zone import RRKey, RRset, Zone

_DEFAULT_TTL = 300  # DNSControl's own, which get-zones leaves out


class NotGetZones(MailAuthError):
    """The text is not what get-zones writes."""


@dataclass(frozen=True, slots=True)
class _Word:
    """A name that stands alone: a registrar, or an option such as CF_PROXY_ON."""

    text: str


@dataclass(frozen=True, slots=True)
class _Call:
    """A call as it is written; objects in braces say nothing about records and are left out."""

    name: str
    arguments: tuple[str | int | _Word | _Call, ...]
    line: int


def read(text: str) -> tuple[Zone, ...]:
    """Return the zones of the file, each with all its records.

    Raises:
        NotGetZones: something in it is not what get-zones writes; the message begins with the line.
    """
    zones: dict[DomainName, Zone] = {}
    for call in _Reader(text).calls():
        if call.name in ("NewDnsProvider", "NewRegistrar"):
            continue
        if call.name != "D" or not call.arguments or not isinstance(call.arguments[0], str):
            raise _unknown(call.line, call.name)
        # What follows "!" tells two views of a zone apart (DNSControl's tags).
        try:
            origin = domain_name(call.arguments[0].split("!")[0])
        except RecordSyntaxError as error:
            raise NotGetZones(f"line {call.line}: {error}") from None
        if origin in zones:
            raise NotGetZones(f"line {call.line}: {origin} is there twice; keep one of them")
        zones[origin] = _zone(origin, call)
    if not zones:
        raise NotGetZones("line 1: no zone is there: get-zones writes D(...) for each")
    return tuple(zones.values())


def _zone(origin: DomainName, zone: _Call) -> Zone:
    calls = [each for each in zone.arguments[1:] if isinstance(each, _Call)]
    default = next((_number(each) for each in calls if each.name == "DefaultTTL"), _DEFAULT_TTL)
    sets: dict[RRKey, tuple[int, set[str]]] = {}
    for call in calls:
        if call.name in ("DnsProvider", "DefaultTTL"):
            continue
        if not _TYPES.fullmatch(call.name):
            raise _unknown(call.line, call.name)
        key = (_name(call, origin), call.name)
        ttl = next((_number(each) for each in _modifiers(call) if each.name == "TTL"), default)
        sets.setdefault(key, (ttl, set()))[1].add(_value(call, origin))
    return Zone(
        origin,
        frozenset(RRset(*key, ttl, frozenset(values)) for key, (ttl, values) in sets.items()),
    )


# Records, and what providers have instead; where the target stands in those that have one.
_TARGETS = {"CNAME": 0, "MX": 1, "NS": 0, "PTR": 0, "DNAME": 0, "ALIAS": 0, "SRV": 3}
_TYPES = re.compile(
    "|".join(_TARGETS)
    + "|A|AAAA|AKAMAI(CDN|TLC)|AZURE_ALIAS|CAA|CLOUDNS_WR|DHCID|DNSKEY|DS|FRAME|HTTPS|LOC|LUA"
    "|NAPTR|OPENPGPKEY|R53_ALIAS|RP|SMIMEA|SSHFP|SVCB|TLSA|TXT|URL|URL301"
)


def _name(call: _Call, origin: DomainName) -> DomainName:
    label = call.arguments[0] if call.arguments else None
    if not isinstance(label, str):
        raise NotGetZones(f"line {call.line}: {call.name} has no name in quotes as its first value")
    return _absolute(label, origin)


def _absolute(name: str, origin: DomainName) -> DomainName:
    if name == "@":
        return origin
    whole = name if name.endswith(".") else f"{name}.{origin}"
    return DomainName(whole.rstrip(".").lower())


def _modifiers(call: _Call) -> list[_Call]:
    return [each for each in call.arguments if isinstance(each, _Call)]


def _value(call: _Call, origin: DomainName) -> str:
    """Return the value of a record as we have it elsewhere: a TXT value as octets."""
    parts = [each for each in call.arguments[1:] if isinstance(each, str | int)]
    if call.name == "TXT":
        if not parts or not all(isinstance(each, str) for each in parts):
            raise NotGetZones(f"line {call.line}: TXT has no value in quotes")
        return "".join(map(str, parts)).encode("utf-8", "surrogatepass").decode("latin-1")
    if (at := _TARGETS.get(call.name)) is not None:
        target = parts[at] if len(parts) == at + 1 else None
        if not isinstance(target, str):
            raise NotGetZones(f"line {call.line}: {call.name} has no target in quotes at its end")
        parts[at] = "." if target == "." else f"{_absolute(target, origin)}."
    return " ".join(map(str, parts))


def _number(call: _Call) -> int:
    [value] = call.arguments if len(call.arguments) == 1 else [None]
    if not isinstance(value, int):
        raise NotGetZones(f"line {call.line}: {call.name} has no number of seconds")
    return value


def _unknown(line: int, name: str) -> NotGetZones:
    return NotGetZones(
        f"line {line}: {name} is not what get-zones writes, and a program is not run here; give "
        "the output of `dnscontrol get-zones --format=js`"
    )


_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+|//[^\n]*)
    |(?P<string>"(?:[^"\\\n]|\\.)*")
    |(?P<number>[0-9]{1,10})
    |(?P<word>[A-Za-z_$][A-Za-z0-9_$]*)
    |(?P<sign>[(){},;:=])""",
    re.VERBOSE,
)


_DEEPEST = 3  # D(TXT(TTL()))
_NO_JSON_ESCAPE = re.compile(r"(\\\\)|\\(?!u[0-9A-Fa-f]{4})([^\"\\/bfnrt])")


class _Reader:
    """Reads `var NAME = CALL;` and `CALL;`, and nothing else."""

    def __init__(self, text: str) -> None:
        """Split the text into tokens: kind, text and line."""
        self._tokens = [*_tokens(text), ("end", "the end", text.count("\n") + 1)]
        self._at = 0

    def calls(self) -> Iterator[_Call]:
        """Return the calls of the file, in order."""
        while self._kind != "end":
            if self._text == "var":
                self._take()
                self._expect("word")
                self._expect("sign", "=")
            yield self._call(self._expect("word"), _DEEPEST)
            if self._text == ";":
                self._take()

    def _call(self, name: str, deepest: int) -> _Call:
        line = self._tokens[self._at - 1][2]
        self._expect("sign", "(")
        arguments = []
        while self._text != ")":
            # A comma may stand in a comment: get-zones writes one so behind CF_MANAGE_TAGS.
            if self._text == ",":
                self._take()
            elif self._text == "{":
                self._object()
            else:
                arguments.append(self._argument(deepest - 1))
        self._take()
        return _Call(name, tuple(arguments), line)

    def _argument(self, deepest: int) -> str | int | _Word | _Call:
        kind, text, line = self._take()
        if kind == "string":
            # Only a CAA value and the like has others: there, JavaScript drops the backslash.
            return str(json.loads(_NO_JSON_ESCAPE.sub(r"\1\2", text), strict=False))
        if kind == "number":
            return int(text)
        if kind != "word" or (self._text == "(" and deepest == 0):
            raise self._surprise(text, line)
        return self._call(text, deepest) if self._text == "(" else _Word(text)

    def _object(self) -> None:
        self._expect("sign", "{")
        while self._text != "}":
            kind, text, line = self._take()
            if kind == "end" or text in ("(", ")", "{", ";"):
                raise self._surprise(text, line)
        self._take()

    @property
    def _kind(self) -> str:
        return self._tokens[self._at][0]

    @property
    def _text(self) -> str:
        return self._tokens[self._at][1]

    def _take(self) -> tuple[str, str, int]:
        token = self._tokens[self._at]
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    def _expect(self, kind: str, text: str | None = None) -> str:
        found = self._take()
        if found[0] != kind or (text is not None and found[1] != text):
            raise self._surprise(found[1], found[2])
        return found[1]

    @staticmethod
    def _surprise(text: str, line: int) -> NotGetZones:
        return _unknown(line, text if len(text) < 40 else f"{text[:36]}...")


def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
    at, line = 0, 1
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            raise _unknown(line, text[at])
        if found.lastgroup != "space":
            yield found.lastgroup, found[0], line
        line += found[0].count("\n")
        at = found.end()
