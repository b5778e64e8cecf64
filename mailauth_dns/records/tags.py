"""The tag=value list that DKIM and DMARC records share (RFC 6376 §3.2), with the span of every part."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mailauth_dns.errors import RecordSyntaxError

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_FWS = " \t\r\n"


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag; `text[start:end]` of the record is its value without the white space around it."""

    name: str
    value: str
    name_start: int
    start: int
    end: int


def parse_tags(text: str) -> tuple[Tag, ...]:
    """Return the tags of a record in order.

    Semicolons with nothing between them are passed over: the grammar has one at the end at most, receivers do not mind more.

    Raises:
        RecordSyntaxError: there is no tag, one has no name or no `=`, or is given twice.
    """
    tags: list[Tag] = []
    seen: set[str] = set()
    at = 0
    for part in text.split(";"):
        tag = _tag(text, at, at + len(part))
        at += len(part) + 1
        if tag is None:
            continue
        if tag.name in seen:
            # RFC 6376 §3.2 forbids it; RFC 9989 is silent and receivers disagree, so we publish none.
            raise RecordSyntaxError(text, tag.name_start, tag.end, f"{tag.name} is given twice")
        seen.add(tag.name)
        tags.append(tag)
    if not tags:
        raise RecordSyntaxError(text, 0, len(text), "expected a tag such as p=none")
    return tuple(tags)


def _tag(text: str, start: int, end: int) -> Tag | None:
    while start < end and text[start] in _FWS:
        start += 1
    while end > start and text[end - 1] in _FWS:
        end -= 1
    if start == end:
        return None
    equals = text.find("=", start, end)
    if equals < 0:
        raise RecordSyntaxError(text, start, end, "expected = between a tag and its value")
    name_end = equals
    while name_end > start and text[name_end - 1] in _FWS:
        name_end -= 1
    name = text[start:name_end]
    if not _NAME.fullmatch(name):
        raise RecordSyntaxError(text, start, name_end, "a tag's name holds letters, digits and _")
    value_start = equals + 1
    while value_start < end and text[value_start] in _FWS:
        value_start += 1
    return Tag(name, text[value_start:end], start, value_start, end)
