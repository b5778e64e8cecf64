"""Master files as people and providers write them (RFC 1035 §5), for reading alone: what is edited goes through `masterfile.master_file`.

The tokens are the same, the demands are fewer: no SOA, no TTL, long strings, names without their last dot. What is read other than a
name server would read it is a note, and what is of another zone is told: nothing is dropped without a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from mailauth_dns.errors import RecordSyntaxError, printable
from mailauth_dns.masterfile.lexer import Line, MasterFileError, lines
from mailauth_dns.masterfile.values import absolute, head, is_class, seconds, value_of
from mailauth_dns.records.name import DomainName, is_at_or_below
from mailauth_dns.records.zone import RRset, Zone, unquoted

_MARKS = {
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
    b"\xef\xbb\xbf": "utf-8-sig",
}  # what editors on Windows put first
_TYPE = re.compile(r"[A-Z][A-Z0-9_-]{0,19}")
_USUAL = frozenset({"A", "AAAA", "CNAME", "MX", "NS", "SOA", "TXT"})
_AT_TARGET = {"CNAME": 0, "DNAME": 0, "MX": 1, "NS": 0}  # where in the rdata a name stands
# Some providers show a TXT record under a type of their own. SPF was a real type once, which receivers no longer ask for (RFC 7208 §3.1).
_SHOWN_AS = frozenset({"SPF", "DKIM", "DMARC"})
_MOST_PROBLEMS = 10


class Row(NamedTuple):
    """One record: the name it is at, and the words of its rdata as written.

    `placed` says that the file itself tells which domain the name is in. `comment` is what follows a semicolon behind it.
    """

    number: int
    owner: DomainName
    placed: bool
    ttl: int | None
    type: str
    rdata: list[str]
    origin: str
    comment: str


@dataclass(frozen=True, slots=True)
class Read:
    """A file's zone; `outside` are the records that are not part of it, `notes` say what was read other than a name server would."""

    zone: Zone
    outside: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass
class Remarks:
    """What there is to say about lines, by what it is."""

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


def text_of(octets: bytes) -> str:
    """Return a file's octets, one character an octet, without a byte order mark and in UTF-8 where it was UTF-16."""
    for mark, encoding in _MARKS.items():
        if octets.startswith(mark):
            return octets.decode(encoding, "replace").encode().decode("latin-1")
    return octets.decode("latin-1")


def zone_name(text: str) -> tuple[DomainName, str] | None:
    """Return the zone that a file names, and where it does; None where it leaves that to who loads it.

    Raises:
        MasterFileError: a quote or a parenthesis is not closed.
    """
    origin = "."
    named: tuple[DomainName, str] | None = None
    for line in lines("", text):
        words = line.tokens
        if words[0].upper() == "$ORIGIN" and len(words) > 1:
            origin = _whole(words[1], origin) or origin
            if named is None and origin != ".":
                named = DomainName(origin[:-1]), f"$ORIGIN in line {line.number}"
        elif not line.indented and any(word.upper() == "SOA" for word in words[1:4]):
            owner = _whole(words[0], origin)
            if owner not in (None, "."):  # "@" before any $ORIGIN says nothing
                return DomainName(str(owner)[:-1]), f"SOA in line {line.number}"
    return named


def _whole(name: str, origin: str) -> str | None:
    try:
        if not name.endswith(".") and origin != "." and f"{name.lower()}.".endswith(f".{origin}"):
            return absolute(name, ".")
        return absolute(name, origin)
    except ValueError:
        return None


def read(origin: DomainName, text: str) -> Read:
    """Return the zone `origin` that a file holds.

    Raises:
        MasterFileError: it is no master file, holds nothing of the zone, or says only a part; every line that is broken is told.
    """
    remarks = Remarks()
    found = list(rows(origin, text, remarks))
    dotted = {
        row.type
        for row in found
        if (at := _AT_TARGET.get(row.type)) is not None
        and row.rdata[at:]
        and row.rdata[at][-1:] == "."
    }
    values: dict[tuple[DomainName, str], list[str]] = {}
    ttls: dict[tuple[DomainName, str], int | None] = {}
    outside = []
    for row in found:
        if not is_at_or_below(row.owner, origin) or is_class(row.type):
            outside.append(f"line {row.number}: {row.owner} {row.type}")
            continue
        try:
            type, value = _value(row, origin, dotted, remarks)
        except (ValueError, IndexError, RecordSyntaxError) as error:
            remarks.problem(
                row.number,
                f"is no {row.type} record"
                + (f": {error.expected}" if isinstance(error, RecordSyntaxError) else ""),
            )
            continue
        values.setdefault((row.owner, type), []).append(value)
        ttls.setdefault((row.owner, type), row.ttl)
    if broken := remarks.broken():
        more = len(broken) - _MOST_PROBLEMS
        raise MasterFileError(
            "\n".join([*broken[:_MOST_PROBLEMS], *([f"and {more} more lines"] if more > 0 else [])])
        )
    if not any(type in _USUAL for _, type in values):
        elsewhere = f"; what is there is of other zones: {outside[0]}" if outside else ""
        raise MasterFileError(f"holds no record of {origin}{elsewhere}")
    return Read(
        Zone(
            origin,
            frozenset(RRset(*key, ttls[key], frozenset(each)) for key, each in values.items()),
        ),
        tuple(outside),
        remarks.told(),
    )


def rows(zone: DomainName, text: str, remarks: Remarks) -> Iterator[Row]:
    """Yield the records of a file, whatever their names and types; names without a dot at their end lie in `zone`.

    Raises:
        MasterFileError: a quote or a parenthesis is not closed, or records come from outside its lines.
    """
    origin, placed = f"{zone}.", False
    owner: tuple[DomainName, bool] | None = None
    default: int | None = None
    for line in lines("", text):
        first = line.tokens[0]
        if first.startswith(("#", "//")):
            continue  # a comment to people
        try:
            if first.startswith("$") and not line.indented:
                if first.upper() == "$ORIGIN":
                    origin, _ = _name(line.tokens[1], origin, zone, line.number, remarks)
                    placed = True
                elif first.upper() == "$TTL":
                    default = seconds(line.tokens[1])
                else:
                    _directive(first, line.number, remarks)
                continue
            found = head(line.tokens, line.indented)
            if found.owner is not None:
                # The SOA is not imported, and how one provider spells its owner is no news.
                name, whole = _name(
                    found.owner,
                    origin,
                    zone,
                    line.number,
                    remarks if found.type != "SOA" else Remarks(),
                )
                owner = DomainName(name[:-1]), placed or whole
            if owner is None:
                remarks.problem(
                    line.number,
                    "opens with a blank and no line before gives its name; write @ for the zone itself",
                )
            elif not is_class(found.type) and not _TYPE.fullmatch(found.type):
                remarks.problem(
                    line.number, "has no record type where one belongs: NAME [TTL] [IN] TYPE VALUE"
                )
            else:
                ttl = found.ttl if found.ttl is not None else default
                yield Row(
                    line.number,
                    *owner,
                    ttl,
                    found.type,
                    line.tokens[found.at + 1 :],
                    origin,
                    _comment(text, line),
                )
        except (ValueError, IndexError):
            remarks.problem(
                line.number, "is not a record: NAME [TTL] [IN] TYPE VALUE, comments behind a ;"
            )


def _directive(name: str, number: int, remarks: Remarks) -> None:
    if name.upper() in ("$INCLUDE", "$GENERATE"):
        raise MasterFileError(
            f"{name.upper()} in line {number}: some records are not in this file, so what the zone holds is not known here"
        )
    remarks.problem(number, f"{printable(name[:20])} is no directive; known are $ORIGIN and $TTL")


def _name(
    name: str, origin: str, zone: DomainName, number: int, remarks: Remarks
) -> tuple[str, bool]:
    """Return a name whole, with its last dot, and whether the file itself gives all of it."""
    literal = absolute(name, origin)
    if literal.endswith(".") and name.endswith(".") and literal == absolute(name, "."):
        return literal, True
    whole = absolute(name, ".")
    if whole[:-1] == zone or whole.endswith(f".{zone}."):
        if whole != literal:
            remarks.note(
                number,
                f"has no dot behind {zone}, and is read as if it had; a name server would read {printable(literal)}",
            )
        return whole, True
    return literal, False


def _comment(text: str, line: Line) -> str:
    """Return what stands behind the semicolon that closes a record."""
    end = text[max(text.rfind('"', line.start, line.end), line.start) : line.end]
    return end.partition(";")[2].strip()


def _value(row: Row, zone: DomainName, dotted: set[str], remarks: Remarks) -> tuple[str, str]:
    """Return type and value of a record as `records.zone` has them; types that say nothing of mail keep their words."""
    if row.type == "TXT" or (row.type in _SHOWN_AS and row.rdata):
        if row.type != "TXT":
            remarks.note(
                row.number,
                f"is of type {row.type}, by which some providers show a TXT record; it is read as one",
            )
        return "TXT", text_value(row, remarks)
    at = _AT_TARGET.get(row.type)
    if at is None:
        return row.type, " ".join(row.rdata)
    words = list(row.rdata)
    target = words[at]
    if target != "@" and target[-1] != ".":
        whole, given = _name(target, row.origin, zone, row.number, remarks)
        if not given and "." in target and row.type not in dotted:
            given, literal, whole = True, whole, absolute(target, ".")
            remarks.note(
                row.number,
                f"no {row.type} record of the file has a dot behind its name, so {printable(target)} is read as a whole "
                f"name; a name server would read {printable(literal)}",
            )
        words[at] = whole
    return row.type, value_of(row.type, words, row.origin)


def text_value(row: Row, remarks: Remarks) -> str:
    """Return the octets of a TXT record, however long its strings are.

    Raises:
        ValueError: there are none.
        RecordSyntaxError: an escape is none.
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
            "a ; outside of quotes opens a comment: what stands behind it is not part of the value; put all of it in quotes",
        )
    return value
