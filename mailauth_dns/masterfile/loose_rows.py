"""The records of a master file one by one, as people and providers write them (RFC 1035 §5).

The tokens are those of `masterfile.lexer`. A file may lack a SOA, TTLs and last dots of names, and
may hold long strings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from mailauth_dns.errors import printable
from mailauth_dns.masterfile.lexer import Line, MasterFileError, lines
from mailauth_dns.masterfile.values import absolute, head, is_class, seconds, value_of
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import unquoted

_TYPE = re.compile(r"[A-Z][A-Z0-9_-]{0,19}")


class LooseRow(NamedTuple):
    """One record: the name it is at, and the words of its rdata as written.

    `placed` says that the file itself tells in which domain the name lies. `comment` is the text
    after the semicolon that ends the record.
    """

    number: int
    owner: DomainName
    placed: bool
    ttl: int | None
    type: str
    rdata: list[str]
    origin: str
    comment: str


@dataclass
class Remarks:
    """What there is to say about lines: notes, by their text, and problems."""

    notes: dict[str, list[int]] = field(default_factory=dict)
    problems: list[tuple[int, str]] = field(default_factory=list)

    def note(self, number: int, what: str) -> None:
        """Say something about a line."""
        self.notes.setdefault(what, []).append(number)

    def problem(self, number: int, what: str) -> None:
        """Say that a line cannot be read."""
        self.problems.append((number, what))

    def broken(self) -> list[str]:
        """Return the lines that cannot be read, in their order."""
        return [f"line {number}: {what}" for number, what in sorted(self.problems)]

    def told(self) -> tuple[str, ...]:
        """Return the notes, each once, with its first line."""
        return tuple(
            f"line {first}{f' and {len(more)} more' if more else ''}: {what}"
            for what, (first, *more) in self.notes.items()
        )


def rows(zone: DomainName, text: str, remarks: Remarks) -> Iterator[LooseRow]:
    """Yield the records of a file, of any name and type; relative names lie in `zone`.

    Raises:
        MasterFileError: a quote or a parenthesis is not closed, or records come from outside
            its lines.
    """
    reader = _Rows(zone, remarks)
    for line in lines("", text):
        if line.tokens[0].startswith(("#", "//")):
            continue  # a comment for people
        try:
            row = reader.row(line, text)
        except (ValueError, IndexError):
            remarks.problem(
                line.number, "is not a record: NAME [TTL] [IN] TYPE VALUE, comments behind a ;"
            )
        else:
            if row is not None:
                yield row


class _Rows:
    """What earlier lines say about the next one: origin, owner and TTL."""

    def __init__(self, zone: DomainName, remarks: Remarks) -> None:
        self._zone, self._remarks = zone, remarks
        self._origin, self._placed = f"{zone}.", False
        self._owner: tuple[DomainName, bool] | None = None
        self._ttl: int | None = None

    def row(self, line: Line, text: str) -> LooseRow | None:
        """Return the record of a line; None where it is a directive or cannot be read."""
        if line.tokens[0].startswith("$") and not line.indented:
            self._directive(line)
            return None
        found = head(line.tokens, line.indented)
        if found.owner is not None:
            # The SOA is not imported, so the spelling of its owner needs no note.
            remarks = self._remarks if found.type != "SOA" else Remarks()
            name, whole = full_name(found.owner, self._origin, self._zone, line.number, remarks)
            self._owner = DomainName(name[:-1]), self._placed or whole
        if self._owner is None:
            what = (
                "opens with a blank and no line before gives its name; write @ for the zone itself"
            )
            self._remarks.problem(line.number, what)
            return None
        if not is_class(found.type) and not _TYPE.fullmatch(found.type):
            what = "has no record type where one belongs: NAME [TTL] [IN] TYPE VALUE"
            self._remarks.problem(line.number, what)
            return None
        ttl = found.ttl if found.ttl is not None else self._ttl
        rdata = line.tokens[found.at + 1 :]
        comment = _comment(text, line)
        return LooseRow(line.number, *self._owner, ttl, found.type, rdata, self._origin, comment)

    def _directive(self, line: Line) -> None:
        name, number = line.tokens[0], line.number
        if name.upper() == "$ORIGIN":
            self._origin, _ = full_name(
                line.tokens[1], self._origin, self._zone, number, self._remarks
            )
            self._placed = True
        elif name.upper() == "$TTL":
            self._ttl = seconds(line.tokens[1])
        elif name.upper() in ("$INCLUDE", "$GENERATE"):
            raise MasterFileError(
                f"{name.upper()} in line {number}: some records are not in this file, "
                "so what the zone holds is not known here"
            )
        else:
            self._remarks.problem(
                number, f"{printable(name[:20])} is no directive; known are $ORIGIN and $TTL"
            )


def _comment(text: str, line: Line) -> str:
    """Return the text after the semicolon that ends a record."""
    end = text[max(text.rfind('"', line.start, line.end), line.start) : line.end]
    return end.partition(";")[2].strip()


def full_name(
    name: str, origin: str, zone: DomainName, number: int, remarks: Remarks
) -> tuple[str, bool]:
    """Return a whole name with its last dot, and whether the file itself gives all of it."""
    literal = absolute(name, origin)
    if literal.endswith(".") and name.endswith(".") and literal == absolute(name, "."):
        return literal, True
    whole = absolute(name, ".")
    if whole[:-1] == zone or whole.endswith(f".{zone}."):
        if whole != literal:
            remarks.note(
                number,
                f"has no dot behind {zone}, and is read as if it had; a name server would "
                f"read {printable(literal)}",
            )
        return whole, True
    return literal, False


def text_value(row: LooseRow, remarks: Remarks) -> str:
    """Return the octets of a TXT record, however long its strings are.

    Raises:
        ValueError: there is no value.
        RecordSyntaxError: an escape is broken.
    """
    if not row.rdata:
        raise ValueError("no value")
    if row.rdata[0] == "\\#" and len(row.rdata) > 1:
        return value_of("TXT", row.rdata, row.origin)
    value = "".join(map(unquoted, row.rdata))
    if (
        "=" in value
        and "=" in row.comment.partition(";")[0]
        and not any(word[:1] == '"' for word in row.rdata)
    ):
        remarks.note(
            row.number,
            "a ; outside of quotes opens a comment: what stands behind it is not part of the "
            "value; put all of it in quotes",
        )
    return value
