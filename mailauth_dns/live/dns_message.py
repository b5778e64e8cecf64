"""DNS messages on the wire: questions out, replies in (RFC 1035 §4, RFC 6891).

dnspython is loaded when a reply is not plain, since that takes time.
"""

from __future__ import annotations

import secrets

from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.live import plain_answer, wire
from mailauth_dns.live.server_answer import ServerAnswer
from mailauth_dns.records.name import DomainName

HEADER_SIZE = wire.HEADER.size  # octets

_PAYLOAD = 1232  # octets that no path has to fragment (DNS flag day 2020)
_OPT = b"\0" + wire.FIXED.pack(wire.OPT, _PAYLOAD, 0, 0)
_TYPES = {
    type: number.to_bytes(2, "big")
    for type, number in {
        "A": wire.A,
        "AAAA": wire.AAAA,
        "CAA": wire.CAA,
        "CNAME": wire.CNAME,
        "DNAME": wire.DNAME,
        "HTTPS": wire.HTTPS,
        "MX": wire.MX,
        "NS": wire.NS,
        "PTR": wire.PTR,
        "SOA": wire.SOA,
        "SRV": wire.SRV,
        "TLSA": wire.TLSA,
        "TXT": wire.TXT,
    }.items()
}
_IN = wire.IN.to_bytes(2, "big")
_CASE = 0x20  # the bit that tells an upper-case letter from a lower-case one
_LETTERS = bytes(
    _CASE if chr(octet).isascii() and chr(octet).isalpha() else 0 for octet in range(256)
)


def question_section(name: DomainName, type: str) -> bytes:
    """Return the question section for one name and type in class IN."""
    labels = b"".join(
        [len(label).to_bytes(1, "big") + label for label in name.encode("ascii").split(b".")]
    )
    return labels + b"\0" + (_TYPES.get(type) or _number(type)) + _IN


def _number(type: str) -> bytes:
    from dns import rdatatype

    return int(rdatatype.from_text(type)).to_bytes(2, "big")


def in_mixed_case(section: bytes) -> bytes:
    """Return a question section with the case of each letter by chance.

    A server repeats it octet for octet, and who forges a reply has to guess it.
    """
    name = section[:-4]
    letters = int.from_bytes(name.translate(_LETTERS), "big")
    size = len(name)
    chosen = int.from_bytes(secrets.token_bytes(size), "big") & letters
    return (int.from_bytes(name, "big") ^ chosen).to_bytes(size, "big") + section[-4:]


def query(id: int, section: bytes, recurse: bool) -> bytes:
    """Return a query with this question section and an OPT record."""
    return wire.HEADER.pack(id, wire.RD if recurse else 0, 1, 0, 0, 1) + section + _OPT


def message_id(message: bytes) -> int:
    """Return the id of a message of at least `HEADER_SIZE` octets."""
    return int.from_bytes(message[:2], "big")


def replies_to(message: bytes, section: bytes) -> bool:
    """Tell whether a message with the right id is a reply to this question section.

    The case of its letters does not matter (RFC 4343).
    """
    _, flags, questions, *_ = wire.HEADER.unpack_from(message)
    if flags & (wire.QR | wire.OPCODE) != wire.QR:
        return False
    if not questions:
        # A server that cannot read the query cannot repeat its question.
        return flags & wire.RCODE in (wire.FORMERR, wire.NOTIMP)
    end = HEADER_SIZE + len(section)
    return questions == 1 and (
        message.startswith(section, HEADER_SIZE)
        or (
            # The type and the class behind the name are numbers.
            message[HEADER_SIZE : end - 4].lower() == section[:-4].lower()
            and message[end - 4 : end] == section[-4:]
        )
    )


def respells(message: bytes, section: bytes) -> bool:
    """Tell whether a reply has the name of this question in letters of another case."""
    return message[4:6] != b"\0\0" and not message.startswith(section, HEADER_SIZE)


def is_truncated(message: bytes) -> bool:
    """Tell whether the TC bit asks for TCP (RFC 7766 §5)."""
    return bool(int.from_bytes(message[2:4], "big") & wire.TC)


def read(message: bytes, name: DomainName, type: str) -> ServerAnswer | Unknown:
    """Return what the reply for `name` and `type` says; Unknown if it is malformed."""
    plain = plain_answer.read(message, name, type)
    if plain is not None:
        return plain
    from mailauth_dns.live import any_answer

    return any_answer.read(message, name, type)
