"""What each fuzz target checks of a reader: octets in, documented errors or a kept promise out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from mailauth_dns.errors import RecordSyntaxError

_T = TypeVar("_T")


def text_of(octets: bytes) -> str:
    """Return UTF-8 text as files hold it, else octets as DNS does, one character an octet."""
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def read(reader: Callable[[], _T], *errors: type[Exception]) -> _T | None:
    """Return what a reader returns; None where it raises a documented error.

    The text of the error must be fit for a terminal.
    """
    documented: tuple[type[Exception], ...] = (RecordSyntaxError, *errors)
    try:
        return reader()
    except documented as error:
        said = str(error)
    assert said.replace("\n", "").isprintable(), said
    return None


def record(parse: Callable[[str], Any]) -> Callable[[bytes], None]:
    """Return the target for a record: its text, printed and parsed again, is the same record."""

    def target(octets: bytes) -> None:
        found = read(lambda: parse(text_of(octets)))
        assert found is None or parse(str(found)) == found, str(found)

    return target
