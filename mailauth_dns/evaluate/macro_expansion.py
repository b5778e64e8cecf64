"""What SPF macros expand to, and which results DNS can look up (RFC 7208 §7, RFC 8616 §4)."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import quote

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records.name import MAX_LABEL, MAX_NAME, DomainName, domain_name
from mailauth_dns.records.spf_macro import DomainSpec, Macro

IPAddress = IPv4Address | IPv6Address
Validated = Callable[[], tuple[DomainName, ...]]

_ESCAPE = re.compile(r"%[%_-]")
_ESCAPED = {"%%": "%", "%_": " ", "%-": "%20"}  # RFC 7208 §7.1


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a receiver knows from the SMTP session; `sender` is the domain of MAIL FROM."""

    ip: IPAddress
    local_part: str
    sender: str
    helo: str


def client_address(text: str) -> IPAddress:
    """Return the SMTP client's address; an IPv4 address mapped to IPv6 as IPv4 (RFC 7208 §5).

    Raises:
        ValueError: the text is not an address.
    """
    # A zone id names an interface of the receiver and says nothing about the client.
    address = ip_address(text.partition("%")[0])
    return address if isinstance(address, IPv4Address) else address.ipv4_mapped or address


def envelope(ip: IPAddress, sender: str, helo: str) -> Envelope:
    """Return the session with its defaults filled in.

    The null reverse-path stands for `postmaster` at the HELO name (RFC 7208 §2.4), and so does an
    address without a local-part at its own domain (§4.3).
    """
    local_part, _, domain = (sender or f"@{helo}").rpartition("@")
    return Envelope(ip, local_part or "postmaster", a_labels(domain), a_labels(helo))


def a_labels(name: str) -> str:
    """Return a name with A-labels and without its last dot (RFC 8616 §4).

    A label that IDNA refuses stays as it is.
    """
    name = name.removesuffix(".")
    return name if name.isascii() else ".".join(map(_a_label, name.split(".")))


def _a_label(label: str) -> str:
    try:
        return label if label.isascii() else domain_name(label)
    except RecordSyntaxError:
        return label


def queryable(name: str) -> DomainName | None:
    """Return the name to look up; None where DNS cannot hold it (RFC 1035 §2.3.4)."""
    if not name.isascii() or len(name) > MAX_NAME:
        return None
    return (
        DomainName(name.lower())
        if all(0 < len(label) <= MAX_LABEL for label in name.split("."))
        else None
    )


def target_name(
    spec: DomainSpec, session: Envelope, domain: str, validated: Validated
) -> str | None:
    """Return the <target-name> of a term in a record of `domain` (RFC 7208 §4.8).

    Return None where there can be none: the term then does not match. `validated` finds the
    validated names of the client (§5.5). It is called only for `%{p}`.
    """
    if not session.local_part.isascii() and any(
        isinstance(piece, Macro) and piece.letter in "slSL" for piece in spec.pieces
    ):
        return None  # RFC 8616 §4: DNS has no encoding for such a local-part
    name = expand(spec, session, domain, validated).removesuffix(".")
    # RFC 7208 §7.3. Not `upwards`: this is a text, no name of DNS yet, and its last label stays.
    while len(name) > MAX_NAME and "." in name:
        name = name.partition(".")[2]
    return name


def expand(text: DomainSpec, session: Envelope, domain: str, validated: Validated) -> str:
    """Return `text`, from a record of `domain`, with its macros expanded (RFC 7208 §7.3).

    `validated` is as for `target_name`.
    """
    parts = []
    for piece in text.pieces:
        if isinstance(piece, Macro):
            value = _transformed(piece, _value(piece.letter.lower(), session, domain, validated))
            # RFC 7208 §7.3: an upper-case letter asks for URL escaping, of all but RFC 3986's
            # unreserved characters.
            parts.append(
                quote(value, safe="", errors="surrogatepass") if piece.letter.isupper() else value
            )
        else:
            parts.append(
                _ESCAPE.sub(lambda found: _ESCAPED[found[0]], piece.text)
                if "%" in piece.text
                else piece.text
            )
    return "".join(parts)


def _transformed(macro: Macro, value: str) -> str:
    if not (macro.digits or macro.reverse or macro.delimiters):
        return value
    first = macro.delimiters[:1] or "."
    for delimiter in macro.delimiters[1:]:
        value = value.replace(delimiter, first)
    parts = value.split(first)
    if macro.reverse:
        parts.reverse()
    # RFC 7208 §7.3: joined by dots, whatever the delimiters were.
    return ".".join(parts[-macro.digits :])


def _value(letter: str, session: Envelope, domain: str, validated: Validated) -> str:
    """Return what a macro letter stands for (RFC 7208 §7.2)."""
    match letter:
        case "s":
            return f"{session.local_part}@{session.sender}"
        case "l":
            return session.local_part
        case "o":
            return session.sender
        case "d":
            return domain
        case "i":
            return (
                str(session.ip) if session.ip.version == 4 else ".".join(f"{int(session.ip):032x}")
            )
        case "p":
            return _validated_name(domain, validated())
        case "v":
            return "in-addr" if session.ip.version == 4 else "ip6"
        case "h":
            return session.helo
        case "c":
            return str(session.ip)
        case "r":
            return "unknown"  # RFC 7208 §7.3: the receiving host; there is none here
    assert letter == "t"  # records.spf_macro accepts no other letter
    return str(int(time.time()))


def _validated_name(domain: str, names: tuple[DomainName, ...]) -> str:
    """Return the name for `%{p}`: the domain, else one below it, else any (RFC 7208 §7.3)."""
    wanted = domain.lower()
    below = (name for name in names if name.endswith("." + wanted))
    return wanted if wanted in names else next(below, names[0] if names else "unknown")
