"""The mail host that files are exported for: its sockets, folders and names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from mailauth_dns.errors import MailAuthError
from mailauth_dns.export.milter import Socket
from mailauth_dns.export.signers import Signer
from mailauth_dns.records.dkim import KeyType
from mailauth_dns.records.name import DomainName

# Where each OpenDKIM listens unless something else is said, and the option that says it.
SOCKETS = {KeyType.RSA: "inet:8891@localhost", KeyType.ED25519: "inet:8892@localhost"}
SOCKET_OPTIONS = {KeyType.RSA: "--socket", KeyType.ED25519: "--ed25519-socket"}


@dataclass(frozen=True, slots=True)
class MailHost:
    """The mail host as the exported files see it."""

    sockets: Mapping[KeyType, Socket]
    config_dir: PurePosixPath
    key_dir: PurePosixPath
    hostname: DomainName | None
    mynetworks: str | None = None  # as Postfix has them

    def listening(self, signers: Iterable[Signer]) -> tuple[Socket, ...]:
        """Return the sockets that mail must pass for these keys to sign it.

        Where there is no key yet, it is the socket for RSA.
        """
        types = {signer.type for signer in signers} or {KeyType.RSA}
        return tuple(dict.fromkeys(self.sockets[type] for type in KeyType if type in types))


def host_folder(text: str, option: str) -> PurePosixPath:
    """Return a folder on the mail host, as its programs' files can name it.

    Raises:
        MailAuthError: it is not absolute, or has a character that means something else there.
    """
    if not re.fullmatch(r"/[A-Za-z0-9/._+@-]*", text):
        raise MailAuthError(
            f"{option} {text}: write an absolute path of letters, digits and / . _ + @ -"
        )
    return PurePosixPath(text)
