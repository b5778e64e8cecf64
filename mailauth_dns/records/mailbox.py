"""Mail addresses: a local-part and a domain (RFC 5321 §4.1.2, RFC 6531 §3.3)."""

from __future__ import annotations

import re

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records.name import DomainName, domain_name

MAX_LOCAL_PART = 64  # octets (RFC 5321 §4.5.3.1.1)
EXAMPLE = "write one such as alice@example.com"

# What an atom does not hold, and a quoted string only behind a backslash (RFC 5322 §3.2.3, §3.2.4).
# All else may stand there, also beyond ASCII.
_ATOM = r'[^\x00- "(),.:;<>@\[\\\]\x7f]+'
_DOT_STRING = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_QUOTED = re.compile(r'"(?:[^\x00-\x1f"\\\x7f]|\\[ -~])*"')


def domain_of(text: str) -> DomainName:
    """Return the domain of an address.

    >>> domain_of('"a@b"@Example.COM')
    'example.com'

    Raises:
        RecordSyntaxError: the text is no address.
    """
    local, at, domain = text.rpartition("@")
    if not local or not at or not text.isprintable():
        raise RecordSyntaxError(text, 0, len(text), f"{text!r} is not an address; {EXAMPLE}")
    if not _DOT_STRING.fullmatch(local) and not _QUOTED.fullmatch(local):
        raise RecordSyntaxError(
            text,
            0,
            len(local),
            f"{local!r} cannot stand before an '@' unless it is quoted; {EXAMPLE}",
        )
    if len(local.encode("utf-8", "surrogatepass")) > MAX_LOCAL_PART:
        raise RecordSyntaxError(
            text, 0, len(local), f"at most {MAX_LOCAL_PART} octets can stand before the '@'"
        )
    start = len(local) + 1
    try:
        name = domain_name(domain)
    except RecordSyntaxError as error:
        raise RecordSyntaxError(
            text,
            start + error.start,
            start + error.end,
            f"{domain!r} is no domain: {error.expected}",
        ) from None
    if name.startswith("*"):
        raise RecordSyntaxError(
            text, start, len(text), f"{domain!r} is no domain: no mail comes from a wildcard"
        )
    return name


def is_address(text: str) -> bool:
    """Tell whether `domain_of` would return a domain."""
    try:
        domain_of(text)
    except RecordSyntaxError:
        return False
    return True
