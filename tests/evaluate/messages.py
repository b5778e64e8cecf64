"""Messages signed with keys that are made for the test run; no private key is a file."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from functools import cache

import dkim
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

PLAIN = (
    b"From: Alice <alice@example.com>\r\n"
    b"To: bob@example.org\r\n"
    b"Subject: hello\r\n"
    b"Date: Tue, 1 Sep 2026 10:00:00 +0000\r\n"
    b"Message-ID: <1@example.com>\r\n"
    b"\r\n"
    b"Hello Bob.\r\n"
)


@dataclass(frozen=True)
class Key:
    """A private key as dkimpy takes it, and the key record."""

    private: bytes
    record: str
    algorithm: bytes

    def sign(
        self,
        message: bytes,
        domain: str = "example.com",
        selector: str = "s1",
        headers: tuple[bytes, ...] | None = None,
        *,
        length: bool = False,
    ) -> bytes:
        """Return the message with a signature on top."""
        signed = dkim.sign(
            message,
            selector.encode(),
            domain.encode(),
            self.private,
            canonicalize=(b"relaxed", b"relaxed"),
            signature_algorithm=self.algorithm,
            include_headers=list(headers) if headers else None,
            length=length,
        )
        return bytes(signed) + message


@cache
def rsa_key(bits: int = 2048) -> Key:
    key = rsa.generate_private_key(65537, bits)
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return Key(private, f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}", b"rsa-sha256")


@cache
def ed25519_key() -> Key:
    key = ed25519.Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    private = base64.b64encode(key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()))
    return Key(
        private, f"v=DKIM1; k=ed25519; p={base64.b64encode(public).decode()}", b"ed25519-sha256"
    )


def written(
    message: bytes,
    form: str,
    tags: list[tuple[bytes, bytes]],
    *,
    a: bytes = b"rsa-sha256",
    d: bytes = b"example.com",
    s: bytes = b"s1",
    h: bytes = b"From:Subject",
    after: bytes = b"",
) -> bytes:
    """Return a message signed by `rsa_key` by the text of RFC 6376 §3.7, without a library.

    `form` is the canonical form of the head. `after` follows the value of b=.
    """
    head, _, body = message.partition(b"\r\n\r\n")
    bh = base64.b64encode(hashlib.sha256(body).digest())
    said = b"".join(b" %b=%b;" % tag for tag in tags)
    signature = b" v=1; a=%b; c=%b; d=%b; s=%b; h=%b;%b bh=%b; b=" % (
        a,
        form.encode(),
        d,
        s,
        h,
        said,
        bh,
    )
    fields = [re.split(rb"(?<=:)", line, maxsplit=1) for line in re.split(rb"\r\n(?![ \t])", head)]
    chosen: list[list[bytes]] = []  # name and value
    for name in h.lower().split(b":"):  # from the bottom, each field once
        left = [
            field
            for field in fields
            if field[0].lower().rstrip(b" \t:") == name and not any(field is one for one in chosen)
        ]
        chosen += left[-1:]
    data = b"\r\n".join(
        _canonical(name, value, form)
        for name, value in [*chosen, [b"DKIM-Signature:", signature + after]]
    )
    private = load_pem_private_key(rsa_key().private, None)
    assert isinstance(private, rsa.RSAPrivateKey)
    b = base64.b64encode(private.sign(data, padding.PKCS1v15(), SHA256()))
    return b"DKIM-Signature:%b%b%b\r\n%b" % (signature, b, after, message)


def _canonical(name: bytes, value: bytes, form: str) -> bytes:
    """Return a field in its canonical form without the last line end (RFC 6376 §3.4)."""
    if form.lower().partition("/")[0] == "simple":
        return name + value
    return (
        name.lower().rstrip(b" \t:")
        + b":"
        + re.sub(rb"[ \t]+", b" ", value.replace(b"\r\n", b"")).strip()
    )
