"""Keys as verifiers may read them, from records right or broken (RFC 6376 §3.6.1).

`dkim.parse` goes by the letter. Verifiers in use do not: some take the key of a record whose
version is not first, that has an empty tag, a tag twice, or characters in `p` that are not base64.
What is lost with a record is judged by all of them.
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
    """Return what is wrong with a record by the letter, None where nothing is."""
    try:
        dkim.parse(text)
    except RecordSyntaxError as error:
        return error.expected
    return "a semicolon has no tag before it" if has_empty_tag(text) else None


def same_key(one: str, other: str) -> bool:
    """Tell whether two `p` are one key.

    They are spelled alike, or hold one RSA key with and without its SubjectPublicKeyInfo.
    """
    if one.rstrip("=") == other.rstrip("="):
        return True
    numbers = public_numbers(octets(one))
    return numbers is not None and numbers == public_numbers(octets(other))


def serves(new: str, old: str) -> bool:
    """Tell whether every verifier that can use one `p` can use the other.

    The key is the same, and not in the bare form that fewer verifiers read.
    """
    return same_key(new, old) and (not is_bare(octets(new)) or is_bare(octets(old)))


def octets(p: str) -> bytes:
    """Return what `p` holds, its padding given or not; nothing where it is no base64."""
    bare = p.rstrip("=")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4))
    except (binascii.Error, ValueError):
        return b""
