"""The tags of a DMARC record by name, before their values are read (RFC 9989 §4.8)."""

from __future__ import annotations

import re

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records.tags import Tag, parse_tags

_LINE_END = re.compile(r"[\r\n]+")


def unique_tags(text: str) -> dict[str, Tag]:
    """Return the tags behind `v=DMARC1`, by their names in lower case.

    Raises:
        RecordSyntaxError: the text does not open as a DMARC record, or a tag breaks the grammar.
    """
    tags = parse_tags(text)
    first = tags[0]
    if first.name.lower() != "v" or first.value != "DMARC1" or ";" in text[: first.name_start]:
        raise RecordSyntaxError(text, 0, first.end, "expected v=DMARC1 first")
    if (line_end := _LINE_END.search(text)) is not None:  # RFC 9989 §4.8: WSP, where DKIM has FWS
        raise RecordSyntaxError(
            text, *line_end.span(), "white space in a record is spaces and tabs"
        )
    found: dict[str, Tag] = {}
    for tag in tags[1:]:
        name = tag.name.lower()
        if not tag.name.isalpha():
            raise RecordSyntaxError(
                text,
                tag.name_start,
                tag.name_start + len(tag.name),
                "a DMARC tag's name holds letters only",
            )
        if name == "v" or name in found:
            raise RecordSyntaxError(text, tag.name_start, tag.end, f"{name} is given twice")
        if not tag.value:
            raise RecordSyntaxError(text, tag.name_start, tag.end, f"{name} has no value")
        if not all(" " <= character <= "~" or character == "\t" for character in tag.value):
            raise RecordSyntaxError(text, tag.start, tag.end, "a value holds printable ASCII only")
        found[name] = tag
    return found
