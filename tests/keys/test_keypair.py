"""Private key files: which ones are read, and what is said of those that are broken."""

from __future__ import annotations

import base64
from functools import cache

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from hypothesis import given, settings
from hypothesis import strategies as st

from mailauth_dns.keys import keypair
from mailauth_dns.policy.public_key_files import KeyFileError
from mailauth_dns.records.dkim import KeyType

# An X448 key, of which this has too few octets: OpenSSL refuses it where nobody expects it to.
X448 = b"-----BEGIN PRIVATE KEY-----\n%s-----END PRIVATE KEY-----\n" % base64.encodebytes(
    bytes.fromhex("302e020100300506032b656f04220420") + bytes(32)
)


def test_what_is_no_private_key_is_told_without_its_text() -> None:
    pair = keypair.generate(KeyType.RSA)
    for data, message in [
        (
            b"-----BEGIN PRIVATE KEY-----\nc2VjcmV0LXZhbHVl\n-----END PRIVATE KEY-----\n",
            "is not a private key, or is broken",
        ),
        (b"c2VjcmV0LXZhbHVl", "is not a private key, or is broken"),
        (b"", "is not a private key, or is broken"),
        (pair.public_pem, "is not a private key, or is broken"),
        (X448, "is not a private key, or is broken"),
    ]:
        with pytest.raises(KeyFileError, match=message) as caught:
            keypair.public_half(data)
        assert "c2VjcmV0" not in str(caught.value)


@given(st.data())
@settings(max_examples=300)
def test_a_file_with_a_changed_bit_is_no_private_key(data: st.DataObject) -> None:
    """OpenSSL's own check finds it by proving the primes, and takes a hundred times as long."""
    pem = _rsa()
    der = bytearray(base64.b64decode(b"".join(pem.splitlines()[1:-1])))
    at = data.draw(st.integers(0, len(der) * 8 - 1))
    der[at // 8] ^= 1 << at % 8
    changed = (
        b"-----BEGIN PRIVATE KEY-----\n"
        + base64.encodebytes(bytes(der))
        + b"-----END PRIVATE KEY-----\n"
    )
    try:
        load_pem_private_key(changed, password=None)
    except (ValueError, UnsupportedAlgorithm):
        with pytest.raises(KeyFileError, match="is not a private key, or is broken"):
            keypair.public_half(changed)


@cache
def _rsa() -> bytes:
    return keypair.generate(KeyType.RSA).private_pem


@pytest.mark.parametrize("bits", keypair.RSA_BITS)
def test_a_key_of_each_size_is_read(bits: int) -> None:
    pair = keypair.generate(KeyType.RSA, bits)
    assert keypair.public_half(pair.private_pem) == pair.public


def test_a_key_pair_shows_its_public_half_only() -> None:
    pair = keypair.generate(KeyType.ED25519)
    assert pair.seed is not None
    assert "PRIVATE" not in repr(pair)
    assert pair.seed.decode().strip() not in repr(pair)
