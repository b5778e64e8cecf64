"""Where the signing program listens, in the spelling of each program.

All exported files take it from here, so they cannot disagree.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mailauth_dns.errors import MailAuthError

QUEUE = "/var/spool/postfix/"
_INET = re.compile(r"(inet6?):([0-9]{1,5})@([A-Za-z0-9.:-]+)")
_LOCAL = re.compile(r"(?:local|unix):(/[!-~]+)")


@dataclass(frozen=True, slots=True)
class Inet:
    """A TCP port; `host` is the address that is listened on."""

    family: str
    port: int
    host: str

    @property
    def opendkim(self) -> str:
        """As OpenDKIM's `Socket` has it."""
        return f"{self.family}:{self.port}@{self.host}"

    @property
    def postfix(self) -> str:
        """As Postfix's `smtpd_milters` has it.

        It has the address of localhost: a chrooted smtpd may not be able to look up the name.
        """
        host = {"localhost": "::1" if self.family == "inet6" else "127.0.0.1"}.get(
            self.host, self.host
        )
        return f"inet:[{host}]:{self.port}" if ":" in host else f"inet:{host}:{self.port}"

    @property
    def spellings(self) -> tuple[str, ...]:
        """All that Postfix may call it, `postfix` first."""
        if self.host != "localhost":
            return (self.postfix,)
        return (self.postfix, f"inet:localhost:{self.port}")


@dataclass(frozen=True, slots=True)
class Local:
    """A socket file."""

    path: str

    @property
    def opendkim(self) -> str:
        """As OpenDKIM's `Socket` has it."""
        return f"local:{self.path}"

    @property
    def postfix(self) -> str:
        """As Postfix's `smtpd_milters` has it: relative to its queue, where smtpd is chrooted."""
        return spelled(f"unix:{self.path}")

    @property
    def spellings(self) -> tuple[str, ...]:
        """All that Postfix may call it, `postfix` first."""
        paths = {re.sub("^/run/", "/var/run/", self.path): None, self.path: None}
        if self.path.startswith(QUEUE):
            inside = self.path.removeprefix(QUEUE)
            paths |= {inside: None, f"/{inside}": None}  # the root of a chrooted smtpd
        named = (f"{kind}:{path}" for kind in ("unix", "local") for path in paths)
        return tuple(dict.fromkeys([self.postfix, *named]))


Socket = Inet | Local


def spelled(milter: str) -> str:
    """Return a milter of Postfix's in the spelling that `postfix` gives."""
    milter = re.sub(r"^inet:localhost:", "inet:127.0.0.1:", milter)
    milter = re.sub(rf"^(?:unix|local):(?:{re.escape(QUEUE)})?", "unix:", milter)
    return re.sub("^unix:/var/run/", "unix:/run/", milter)


def listens(text: str) -> Socket | None:
    """Return where an installed OpenDKIM listens, by its `Socket`; None where that is unknown.

    Without a host it listens on every address, also on loopback.
    """
    if found := re.fullmatch(r"(?:(?:local|unix):)?(/[!-~]+)", text):
        return Local(found[1])
    found = re.fullmatch(r"(inet6?):([0-9]{1,5})(?:@([A-Za-z0-9.:-]+))?", text)
    if found is None:
        return None
    host = found[3] or "localhost"
    if host in ("0.0.0.0", "::", "127.0.0.1", "::1"):  # noqa: S104 - only compared
        host = "localhost"
    return Inet(found[1], int(found[2]), host)


def socket(text: str, option: str) -> Socket:
    """Return the socket that a text in OpenDKIM's spelling names; `option` is for messages.

    Raises:
        MailAuthError: it is no socket, or one that everybody could reach.
    """
    if found := _LOCAL.fullmatch(text):
        return Local(found[1])
    found = _INET.fullmatch(text)
    if found is None or not 0 < int(found[2]) < 65536:
        raise MailAuthError(
            f"{option} {text}: write inet:8891@localhost, or local:/run/opendkim/opendkim.sock"
        )
    return Inet(found[1], int(found[2]), found[3])
