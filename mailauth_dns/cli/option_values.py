"""Values of options that a record's parser judges."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from mailauth_dns.errors import MailAuthError, RecordSyntaxError

_T = TypeVar("_T")


def checked(text: str, option: str, parse: Callable[[str], _T]) -> _T:
    """Return what `parse` makes of an option's value.

    Raises:
        MailAuthError: it refuses the value; the text names the option.
    """
    try:
        return parse(text)
    except RecordSyntaxError as error:
        raise MailAuthError(f"{option}: {error}") from None
