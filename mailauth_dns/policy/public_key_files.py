"""DKIM public keys in files: from PEM to `k=` and `p=` (RFC 6376 §3.6.1, RFC 8463 §4)."""

from __future__ import annotations

import base64
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key as its record publishes it: `k` is rsa or ed25519, `p` base64 without white space."""

    k: str
    p: str


class KeyFileError(Exception):
    """The file is not a public key we can publish; the text says why and never quotes the file."""


def read(data: bytes) -> PublicKey:
    """Return the public key in a PEM file.

    Raises:
        KeyFileError: a private key, not PEM, not RSA or Ed25519, or broken.
    """
    _refuse_other_pem(data)
    # Imported here: loading OpenSSL costs more than the rest of a run without key files.
    from cryptography.exceptions import InternalError, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        PublicFormat,
        load_pem_public_key,
    )

    try:
        key = load_pem_public_key(data)
    except (ValueError, TypeError, UnsupportedAlgorithm, InternalError):
        raise KeyFileError(
            "the public key in this file is broken; write it again from the private key"
        ) from None
    if isinstance(key, RSAPublicKey):
        der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return PublicKey("rsa", base64.b64encode(der).decode("ascii"))
    if isinstance(key, Ed25519PublicKey):
        # RFC 8463 §4.2: the bare 32 octets, no SubjectPublicKeyInfo.
        raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
        return PublicKey("ed25519", base64.b64encode(raw).decode("ascii"))
    raise KeyFileError("DKIM knows RSA and Ed25519 keys only; this is another kind")


def _refuse_other_pem(data: bytes) -> None:
    if b"PRIVATE KEY" in data:
        # The text must say nothing of the content: error texts end up in CI logs.
        raise KeyFileError(
            "this is a private key; take it out of the repo and out of git's history, make a "
            "new key, and put only the public part here"
        )
    if b"-----BEGIN RSA PUBLIC KEY-----" in data:
        raise KeyFileError(
            "a bare RSA key (PKCS#1); convert it: openssl rsa -RSAPublicKey_in -in KEY -pubout"
        )
    if b"-----BEGIN PUBLIC KEY-----" not in data:
        raise KeyFileError(
            "not a public key in PEM; it opens with -----BEGIN PUBLIC KEY----- (openssl pkey "
            "-in KEY -pubout)"
        )
