"""Whether a provider carries a TXT value back octet by octet, and in which of octoDNS's spellings.

octoDNS keeps TXT text in a form that differs from provider to provider, and several encoders change
the text. So every value of a set that would be written goes through the provider's own encoder
first, and the result is compared with what was meant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from octodns.record import Record
from octodns.record.chunked import _ChunkedValue

from mailauth_dns.diff.foreign_label import label
from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records.zone import RRset, quoted, unquoted

Encoder = Callable[
    [Any], list[str]
]  # an octoDNS TXT record -> what the server is sent, in presentation form


def internal_text(value: str) -> str:
    r"""Return a TXT value, one character an octet, as octoDNS holds it: only `;` is escaped."""
    return value.replace(";", "\\;")


def octets(internal: str) -> str:
    """Return the octets of a TXT value as octoDNS holds it: the inverse of `internal_text`."""
    return internal.replace("\\;", ";")


def legacy_encoder(record: Any) -> list[str]:
    """Return what providers send that use octoDNS's `rrs` or `chunked_values`."""
    refuse_what_hangs(record)
    return [str(value) for value in record.chunked_values]


def modern_encoder(record: Any) -> list[str]:
    """Return what providers send that use `to_rrset`."""
    refuse_what_hangs(record)
    return [str(rdata) for rdata in record.to_rrset().rdatas]


def exact_encoder(record: Any) -> list[str]:
    """Return what our own providers write: the octets as they are, in one spelling."""
    return [quoted(octets(str(value))) for value in record.values]


def refuse_what_hangs(record: Any) -> None:
    """Refuse texts on which octoDNS's chunking never ends: a chunk of nothing but backslashes."""
    if any(text.endswith("\\") or "\\" * 255 in text for text in map(str, record.values)):
        raise ValueError("a chunk of nothing but backslashes")


def txt_record(zone: Any, name: str, ttl: int, values: Iterable[str]) -> Any:
    """Return an octoDNS TXT record that holds exactly these internal texts.

    Its constructor strips quotes around a value and joins `" "` inside one, so the values are set
    afterwards.
    """
    record: Any = Record.new(zone, name, {"type": "TXT", "ttl": ttl, "values": ["x"]}, lenient=True)
    kind: type[_ChunkedValue] = type(record.values[0])
    record.values = sorted(kind(value) for value in values)
    return record


def carried(
    zone: Any, name: str, rrset: RRset, there: Any, encoders: tuple[Encoder, ...]
) -> tuple[Any, str | None]:
    """Return the octoDNS record for a TXT set, or None and the reason why it cannot be carried.

    `there` is the octoDNS record that exists, or None. Texts that came from the provider go back as
    they are where that works.
    """
    texts = []
    for value in sorted(rrset.values):
        spellings = [*(str(text) for text in getattr(there, "values", ())), internal_text(value)]
        text = next(
            (
                text
                for text in spellings
                if all(_comes_out(zone, name, text, encoder) == value for encoder in encoders)
            ),
            None,
        )
        if text is None:
            return None, (
                f"the provider's encoder would change a value ({label('TXT', value)}): "
                f"{_why(value)}; "
                "write our value there by hand, beside the others, and plan again: "
                "what is there already needs no writing"
            )
        texts.append(text)
    return txt_record(zone, name, rrset.ttl or 0, texts), None


def _comes_out(zone: Any, name: str, text: str, encoder: Encoder) -> str | None:
    try:
        [encoded] = encoder(txt_record(zone, name, 300, [text]))
    except (ValueError, LookupError, TypeError, AttributeError):
        return None  # an encoder that cannot take the text does not carry it
    if not all(" " <= character <= "~" for character in encoded):
        return None  # servers and libraries disagree on raw octets in presentation form
    try:
        return unquoted(encoded)
    except RecordSyntaxError:
        return None


def _why(value: str) -> str:
    if "\\" in value:
        return "it holds a backslash"
    if any(not " " <= character <= "~" for character in value):
        return "it holds octets that are not printable ASCII"
    return "its quotes or length do not survive"
