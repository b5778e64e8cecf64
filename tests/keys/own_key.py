"""A policy that has a key as published, and the private half of that key elsewhere on the host."""

from __future__ import annotations

import re
from pathlib import Path

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from mailauth_dns.keys import keypair
from mailauth_dns.keys.keypair import KeyPair
from mailauth_dns.policy import public_key_files
from mailauth_dns.records.dkim import KeyType
from tests.conftest import Ran
from tests.keys.keyhost import Host

RSA, ED25519 = KeyType.RSA, KeyType.ED25519


def pkcs1(pair: KeyPair) -> bytes:
    private = load_pem_private_key(pair.private_pem, None)
    return private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())


class Own:
    """A policy that has a key as published, and its private half somewhere else on the host."""

    def __init__(self, host: Host, type: KeyType = RSA, served: bool = True) -> None:
        self.host, self.root = host, host.repo.root
        self.pair = keypair.generate(type)
        self.folder = host.private_dir / "signer"
        self.folder.mkdir(mode=0o700)
        self.file = self.folder / "mail.private"
        self.write(self.pair.private_pem)
        self.text = (
            f"domain: example.com # ours\nspf: {{all: fail}}\ndkim:\n  selectors:\n"
            f"    mail: {{p: {self.pair.public.p}, k: {type}, t: s, n: first}} # of the old server\n"
        )
        host.path.write_text(self.text)
        if served:
            host.publish()

    def write(self, octets: bytes, bits: int = 0o600) -> None:
        self.file.write_bytes(octets)
        self.file.chmod(bits)

    def adopt(self, *arguments: str, folder: bool = True) -> Ran:
        where = ["--private-dir", str(self.host.private_dir)] if folder else []
        return self.host.run(
            "dkim",
            "adopt",
            "example.com",
            "mail",
            "--private-key",
            str(self.file),
            *where,
            *arguments,
        )

    @property
    def private(self) -> Path:
        return self.host.private_dir / "example.com/mail.private"

    @property
    def public(self) -> Path:
        return self.root / "zones/keys/example.com/mail.pem"

    def assert_ours(self) -> None:
        assert public_key_files.read(self.public.read_bytes()) == self.pair.public
        assert re.search(
            rf"    mail: \{{k: {self.pair.public.k}, t: s, n: first, key: mail\.pem(, seen: 20\S+Z)?\}} # of the old server\n",
            self.host.policy,
        ), self.host.policy

    def assert_untouched(self) -> None:
        assert self.host.policy == self.text
        assert not self.public.exists()
        assert not self.private.exists()
