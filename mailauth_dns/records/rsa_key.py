"""An RSA public key in DER (RFC 8017 A.1.1), bare or in a SubjectPublicKeyInfo (RFC 5280 §4.1)."""

from __future__ import annotations

from functools import lru_cache

_INTEGER, _BIT_STRING, _OBJECT, _SEQUENCE = 0x02, 0x03, 0x06, 0x30
_RSA = bytes.fromhex("2a864886f70d010101")  # rsaEncryption, 1.2.840.113549.1.1.1


def modulus_bits(der: bytes) -> int | None:
    """Return the size of the key's modulus in bits; None for octets that are no RSA public key."""
    numbers = public_numbers(der)
    return numbers[0].bit_length() if numbers is not None else None


def is_bare(der: bytes) -> bool:
    """Tell whether octets are an RSA public key without the SubjectPublicKeyInfo around it."""
    return public_numbers(der) is not None and _element(_only(der, _SEQUENCE))[0] == _INTEGER


def subject_public_key_info(bare: bytes) -> bytes:
    """Return a bare key in a SubjectPublicKeyInfo, which every verifier reads."""
    algorithm = _made(
        _SEQUENCE, _made(_OBJECT, _RSA) + b"\x05\x00"
    )  # RFC 8017 A.1: its parameters are NULL
    return _made(_SEQUENCE, algorithm + _made(_BIT_STRING, b"\x00" + bare))


def _made(tag: int, content: bytes) -> bytes:
    size = len(content)
    long = size.to_bytes((size.bit_length() + 7) // 8)
    return (
        bytes([tag])
        + (bytes([size]) if size < 0x80 else bytes([0x80 | len(long)]) + long)
        + content
    )


@lru_cache(maxsize=256)  # rules ask several times for the same key
def public_numbers(der: bytes) -> tuple[int, int] | None:
    """Return the key's modulus and exponent; None where the octets are no RSA public key."""
    try:
        outer = _only(der, _SEQUENCE)
        tag, first, rest = _element(outer)
        if tag == _SEQUENCE:
            kind, algorithm, _ = _element(first)
            bits = _only(rest, _BIT_STRING)
            if kind != _OBJECT or algorithm != _RSA or bits[:1] != b"\x00":
                return None
            outer = _only(bits[1:], _SEQUENCE)
        tag, modulus, rest = _element(outer)
        exponent = _only(rest, _INTEGER)
    except _Broken:
        return None
    # A modulus is a product of odd primes, and an exponent below 3 or even has no inverse.
    number, power = (int.from_bytes(octets, signed=True) for octets in (modulus, exponent))
    whole = tag == _INTEGER and number > 0 and number % 2 == 1 and power >= 3 and power % 2 == 1
    return (number, power) if whole else None


class _Broken(Exception):
    pass


def _element(data: bytes) -> tuple[int, bytes, bytes]:
    """Return the tag and the content of the first element, and what follows it."""
    if len(data) < 2:
        raise _Broken
    size, at = data[1], 2
    if size >= 0x80:
        at += size & 0x7F
        size = int.from_bytes(data[2:at])
    if at > len(data) or data[1] == 0x80 or at + size > len(data):  # DER has no open length
        raise _Broken
    return data[0], data[at : at + size], data[at + size :]


def _only(data: bytes, tag: int) -> bytes:
    """Return the content of the one element that `data` is."""
    found, content, rest = _element(data)
    if found != tag or rest:
        raise _Broken
    return content
