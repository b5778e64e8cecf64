"""URIs as records hold them: a scheme, then characters or escapes (RFC 3986 §2, §3.1)."""

from __future__ import annotations

import re

_URI = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+"
)


def is_uri(text: str) -> bool:
    """Tell whether `text` is a URI by its characters; the rules of its scheme are not checked.

    >>> is_uri("mailto:tls%2Creports@example.com"), is_uri("tls@example.com"), is_uri("x:100%")
    (True, False, False)
    """
    return _URI.fullmatch(text) is not None


_ESCAPES = re.compile("(?:%[0-9A-Fa-f]{2})+")


def unescaped(text: str) -> str:
    """Return `text` with its escapes read as UTF-8 (RFC 3986 §2.1).

    Octets that are not UTF-8 become U+FFFD.

    >>> unescaped("tls%2Creports@example.com"), unescaped("100%")
    ('tls,reports@example.com', '100%')
    """
    return _ESCAPES.sub(
        lambda run: bytes.fromhex(run[0].replace("%", "")).decode("utf-8", "replace"), text
    )
