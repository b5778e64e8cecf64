"""Master files (RFC 1035 §5) edited set by set, with all other text left as it is.

Every edit is proved before it is returned: the new text is read again, and must hold what was asked
for and nothing else that is new.
"""

from __future__ import annotations

from collections.abc import Mapping

from mailauth_dns.masterfile.lexer import MasterFileError
from mailauth_dns.masterfile.master_file import Entry, MasterFile, normal, parse
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey, RRset, quoted


def edited(file: MasterFile, changes: Mapping[RRKey, RRset | None]) -> str:
    """Return the file's text with these sets (None: deleted) and the SOA's serial raised by one.

    Raises:
        MasterFileError: the file cannot be edited in this way, or the result would not hold exactly
            what was asked for.
    """
    if file.refusal is not None:
        raise MasterFileError(f"{file.origin}: {file.refusal}")
    text = _Edit(file, changes).text()
    _prove(file, text, changes)
    return text


def next_serial(serial: int) -> int:
    """Return the next serial (RFC 1982), never 0: some servers take that for none."""
    return (serial + 1) % 2**32 or 1


def _prove(file: MasterFile, text: str, changes: Mapping[RRKey, RRset | None]) -> None:
    expected = {rrset.key: rrset for rrset in file.zone().rrsets if rrset.type != "SOA"}
    for key, rrset in changes.items():
        expected.pop(key, None)
        if rrset is not None and rrset.values:
            values = frozenset(normal(rrset.type, value, file.origin) for value in rrset.values)
            expected[key] = RRset(*key, rrset.ttl, values)
    after = parse(file.origin, text)
    found = {rrset.key: rrset for rrset in after.zone().rrsets if rrset.type != "SOA"}
    if found != expected or after.serial != next_serial(file.serial):
        raise MasterFileError(
            f"{file.origin}: the file cannot be edited without changing other records; edit "
            "it by hand"
        )


class _Edit:
    """The new text, made of pieces of the old text and new lines."""

    def __init__(self, file: MasterFile, changes: Mapping[RRKey, RRset | None]) -> None:
        self._file = file
        self._changes = changes
        self._newline = "\r\n" if "\r\n" in file.text else "\n"

    def text(self) -> str:
        file = self._file
        new_lines, at_end = self._new_lines()
        pieces: list[str] = []
        owner: DomainName | None = None
        ttl: int | None = None
        at = 0
        for entry in file.entries:
            pieces.append(file.text[at : entry.start])  # comments, blank lines, directives
            at = entry.end
            if self._stays(entry):
                pieces.append(self._kept(entry, owner, ttl))
                owner, ttl = entry.owner, entry.ttl
            for rrset, value in new_lines.get(entry.start, ()):
                pieces.append(self._ended(pieces) + self._line(rrset, value))
                owner, ttl = rrset.name, rrset.ttl
        pieces.append(file.text[at:])
        for rrset, value in at_end:
            pieces.append(self._ended(pieces) + self._line(rrset, value))
        return "".join(pieces)

    def _ended(self, pieces: list[str]) -> str:
        """Return the line end that is missing before the next line."""
        last = next((piece for piece in reversed(pieces) if piece), "\n")
        return "" if last.endswith("\n") else self._newline

    def _stays(self, entry: Entry) -> bool:
        if entry.key not in self._changes:
            return True
        wanted = self._changes[entry.key]
        return (
            wanted is not None and entry.ttl == wanted.ttl and entry.value in self._values(wanted)
        )

    def _values(self, rrset: RRset) -> dict[str, str]:
        """Return the values as reading gives them, each with the text to write."""
        return {normal(rrset.type, value, self._file.origin): value for value in rrset.values}

    def _new_lines(self) -> tuple[dict[int, list[tuple[RRset, str]]], list[tuple[RRset, str]]]:
        """Return the lines to add, by the start of the entry that they follow.

        That is the last entry of the same owner, or the end of the file.
        """
        last: dict[DomainName, int] = {entry.owner: entry.start for entry in self._file.entries}
        after: dict[int, list[tuple[RRset, str]]] = {}
        at_end: list[tuple[RRset, str]] = []
        for key in sorted(self._changes):
            wanted = self._changes[key]
            if wanted is None:
                continue
            there = {
                entry.value
                for entry in self._file.entries
                if entry.key == key and self._stays(entry)
            }
            added = [
                (wanted, text)
                for value, text in sorted(self._values(wanted).items())
                if value not in there
            ]
            if key[0] in last:
                after.setdefault(last[key[0]], []).extend(added)
            else:
                at_end.extend(added)
        return after, at_end

    def _line(self, rrset: RRset, value: str) -> str:
        rdata = quoted(value) if rrset.type == "TXT" else value
        return f"{rrset.name}. {rrset.ttl} IN {rrset.type} {rdata}{self._newline}"

    def _kept(self, entry: Entry, owner: DomainName | None, ttl: int | None) -> str:
        """Return a record's text, with owner and TTL where the line before no longer gives them."""
        text = self._file.text
        begin = f"{entry.owner}." if entry.inherits_owner and owner != entry.owner else ""
        written = (
            f" {entry.ttl}" if entry.inherits_ttl and ttl != entry.ttl and ttl is not None else ""
        )
        parts = [begin, text[entry.start : entry.ttl_at], written]
        if entry.serial is None or entry.owner != self._file.origin:
            return "".join([*parts, text[entry.ttl_at : entry.end]])
        start, end = entry.serial
        return "".join(
            [
                *parts,
                text[entry.ttl_at : start],
                str(next_serial(int(text[start:end]))),
                text[end : entry.end],
            ]
        )
