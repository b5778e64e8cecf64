"""The two kinds of tag list in records, with the span of every part.

`parse_tags` reads the kind of DKIM, DMARC and BIMI (RFC 6376 §3.2). `parse_fields` reads the
stricter kind of MTA-STS and TLS-RPT (RFC 8461 §3.1, RFC 8460 §3): no white space around `=`,
nothing empty, and an exact version.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mailauth_dns.errors import RecordSyntaxError

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_FWS = " \t\r\n"
_WSP = " \t"
_FIELD_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")
_FIELD_VALUE = re.compile(r"[!-:<>-~]+")


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

    Semicolons with nothing between them are ignored. The grammar allows one at the end; receivers
    of DMARC accept more, those of DKIM do not (see `has_empty_tag`).

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
            # RFC 6376 §3.2 forbids it. RFC 9989 is silent and receivers disagree, so we refuse to
            # publish it.
            raise RecordSyntaxError(text, tag.name_start, tag.end, f"{tag.name} is given twice")
        seen.add(tag.name)
        tags.append(tag)
    if not tags:
        raise RecordSyntaxError(text, 0, len(text), "expected a tag such as p=none")
    return tuple(tags)


def comma_separated(tag: Tag) -> Iterator[tuple[int, str]]:
    """Yield the values in a tag's list without the white space around them, each with its start."""
    at = tag.start
    for part in tag.value.split(","):
        yield at + len(part) - len(part.lstrip(_WSP)), part.strip(_WSP)
        at += len(part) + 1


def has_empty_tag(text: str) -> bool:
    """Tell whether a semicolon has no tag before it (RFC 6376 §3.2)."""
    return any(not part.strip(_FWS) for part in text.split(";")[:-1])


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


def parse_fields(text: str, version: str, known: frozenset[str]) -> tuple[Tag, ...]:
    """Return the fields behind `version` in order; unknown ones must be valid extensions.

    Raises:
        RecordSyntaxError: the version is a different one, a field is empty or breaks the grammar,
            or there is no field.
    """
    parts = text.split(";")
    if parts[0].rstrip(_WSP) != version:
        raise RecordSyntaxError(text, 0, len(parts[0]), f"expected {version} first")
    fields: list[Tag] = []
    at = len(parts[0]) + 1
    for number, part in enumerate(parts[1:], 2):
        if part.strip(_WSP) or number < len(parts):  # one semicolon may close the record
            fields.append(_field(text, at, at + len(part), known))
        at += len(part) + 1
    if not fields:
        raise RecordSyntaxError(text, len(text), len(text), f"expected a field behind {version}")
    return tuple(fields)


def _field(text: str, start: int, end: int, known: frozenset[str]) -> Tag:
    part = text[start:end]
    start += len(part) - len(part.lstrip(_WSP))
    end = max(start, end - (len(part) - len(part.rstrip(_WSP))))
    name, equals, value = text[start:end].partition("=")
    if not equals:
        raise RecordSyntaxError(text, start, end, "expected a field such as name=value")
    if not _FIELD_NAME.fullmatch(name):
        raise RecordSyntaxError(
            text,
            start,
            start + len(name),
            "a field's name holds up to 32 letters, digits and . _ -",
        )
    tag = Tag(name, value, start, start + len(name) + 1, end)
    if not value:
        raise RecordSyntaxError(text, start, end, f"{name} has no value")
    if name not in known and not _FIELD_VALUE.fullmatch(value):
        raise RecordSyntaxError(
            text, tag.start, end, "a value holds printable ASCII without spaces and ="
        )
    return tag


def extensions(fields: tuple[Tag, ...], known: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """Return names and values of unknown fields; the first of repeated ones (RFC 8461 §3.2)."""
    found: dict[str, str] = {}
    for field in fields:
        if field.name not in known:
            found.setdefault(field.name, field.value)
    return tuple(found.items())
