"""DNS servers as a policy names them: an address, and a port where it is not 53.

Names are refused: to find a server by the DNS that it is to be compared with would be a circle.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from mailauth_dns.errors import RecordSyntaxError, printable

PORT = 53

_ACCEPTED = "use '192.0.2.1', '192.0.2.1:5353', '[2001:db8::1]' or '[2001:db8::1]:5353'"
_BRACKETED = re.compile(r"\[(?P<address>[^\]]*)\](?::(?P<port>.*))?", re.DOTALL)
_BARE = re.compile(r"(?P<address>[^:]*)(?::(?P<port>.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """An address that answers DNS; `name` is the NS name that led to it, None if it was given."""

    address: str
    port: int = PORT
    name: str | None = None

    def __str__(self) -> str:
        """Return `192.0.2.1:53` or `[2001:db8::1]:53`, behind the name where there is one."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.name} ({host}:{self.port})" if self.name else f"{host}:{self.port}"


def parse(text: str) -> ServerAddress:
    """Return the server that `text` names: an address and, if given, a port of 1 to 65535.

    Raises:
        RecordSyntaxError: the text is a name, an IPv6 address without brackets, or no such
            address or port.
    """
    if _is_ipv6(text):
        # "2001:db8::1:53" is an address too; without brackets nobody can tell which was meant.
        shown = printable(text)  # a scope may hold anything
        raise RecordSyntaxError(
            text,
            0,
            len(text),
            f"an IPv6 address stands in brackets: '[{shown}]' or '[{shown}]:{PORT}'",
        )
    match = _BRACKETED.fullmatch(text) or _BARE.fullmatch(text)
    if match is None:
        raise RecordSyntaxError(
            text, 0, len(text), f"expected the address of a DNS server; {_ACCEPTED}"
        )
    try:
        address = (
            IPv6Address(match["address"]) if text.startswith("[") else IPv4Address(match["address"])
        )
    except AddressValueError as error:
        expected = f"expected the address of a DNS server, not a name; {_ACCEPTED}"
        raise RecordSyntaxError(text, *match.span("address"), expected) from error
    return ServerAddress(str(address), _port(text, match) if match["port"] is not None else PORT)


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except AddressValueError:
        return False
    return True


def _port(text: str, match: re.Match[str]) -> int:
    digits = match["port"]
    if not re.fullmatch(r"[0-9]{1,5}", digits) or not 1 <= int(digits) <= 65535:
        raise RecordSyntaxError(text, *match.span("port"), "expected a port from 1 to 65535")
    return int(digits)
