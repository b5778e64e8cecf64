"""Keys as verifiers may read them, from valid and broken records (RFC 6376 §3.6.1).

`dkim.parse` is strict. Some verifiers in use are not: they take the key of a record whose version
is not first, or that has an empty tag, a tag twice, or characters in `p` that are not base64. A key
counts as lost where any of them loses it.
"""

from __future__ import annotations

import base64
import binascii
import re

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records import dkim
from mailauth_dns.records.rsa_key import is_bare, public_numbers
from mailauth_dns.records.tags import has_empty_tag

_P = re.compile(r"(?<![A-Za-z0-9_])p\s*=([^;]*)", re.IGNORECASE)
_NOISE = re.compile(r"[^A-Za-z0-9+/]")
# Characters: shorter than any key, longer than words of other records such as p=quarantine.
_LEAST = 16


def keys(text: str) -> frozenset[str]:
    """Return each `p` that a verifier may read in a text; an empty one means a revoked key.

    >>> keys("k=rsa; v=DKIM1; p=MIIBIjANBgkqhkiG9w0B")
    frozenset({'MIIBIjANBgkqhkiG9w0B'})
    """
    try:
        return frozenset({dkim.parse(text).p})
    except RecordSyntaxError:
        found = (_NOISE.sub("", value) for value in _P.findall(text))
        return frozenset(p for p in found if len(p) >= _LEAST)


def fault(text: str) -> str | None:
    """Return how a record breaks the grammar; None where it does not."""
    try:
        dkim.parse(text)
    except RecordSyntaxError as error:
        return error.expected
    return "a semicolon has no tag before it" if has_empty_tag(text) else None


def same_key(one: str, other: str) -> bool:
    """Tell whether two `p` are the same key.

    They are spelled alike, or hold the same RSA key with and without its SubjectPublicKeyInfo.
    """
    if one.rstrip("=") == other.rstrip("="):
        return True
    numbers = public_numbers(octets(one))
    return numbers is not None and numbers == public_numbers(octets(other))


def serves(new: str, old: str) -> bool:
    """Tell whether every verifier that can use the `old` key can use the `new` one.

    It is the same key, and the new form is not the bare one that fewer verifiers read, unless the
    old form was.
    """
    return same_key(new, old) and (not is_bare(octets(new)) or is_bare(octets(old)))


def octets(p: str) -> bytes:
    """Return the octets of `p`, with or without its padding; none where it is not base64."""
    bare = p.rstrip("=")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4))
    except (binascii.Error, ValueError):
        return b""
