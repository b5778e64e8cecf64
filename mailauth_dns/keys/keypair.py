"""DKIM key pairs: made here or read, the private half as PKCS#8 PEM (RFC 6376 §3.3, RFC 8463 §3).

OpenDKIM reads that form for both types. Rspamd reads it for RSA only: it wants an Ed25519 key as
its seed in base64, so that is written too.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mailauth_dns.policy import public_key_files
from mailauth_dns.records.dkim import KeyType

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateNumbers
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes

# RFC 8301 §3.2: signers should use 2048 at least, verifiers must take up to 4096.
RSA_BITS = (2048, 3072, 4096)


@dataclass(frozen=True, slots=True)
class KeyPair:
    """Both halves of a key. No repr shows the private half, so no traceback or log does."""

    private_pem: bytes = field(repr=False)
    public_pem: bytes
    # Ed25519: the private key's 32 octets in base64
    seed: bytes | None = field(default=None, repr=False)

    @property
    def public(self) -> public_key_files.PublicKey:
        """What the record publishes."""
        return public_key_files.read(self.public_pem)


def generate(type: KeyType, bits: int = 2048) -> KeyPair:
    """Return a new key pair; `bits` is the size of an RSA key, one of `RSA_BITS`."""
    # Imported here: to load OpenSSL costs more than the rest of a run that makes no key.
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

    return _pair(
        generate_private_key(65537, bits) if type is KeyType.RSA else Ed25519PrivateKey.generate(),
        type is KeyType.ED25519,
    )


def _pair(private: PrivateKeyTypes, seed: bool) -> KeyPair:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return KeyPair(
        private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        _public_pem(private.public_key()),
        base64.b64encode(private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()))
        + b"\n"
        if seed
        else None,
    )


def public_half(text: bytes) -> public_key_files.PublicKey:
    """Return what the record of a private key has to publish; see `read`.

    Raises:
        KeyFileError: see `read`.
    """
    return public_key_files.read(_public_pem(_private(text).public_key()))


def read(text: bytes) -> KeyPair:
    """Return the pair of a private key: PKCS#8 or PKCS#1 as PEM, or an Ed25519 seed.

    A seed is 32 octets in base64; the public key may follow it.

    Raises:
        KeyFileError: it is no private key of a type that DKIM knows, or is encrypted. The text
            never quotes it.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = _private(text)
    public_key_files.read(_public_pem(private.public_key()))  # refuses other kinds
    return _pair(private, isinstance(private, Ed25519PrivateKey))


def is_private(text: bytes) -> bool:
    """Tell whether octets are a private key that `read` reads."""
    try:
        public_half(text)
    except public_key_files.KeyFileError:
        return False
    return True


def _private(text: bytes) -> PrivateKeyTypes:
    from cryptography.exceptions import InternalError, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        if b"-----BEGIN" not in text:
            return _of_seed(
                text if len(text) == 64 else base64.b64decode(b"".join(text.split()), validate=True)
            )
        # OpenSSL would prove both primes prime, 0.1 s a key; the numbers show whether it is whole.
        private = load_pem_private_key(text, password=None, unsafe_skip_rsa_key_validation=True)
        if isinstance(private, RSAPrivateKey) and not _agree(private.private_numbers()):
            raise ValueError
    except TypeError:
        raise public_key_files.KeyFileError(
            "the private key is encrypted; mail servers cannot ask for its password"
        ) from None
    # InternalError comes where OpenSSL itself refuses, such as an X448 key of 32 octets.
    except (ValueError, UnsupportedAlgorithm, InternalError):
        raise public_key_files.KeyFileError("is not a private key, or is broken") from None
    return private


def _of_seed(octets: bytes) -> Ed25519PrivateKey:
    """Return the key of a seed of 32 octets, or of a seed and the public key behind it."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    private = Ed25519PrivateKey.from_private_bytes(octets[:32])
    if octets[32:] not in (b"", private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)):
        raise ValueError
    return private


def _agree(key: RSAPrivateNumbers) -> bool:
    """Tell whether the numbers of an RSA key belong together (RFC 8017 §3.2)."""
    n, e = key.public_numbers.n, key.public_numbers.e
    return (
        min(key.p, key.q) > 2
        and key.p * key.q == n
        and all(key.d * e % (prime - 1) == 1 for prime in (key.p, key.q))
        and (key.dmp1, key.dmq1) == (key.d % (key.p - 1), key.d % (key.q - 1))
        and key.iqmp * key.q % key.p == 1
    )


def _public_pem(public: PublicKeyTypes) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
