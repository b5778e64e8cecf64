"""Master files as people and providers write them (RFC 1035 §5), for reading only.

Files to edit are read by `masterfile.master_file`. Where this reading differs from a name server's,
a note says so, and records of other zones are reported: nothing is dropped silently.
"""

from __future__ import annotations

from dataclasses import dataclass

from mailauth_dns.errors import RecordSyntaxError, printable
from mailauth_dns.masterfile.lexer import MasterFileError, lines
from mailauth_dns.masterfile.loose_rows import LooseRow, Remarks, full_name, rows, text_value
from mailauth_dns.masterfile.values import absolute, is_class, value_of
from mailauth_dns.records.name import DomainName, is_at_or_below
from mailauth_dns.records.zone import RRKey, RRset, Zone, zone_of

# Byte order marks that editors on Windows write.
_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}
_USUAL = frozenset({"A", "AAAA", "CNAME", "MX", "NS", "SOA", "TXT"})
_AT_TARGET = {"CNAME": 0, "DNAME": 0, "MX": 1, "NS": 0}  # where in the rdata a name stands
# Some providers show a TXT record under a type of their own. SPF was once a real type, but
# receivers no longer ask for it (RFC 7208 §3.1).
_SHOWN_AS = frozenset({"SPF", "DKIM", "DMARC"})
_MOST_PROBLEMS = 10


@dataclass(frozen=True, slots=True)
class Read:
    """A file's zone.

    `outside` holds records of other zones. `notes` say what a name server would read differently.
    """

    zone: Zone
    outside: tuple[str, ...]
    notes: tuple[str, ...]


def text_of(octets: bytes) -> str:
    """Return a file's octets, one character an octet, without byte order mark; UTF-16 as UTF-8."""
    for mark, encoding in _MARKS.items():
        if octets.startswith(mark):
            return octets.decode(encoding, "replace").encode().decode("latin-1")
    return octets.decode("latin-1")


def zone_name(text: str) -> tuple[DomainName, str] | None:
    """Return the zone that a file names, and where it does; None where it names none.

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
        MasterFileError: it is no master file, holds nothing of the zone, or only a part of it; the
            text lists the broken lines.
    """
    remarks = Remarks()
    found = list(rows(origin, text, remarks))
    dotted = {row.type for row in found if _target(row).endswith(".")}
    values: dict[RRKey, list[str]] = {}
    ttls: dict[RRKey, int | None] = {}
    outside = []
    for row in found:
        if not is_at_or_below(row.owner, origin) or is_class(row.type):
            outside.append(f"line {row.number}: {row.owner} {row.type}")
            continue
        try:
            type, value = _value(row, origin, dotted, remarks)
        except (ValueError, IndexError, RecordSyntaxError) as error:
            why = f": {error.expected}" if isinstance(error, RecordSyntaxError) else ""
            remarks.problem(row.number, f"is no {row.type} record{why}")
            continue
        values.setdefault((row.owner, type), []).append(value)
        ttls.setdefault((row.owner, type), row.ttl)
    _refuse_broken(remarks.broken())
    if not any(type in _USUAL for _, type in values):
        elsewhere = f"; what is there is of other zones: {outside[0]}" if outside else ""
        raise MasterFileError(f"holds no record of {origin}{elsewhere}")
    sets = (RRset(*key, ttls[key], frozenset(each)) for key, each in values.items())
    return Read(zone_of(origin, sets), tuple(outside), remarks.told())


def _target(row: LooseRow) -> str:
    """Return the name that a record leads to, as written; empty where it leads to none."""
    at = _AT_TARGET.get(row.type)
    return row.rdata[at] if at is not None and len(row.rdata) > at else ""


def _refuse_broken(broken: list[str]) -> None:
    if broken:
        more = len(broken) - _MOST_PROBLEMS
        rest = [f"and {more} more lines"] if more > 0 else []
        raise MasterFileError("\n".join([*broken[:_MOST_PROBLEMS], *rest]))


def _value(row: LooseRow, zone: DomainName, dotted: set[str], remarks: Remarks) -> tuple[str, str]:
    """Return a record's type and value as in `records.zone`; other types keep their words."""
    if row.type == "TXT" or (row.type in _SHOWN_AS and row.rdata):
        if row.type != "TXT":
            remarks.note(
                row.number,
                f"is of type {row.type}, by which some providers show a TXT record; it is "
                "read as one",
            )
        return "TXT", text_value(row, remarks)
    at = _AT_TARGET.get(row.type)
    if at is None:
        return row.type, " ".join(row.rdata)
    words = list(row.rdata)
    target = words[at]
    if target != "@" and target[-1] != ".":
        whole, given = full_name(target, row.origin, zone, row.number, remarks)
        if not given and "." in target and row.type not in dotted:
            given, literal, whole = True, whole, absolute(target, ".")
            remarks.note(
                row.number,
                f"no {row.type} record of the file has a dot behind its name, so "
                f"{printable(target)} is read as a whole "
                f"name; a name server would read {printable(literal)}",
            )
        words[at] = whole
    return row.type, value_of(row.type, words, row.origin)
