"""JSON that others wrote: bounded, and taken apart without trust in its types."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import Any, NoReturn

from mailauth_dns.reports import bounds
from mailauth_dns.reports.tolerated import Odd, Tolerated
from mailauth_dns.reports.unreadable import UnreadableReport

_MAX_TEXT = 1024  # characters of a text that are looked at


def text_of(octets: bytes) -> str:
    """Return a JSON text (RFC 8259 §8.1: in UTF-8; a mark in front is read over).

    Raises:
        UnreadableReport: it is in another encoding.
    """
    marked = octets.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return octets.decode("utf-16" if marked else "utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableReport("is no JSON in UTF-8") from None


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")


_DECODER = json.JSONDecoder(parse_constant=_no_number)


def value_at(text: str, at: int) -> tuple[Any, int]:
    """Return the value that begins at a place in a text, and the place behind it.

    Raises:
        UnreadableReport: there is none, or it nests too deep.
    """
    try:
        return _DECODER.raw_decode(text, at)
    except json.JSONDecodeError as error:
        raise UnreadableReport(
            f"is no JSON: line {error.lineno}, column {error.colno}: {error.msg.lower()}"
        ) from None
    except RecursionError:
        raise UnreadableReport("has JSON that is nested too deep") from None
    except ValueError as error:  # a number of thousands of digits, or none
        raise UnreadableReport(f"is no JSON: {str(error).partition(';')[0].lower()}") from None


def document(text: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Return a whole document.

    Raises:
        UnreadableReport: it is none, or takes too much memory.
    """
    if text.count("{") + text.count("[") > bounds.MAX_JSON_NODES:
        raise UnreadableReport(f"has more than {bounds.MAX_JSON_NODES} objects and lists")
    at = len(text) - len(text.lstrip(" \t\r\n"))
    found, end = value_at(text, at)
    if text[end:].strip():
        raise UnreadableReport("goes on after its JSON")
    return found


def mapping(value: object) -> dict[str, Any]:
    """Return an object; an empty one where something else stands."""
    return value if isinstance(value, dict) else {}


def objects(value: object, key: str, told: Tolerated) -> Iterator[dict[str, Any]]:
    """Yield the objects in a list. One that stands without its list is told."""
    if isinstance(value, dict):
        told.tell(Odd.NOT_A_LIST, key)
        value = [value]
    for each in value if isinstance(value, list) else ():
        if isinstance(each, dict):
            yield each


def texts(value: object) -> tuple[str, ...]:
    """Return the texts in a list, or the one that stands there alone."""
    found = value if isinstance(value, list) else [value]
    return tuple(each[:_MAX_TEXT] for each in found[:_MAX_TEXT] if isinstance(each, str))


def text(value: object) -> str | None:
    """Return a text or a number as text; None for anything else."""
    if isinstance(value, str):
        return value[:_MAX_TEXT]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # A number of more digits is no count, and takes long to write.
    return str(value) if isinstance(value, float) or value.bit_length() < 64 else "?"
