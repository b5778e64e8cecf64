"""Master files (RFC 1035 §5), read with the place of every record, so that they can be edited with all other text left as it is.

The text is octets, one character an octet (latin-1), so that a file in any encoding comes back as it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

from mailauth_dns.errors import ProviderError, RecordSyntaxError, printable
from mailauth_dns.records.name import DomainName, is_at_or_below
from mailauth_dns.records.zone import MAX_STRING, RRKey, RRset, Zone, unquoted


class MasterFileError(ProviderError):
    """A zone file is broken, or cannot be edited record by record; the text says where."""


class Entry(NamedTuple):
    """One record and where it stands: `text[start:end]` is all of it, parentheses, comment and line end included.

    `inherits_owner` and `inherits_ttl` say that the record takes them from the line before, not from the file's `$TTL`.
    `ttl_at` is where a TTL can be written, `serial` the span of a SOA's serial.
    """

    start: int
    end: int
    owner: DomainName
    inherits_owner: bool
    ttl: int
    inherits_ttl: bool
    ttl_at: int
    type: str
    value: str
    serial: tuple[int, int] | None = None

    @property
    def key(self) -> RRKey:
        """Owner name and type."""
        return (self.owner, self.type)


@dataclass(frozen=True)
class MasterFile:
    """A zone file. `refusal` says why it cannot be edited, or is None; `whole` is False where records come from outside its lines."""

    origin: DomainName
    text: str
    entries: tuple[Entry, ...]
    refusal: str | None
    whole: bool

    @cached_property
    def _sets(self) -> Mapping[RRKey, tuple[Entry, ...]]:
        found: dict[RRKey, list[Entry]] = {}
        for entry in self.entries:
            found.setdefault(entry.key, []).append(entry)
        return {key: tuple(entries) for key, entries in found.items()}

    def zone(self) -> Zone:
        """Return the zone's record sets, SOA included; what lies outside the zone is not in it."""
        sets = (
            # RFC 2181 §5.2: one TTL a set; servers take the first.
            RRset(*key, entries[0].ttl, frozenset(entry.value for entry in entries))
            for key, entries in self._sets.items()
            if is_at_or_below(key[0], self.origin)
        )
        return Zone(self.origin, frozenset(sets))

    @property
    def has_soa(self) -> bool:
        """Tell whether the zone's SOA is in the file."""
        return any(entry.serial is not None and entry.owner == self.origin for entry in self.entries)

    @property
    def uneven(self) -> frozenset[RRKey]:
        """The sets whose records have different TTLs, which RFC 2181 §5.2 does not allow."""
        return frozenset(key for key, entries in self._sets.items() if len({entry.ttl for entry in entries}) > 1)

    @property
    def serial(self) -> int:
        """The SOA's serial."""
        soa = next((entry for entry in self.entries if entry.serial is not None and entry.owner == self.origin), None)
        if soa is None or soa.serial is None:
            raise MasterFileError(f"{self.origin}: the file has no SOA record")
        return int(self.text[slice(*soa.serial)])


_TOKEN = re.compile(
    r"""[ \t\r]*(?:(?P<word>(?:[^ \t\r\n;()"\\]+|\\[^\r\n])+)|(?P<quoted>"(?:[^"\\\n]|\\[^\n])*")
      |(?P<end>\n)|(?P<comment>;[^\n]*)|(?P<open>\()|(?P<close>\))|(?P<rest>\Z))""",
    re.VERBOSE,
)
# A line without these is its words; a SOA is read in full for the place of its serial. To Python's split() some octets of UTF-8 are
# white space, to a name server they are not.
_NOT_PLAIN = re.compile(r'[;()"\\\x0b\x0c\x1c-\x1f\x85\xa0]|\bSOA\b', re.IGNORECASE)
_TTL = re.compile(r"[0-9]{1,10}(?:[smhdw][0-9]{1,10})*[smhdw]?", re.IGNORECASE)
_SERIAL = re.compile(r"[0-9]{1,10}")
_TTL_PART = re.compile(r"([0-9]+)([smhdw]?)", re.IGNORECASE)
_UNIT = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_ONE_NAME = frozenset({"CNAME", "NS", "PTR", "DNAME"})
_SIGNED = frozenset({"RRSIG", "NSEC", "NSEC3", "NSEC3PARAM"})
_TYPE = re.compile(r"[A-Z][A-Z0-9-]*")
_CLASS = re.compile(r"CH|CS|HS|CLASS[0-9]+")
# RFC 3597 §5: any type may be written by its number; these are the ones whose values are read here.
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
_ODD_NAME = re.compile(r"[\\@$]|[^!-~]")
_CHARACTER = re.compile(r"\\([0-9]{3})|\\?(.)", re.DOTALL)


class _Line(NamedTuple):
    """One logical line: its span, whether it opens with white space, its tokens and where they start, and its number.

    A plain line has no starts but that of its first token.
    """

    start: int
    end: int
    indented: bool
    tokens: list[str]
    starts: list[int]
    number: int


def _lines(origin: str, text: str) -> Iterator[_Line]:
    at, number, length = 0, 1, len(text)
    while at < length:
        end = text.find("\n", at) + 1 or length
        line = text[at:end]
        if _NOT_PLAIN.search(line) is None:
            tokens = line.split()
            if tokens:
                yield _Line(at, end, line[0] in " \t", tokens, [at + line.index(tokens[0])], number)
            at, number = end, number + 1
            continue
        words = _words_and_strings(line)
        if words is not None:
            yield _Line(at, end, line[0] in " \t", words, [at + len(line) - len(line.lstrip(" \t"))], number)
            at, number = end, number + 1
            continue
        whole = _long_line(origin, text, at, number)
        if whole.tokens:
            yield whole
        number += text.count("\n", at, whole.end)
        at = whole.end


def _words_and_strings(line: str) -> list[str] | None:
    """Return the tokens of a line of plain words and strings, most TXT records; None where it has to be read character by character."""
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


def _long_line(origin: str, text: str, start: int, number: int) -> _Line:
    """Return the logical line at `start`, which may go on over parentheses."""
    tokens: list[str] = []
    starts: list[int] = []
    depth = 0
    at = start
    while True:
        found = _TOKEN.match(text, at)
        if found is None:
            quote = text[at:].lstrip(" \t\r").startswith('"')
            raise _broken(origin, text, at, "a quote is not closed" if quote else "a backslash at the end of a line")
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
            return _Line(start, at, text[start] in " \t", tokens, starts, number)


def _broken(origin: str, text: str, at: int, what: str) -> MasterFileError:
    line = text.count("\n", 0, at) + 1
    return MasterFileError(f"{origin}, line {line}: {what}")


_IN = frozenset({"IN", "in", "In", "iN"})


@lru_cache(maxsize=4096)
def _type(word: str) -> tuple[str, str | None]:
    """Return a type's mnemonic, and what is wrong with it or None."""
    type = _NUMBERED.get(word.upper(), word.upper())
    if _CLASS.fullmatch(type):
        return type, "is not class IN, the only one that is read"
    return type, None if _TYPE.fullmatch(type) else "is not a record type"


@lru_cache(maxsize=4096)  # a file says the same few words in every line
def seconds(text: str) -> int | None:
    """Return a TTL such as 3600, 1h or 1w2d in seconds, or None where it is none."""
    if not text[:1].isdigit() or not _TTL.fullmatch(text):
        return None
    return sum(int(number) * _UNIT[unit.lower()] for number, unit in _TTL_PART.findall(text))


def _absolute(name: str, origin: str) -> str:
    """Return a name with its trailing dot, in lower case; `origin` ends in a dot."""
    if name == "@":
        return origin
    if _ODD_NAME.search(name) is None:
        lowered = name.lower()
        if lowered[-1:] == ".":
            return lowered
    else:
        lowered = _one_spelling(name)
        if lowered.endswith(".") and (len(lowered) - len(lowered[:-1].rstrip("\\"))) % 2:
            return lowered
    return f"{lowered}.{origin}" if origin != "." else f"{lowered}."


def _one_spelling(name: str) -> str:
    r"""Return a name with only those escapes that it needs, so that `\095dmarc` is `_dmarc` (RFC 1035 §5.1)."""

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
    """Return rdata that is written in octets (RFC 3597 §5)."""
    data = bytes.fromhex("".join(tokens[2:]))
    if type == "SOA" or len(data) != int(tokens[1]):
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
            raise RecordSyntaxError(token, 0, len(token), f"a string has at most {MAX_STRING} octets, this one has {len(string)}; split it")
    return "".join(strings)


def _value(type: str, tokens: list[str], origin: str) -> str:
    """Return rdata as records.zone has it: TXT as octets, names absolute, the rest as it is written."""
    if not tokens:
        raise ValueError(type)
    if tokens[0] == "\\#" and len(tokens) > 1:
        return _generic(type, tokens)
    if type == "TXT":
        return _joined(tokens)
    if type in _ONE_NAME:
        [name] = tokens
        return _absolute(name, origin)
    if type == "MX":
        preference, name = tokens
        return f"{int(preference)} {_absolute(name, origin)}"
    if type == "SRV":
        *numbers, name = tokens
        return " ".join([*numbers, _absolute(name, origin)])
    if type == "SOA":
        mname, rname, serial, *timers = tokens
        numbers = [str(seconds(timer)) for timer in timers]
        if len(numbers) != 4 or "None" in numbers or not _SERIAL.fullmatch(serial):
            raise ValueError(tokens)
        return " ".join([_absolute(mname, origin), _absolute(rname, origin), serial, *numbers])
    return " ".join(tokens)


def normal(type: str, value: str, origin: DomainName) -> str:
    """Return a value in the form that reading a file gives it; TXT values are octets already.

    Raises:
        MasterFileError: it cannot stand in a master file as one record.
    """
    try:
        if type == "TXT":
            value.encode("latin-1")
            return value
        [line] = _lines(origin, value)
        return _value(type, line.tokens, f"{origin}.")
    except (ValueError, RecordSyntaxError):
        raise MasterFileError(f"{origin}: {value!r} cannot be written as a {type} record") from None


def parse(origin: DomainName, text: str) -> MasterFile:
    """Return the records of a master file.

    Raises:
        MasterFileError: it breaks the format; the text gives the line.
    """
    return _Reader(origin, text).read()


class _Reader:
    def __init__(self, origin: DomainName, text: str) -> None:
        self._zone = origin
        self._text = text
        self._origin = f"{origin}."
        self._default_ttl: int | None = None
        self._last_ttl: int | None = None
        self._owner: DomainName | None = None
        self._refusal: str | None = None
        self._whole = True

    def read(self) -> MasterFile:
        entries: list[Entry] = []
        for line in _lines(self._zone, self._text):
            try:
                if line.tokens[0].startswith("$") and not line.indented:
                    self._directive(line)
                    continue
                entry = self._record(line)
            except (ValueError, RecordSyntaxError) as error:
                reason = f": {error}" if isinstance(error, RecordSyntaxError) else ""
                raise MasterFileError(f"{self._zone}, line {line.number}: not a record{reason}") from None
            if entry.type in _SIGNED and self._refusal is None:
                self._refusal = f"the file is signed ({entry.type} in line {line.number}); edit the unsigned one"
            entries.append(entry)
        return MasterFile(self._zone, self._text, tuple(entries), self._refusal, self._whole)

    def _directive(self, line: _Line) -> None:
        name, *rest = line.tokens
        where = f"{self._zone}, line {line.number}"
        if name.upper() == "$ORIGIN" and rest:
            self._origin = _absolute(rest[0], self._origin)
        elif name.upper() == "$TTL" and rest and (ttl := seconds(rest[0])) is not None:
            self._default_ttl = ttl
        elif name.upper() in ("$INCLUDE", "$GENERATE"):
            self._whole = False
            self._refusal = self._refusal or f"{name} in line {line.number}: sets that come from it cannot be edited one by one"
        else:
            raise MasterFileError(
                f"{where}: {printable(name[:60])} is no directive with its value; known are $ORIGIN, $TTL, $INCLUDE, $GENERATE"
            )

    def _record(self, line: _Line) -> Entry:
        tokens = line.tokens
        at = 0
        if line.indented:
            ttl_at = line.start
        else:
            self._owner = DomainName(_absolute(tokens[0], self._origin)[:-1])
            ttl_at = line.starts[0] + len(tokens[0])
            at = 1
        if self._owner is None:
            raise ValueError("no owner")
        written: int | None = None
        for _ in range(2):  # TTL and class come in either order
            word = tokens[at] if at < len(tokens) else ""
            if written is None and (ttl := seconds(word)) is not None:
                written = ttl
                at += 1
            elif word in _IN or word.upper() == "CLASS1":
                at += 1
        if at >= len(tokens):
            raise ValueError("no type")
        type, wrong = _type(tokens[at])
        if wrong is not None:
            raise MasterFileError(f"{self._zone}, line {line.number}: {tokens[at][:60]!r} {wrong}")
        rdata = tokens[at + 1 :]
        value = _value(type, rdata, self._origin)
        inherits_ttl = written is None and self._default_ttl is None
        if type == "SOA" and self._last_ttl is None and written is None:
            self._last_ttl = int(value.rsplit(" ", 1)[1])  # RFC 2308 §4: where nothing else says it
        if written is not None:
            self._last_ttl = written
        ttl = written if written is not None else self._default_ttl if self._default_ttl is not None else self._last_ttl
        if ttl is None:
            raise ValueError("no TTL")
        serial_at = line.starts[at + 3] if type == "SOA" else 0
        serial = (serial_at, serial_at + len(rdata[2])) if type == "SOA" else None
        return Entry(line.start, line.end, self._owner, line.indented, ttl, inherits_ttl, ttl_at, type, value, serial)
