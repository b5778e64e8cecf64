"""Master files (RFC 1035 §5) read for editing: the place of every record is known.

An edit leaves all other text as it is. The text is octets, one character an octet (latin-1), so a
file in any encoding comes back unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

from mailauth_dns.errors import RecordSyntaxError, printable
from mailauth_dns.masterfile.lexer import Line, MasterFileError, lines
from mailauth_dns.masterfile.values import absolute, head, is_class, seconds, value_of
from mailauth_dns.records.name import DomainName, is_at_or_below
from mailauth_dns.records.zone import RRKey, RRset, Zone


class Entry(NamedTuple):
    """One record; `text[start:end]` is all of it, with parentheses, comment and line end.

    `inherits_owner` and `inherits_ttl` say that the record takes them from the line before, not
    from the file's `$TTL`. `ttl_at` is where a TTL can be written, `serial` the span of a SOA's
    serial.
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
    """A zone file.

    `refusal` says why it cannot be edited, or is None. `whole` is False where records come from
    outside its lines.
    """

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
            RRset(*key, entries[0].ttl, frozenset([entry.value for entry in entries]))
            for key, entries in self._sets.items()
            if is_at_or_below(key[0], self.origin)
        )
        return Zone(self.origin, frozenset(sets))

    @property
    def has_soa(self) -> bool:
        """Tell whether the zone's SOA is in the file."""
        return any(
            entry.serial is not None and entry.owner == self.origin for entry in self.entries
        )

    @property
    def uneven(self) -> frozenset[RRKey]:
        """The sets whose records have different TTLs, which RFC 2181 §5.2 does not allow."""
        return frozenset(
            key
            for key, entries in self._sets.items()
            if len(entries) > 1 and len({entry.ttl for entry in entries}) > 1
        )

    @property
    def serial(self) -> int:
        """The SOA's serial."""
        soa = next(
            (
                entry
                for entry in self.entries
                if entry.serial is not None and entry.owner == self.origin
            ),
            None,
        )
        if soa is None or soa.serial is None:
            raise MasterFileError(f"{self.origin}: the file has no SOA record")
        return int(self.text[slice(*soa.serial)])


_SIGNED = frozenset({"RRSIG", "NSEC", "NSEC3", "NSEC3PARAM"})
_TYPE = re.compile(r"[A-Z][A-Z0-9-]*")


@lru_cache(maxsize=4096)
def _wrong(type: str) -> str | None:
    """Return what is wrong with a type, or None."""
    if is_class(type):
        return "is not class IN, the only one that is read"
    return None if _TYPE.fullmatch(type) else "is not a record type"


def normal(type: str, value: str, origin: DomainName) -> str:
    """Return a value in the form that reading a file gives it; TXT values are octets already.

    Raises:
        MasterFileError: it cannot stand in a master file as one record.
    """
    try:
        if type == "TXT":
            value.encode("latin-1")
            return value
        [line] = lines(origin, value)
        return value_of(type, line.tokens, f"{origin}.")
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
        for line in lines(self._zone, self._text):
            try:
                if line.tokens[0].startswith("$") and not line.indented:
                    self._directive(line)
                    continue
                entry = self._record(line)
            except (ValueError, RecordSyntaxError) as error:
                reason = f": {error}" if isinstance(error, RecordSyntaxError) else ""
                raise MasterFileError(
                    f"{self._zone}, line {line.number}: not a record{reason}"
                ) from None
            if entry.type in _SIGNED and self._refusal is None:
                self._refusal = (
                    f"the file is signed ({entry.type} in line {line.number}); edit the unsigned "
                    "one"
                )
            entries.append(entry)
        return MasterFile(self._zone, self._text, tuple(entries), self._refusal, self._whole)

    def _directive(self, line: Line) -> None:
        name, *rest = line.tokens
        where = f"{self._zone}, line {line.number}"
        if name.upper() == "$ORIGIN" and rest:
            self._origin = absolute(rest[0], self._origin)
        elif name.upper() == "$TTL" and rest and (ttl := seconds(rest[0])) is not None:
            self._default_ttl = ttl
        elif name.upper() in ("$INCLUDE", "$GENERATE"):
            self._whole = False
            self._refusal = (
                self._refusal
                or f"{name} in line {line.number}: "
                "sets that come from it cannot be edited one by one"
            )
        else:
            raise MasterFileError(
                f"{where}: {printable(name[:60])} is no directive with its value; known are "
                "$ORIGIN, $TTL, $INCLUDE, $GENERATE"
            )

    def _record(self, line: Line) -> Entry:
        tokens = line.tokens
        found = head(tokens, line.indented)
        ttl_at = line.start
        if found.owner is not None:
            self._owner = DomainName(absolute(found.owner, self._origin)[:-1])
            ttl_at = line.starts[0] + len(found.owner)
        if self._owner is None:
            raise ValueError("no owner")
        written, type, at = found.ttl, found.type, found.at
        if (wrong := _wrong(type)) is not None:
            raise MasterFileError(f"{self._zone}, line {line.number}: {tokens[at][:60]!r} {wrong}")
        rdata = tokens[at + 1 :]
        value = value_of(type, rdata, self._origin)
        inherits_ttl = written is None and self._default_ttl is None
        ttl = self._ttl(written, value if type == "SOA" else None)
        serial_at = line.starts[at + 3] if type == "SOA" else 0
        serial = (serial_at, serial_at + len(rdata[2])) if type == "SOA" else None
        return Entry(
            line.start,
            line.end,
            self._owner,
            line.indented,
            ttl,
            inherits_ttl,
            ttl_at,
            type,
            value,
            serial,
        )

    def _ttl(self, written: int | None, soa: str | None) -> int:
        """Return the TTL of a record: its own, else $TTL's, else that of the record before it."""
        if soa is not None and self._last_ttl is None and written is None:
            self._last_ttl = int(soa.rsplit(" ", 1)[1])  # RFC 2308 §4: where nothing else says it
        if written is not None:
            self._last_ttl = written
            return written
        ttl = self._default_ttl if self._default_ttl is not None else self._last_ttl
        if ttl is None:
            raise ValueError("no TTL")
        return ttl
