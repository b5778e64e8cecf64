"""A reader of aggregate reports in XML, by expat and in pieces: a report may have any length.

DOCTYPE is refused, and entities with it. What is unknown is read over, extensions among it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar
from xml.parsers import expat

from mailauth_dns.reports import aggregate_fields, bounds
from mailauth_dns.reports.aggregate import DkimResult, Override, Record, Report, SpfResult
from mailauth_dns.reports.feedback_elements import FEEDBACK, SKIPPED, Element, document
from mailauth_dns.reports.tolerated import Odd, Tolerated
from mailauth_dns.reports.unreadable import NoReport, UnreadableReport
from mailauth_dns.reports.xml_text import utf8

_T = TypeVar("_T")

_SECTIONS = {"metadata": "report_metadata", "policy": "policy_published"}
_MAX_TEXT = 1024  # characters of an element's text that are looked at
_MAX_PARTS = 10_000  # comments in an element's text, or the pieces in which it came


def read(chunks: Iterator[bytes], told: Tolerated) -> tuple[Report, Iterator[Record]]:
    """Return what stands above the records, and the records while the text is read.

    `told` is complete when the records are through. So is the report: where their iterator raises,
    what it gave before is to be forgotten.

    Raises:
        UnreadableReport: the text is no such report.
    """
    reader = _Reader(told)
    pieces = utf8(chunks, told)
    for piece in pieces:
        reader.feed(piece)
        if reader.has_header and reader.records:
            break
        if len(reader.records) > bounds.MAX_EARLY:
            raise UnreadableReport("has its records before it says what they are about")
    else:
        reader.close()
    return reader.report(), _records(reader, pieces, told)


def _records(reader: _Reader, pieces: Iterator[bytes], told: Tolerated) -> Iterator[Record]:
    total = 0
    while True:
        ready, reader.records = reader.records, []
        yield from ready
        total += len(ready)
        if total > bounds.MAX_RECORDS:
            raise UnreadableReport(f"has more than {bounds.MAX_RECORDS} records")
        if reader.closed:
            break
        if (piece := next(pieces, None)) is not None:
            reader.feed(piece)
        else:
            reader.close()
    if not reader.seen_records:
        told.tell(Odd.EMPTY)


class _Reader:
    """Takes pieces of XML; collects records, and the two sections above them."""

    def __init__(self, told: Tolerated) -> None:
        self.told = told
        self.records: list[Record] = []
        self.seen_records = False
        self.closed = False
        self._sections: dict[str, dict[str, str]] = {}
        self._complete = False
        self._fed = 0
        self._prefix = ""
        self._values: dict[str, str] = {}
        self._parts: list[str] = []
        self._dkim: list[DkimResult] = []
        self._spf: list[SpfResult] = []
        self._overrides: list[Override] = []
        self._stack: list[Element] = [document()]
        self._parser = self._made_parser()

    def _made_parser(self) -> expat.XMLParserType:
        parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.buffer_size = bounds.CHUNK
        parser.StartElementHandler, parser.EndElementHandler = self._handlers()
        parser.CharacterDataHandler = self._parts.append
        parser.StartDoctypeDeclHandler = _refuse_doctype
        return parser

    def _handlers(self) -> tuple[Callable[..., None], Callable[..., None]]:
        """Return what is called at each tag. Most of the time is spent here."""
        stack, parts, values = self._stack, self._parts, self._values
        ends: Mapping[str, Callable[[], None]] = {
            "dkim": self._signature,
            "spf": self._sender,
            "reason": self._reason,
            "record": self._record,
            "metadata": lambda: self._section("metadata"),
            "policy": lambda: self._section("policy"),
            "feedback": self._feedback,
        }

        def start(name: str, _attributes: object) -> None:
            parts.clear()
            stack.append(stack[-1].children.get(name) or self._other(name))

        def end(_name: str) -> None:
            element = stack.pop()
            if element.slot:
                text = parts[0] if len(parts) == 1 else "".join(parts)
                values[element.slot] = text if len(text) <= _MAX_TEXT else text[:_MAX_TEXT]
            elif element.ended:
                ends[element.ended]()
            parts.clear()

        return start, end

    def feed(self, piece: bytes) -> None:
        """Parse a piece.

        Raises:
            UnreadableReport: it is not well-formed, or passes the bounds.
        """
        if not self.closed:
            self._parse(piece, final=False)
            # expat keeps what has no end yet, and reads it from its beginning with each piece.
            self._fed += len(piece)
            waiting = self._fed - max(self._parser.CurrentByteIndex, 0)
            if waiting > bounds.MAX_PENDING or _is_long(self._parts):
                raise UnreadableReport(
                    f"has a tag or a text of more than {bounds.MAX_PENDING} octets"
                )

    def close(self) -> None:
        """End the text.

        Raises:
            UnreadableReport: it breaks off.
        """
        if not self.closed:
            self._parse(b"", final=True)
        self.closed = True
        if not self._complete:
            raise UnreadableReport("has no feedback element")

    def _parse(self, piece: bytes, *, final: bool) -> None:
        try:
            self._parser.Parse(piece, final)
        except expat.ExpatError as error:
            if not self._complete:
                raise UnreadableReport(_why(error, final=final)) from None
            # An unclosed tag around the report, or text behind it: the report itself is whole.
            self.told.tell(Odd.AFTER_END)
            self.closed = True

    @property
    def has_header(self) -> bool:
        """Whether both sections above the records are there."""
        return len(self._sections) == len(_SECTIONS)

    def report(self) -> Report:
        """Return what stands above the records.

        Raises:
            UnreadableReport: a section is not there, or does not say what it must.
        """
        for section, element in _SECTIONS.items():
            if section not in self._sections:
                raise UnreadableReport(f"has no {element}")
        return aggregate_fields.report(
            self._sections["metadata"], self._sections["policy"], self.told
        )

    def _other(self, name: str) -> Element:
        """Return the element of a name with a prefix, or of the root; else what is read over."""
        if len(self._stack) > bounds.MAX_DEPTH:  # what is known nests six deep
            raise UnreadableReport(f"has elements nested more than {bounds.MAX_DEPTH} deep")
        parent = self._stack[-1]
        if parent is SKIPPED:
            return SKIPPED
        prefix, colon, local = name.rpartition(":")
        if "feedback" in parent.children:
            if self._complete:
                return SKIPPED
            if local == "feedback":
                self._prefix = prefix + colon
                return FEEDBACK
            if local == "schema":
                self.told.tell(Odd.SCHEMA_TAG)
                return parent
            raise NoReport(f"is XML with the root '{name[:60]}', and no feedback")
        # The report's own prefix: what has another one belongs to an extension.
        if self._prefix and prefix + colon == self._prefix:
            return parent.children.get(local, SKIPPED)
        return SKIPPED

    def _signature(self) -> None:
        found, odds = aggregate_fields.dkim_result(*self._auth("domain", "selector"))
        _keep(self._dkim, found)
        self.told.tell_all(odds)

    def _sender(self) -> None:
        found, odds = aggregate_fields.spf_result(*self._auth("domain", "scope"))
        _keep(self._spf, found)
        self.told.tell_all(odds)

    def _feedback(self) -> None:
        self._complete = True

    def _auth(self, first: str, second: str) -> tuple[str | None, str | None, str | None]:
        take = self._values.pop
        return take(f"auth.{first}", None), take(f"auth.{second}", None), take("auth.result", None)

    def _reason(self) -> None:
        take = self._values.pop
        found, odds = aggregate_fields.override(
            take("reason.type", None), take("reason.comment", None)
        )
        if found is not None:
            _keep(self._overrides, found)
        self.told.tell_all(odds)

    def _record(self) -> None:
        found = aggregate_fields.record(
            self._values,
            aggregate_fields.first(self._dkim, self.told),
            aggregate_fields.first(self._spf, self.told),
            aggregate_fields.first(self._overrides, self.told),
            self.told,
        )
        self.seen_records = True
        if found is not None:
            self.records.append(found)
        self._values.clear()
        self._dkim.clear()
        self._spf.clear()
        self._overrides.clear()

    def _section(self, section: str) -> None:
        if section in self._sections:
            self.told.tell(Odd.TWICE, _SECTIONS[section])
        else:
            self._sections[section] = dict(self._values)
        self._values.clear()


def _keep(found: list[_T], result: _T) -> None:
    if len(found) <= bounds.MAX_RESULTS:  # one more, so that it can be told
        found.append(result)


def _is_long(parts: list[str]) -> bool:
    return len(parts) > _MAX_PARTS or sum(map(len, parts)) > bounds.MAX_PENDING


def _refuse_doctype(*_: object) -> None:
    raise UnreadableReport("declares a document type (DOCTYPE), which is refused")


def _why(error: expat.ExpatError, *, final: bool) -> str:
    words = expat.ErrorString(error.code) or "not well-formed"
    if final:
        return f"breaks off in line {error.lineno} ({words})"
    return f"is not well-formed XML: line {error.lineno}, column {error.offset + 1}: {words}"
