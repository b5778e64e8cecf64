"""DNS messages on the wire: questions out, answers in (RFC 1035 §4, RFC 6891).

This module writes questions and reads plain answers (TXT, or an authoritative "there is none")
itself, because dnspython takes 200 µs for a message. dnspython reads all other answers.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from dns.rdtypes.ANY.TXT import TXT

from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.records.family import family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey, RRset

HEADER_SIZE = 12  # octets

_HEADER = struct.Struct("!6H")  # id, flags, and the counts of the four sections
_FIXED = struct.Struct("!HHIH")  # type, class, TTL and length of a resource record
_PAYLOAD = 1232  # octets that no path has to fragment (DNS flag day 2020)
_OPT = b"\0" + _FIXED.pack(dns.rdatatype.OPT, _PAYLOAD, 0, 0)
_OWNER = b"\xc0\x0c"  # a pointer to the name of the question section
_QR, _AA, _TC, _RD, _RA = map(
    int, (dns.flags.QR, dns.flags.AA, dns.flags.TC, dns.flags.RD, dns.flags.RA)
)
_MAX_TTL = 2**31 - 1  # seconds; a larger TTL counts as 0 (RFC 2181 §8)
_OPCODE, _RCODE = 0x7800, 0x000F
_POINTER = 0xC0

# These types hold only numbers and domain names, so lower case is the same record (RFC 4343).
_NAMES_ONLY = frozenset({"CNAME", "DNAME", "MX", "NS", "PTR", "SOA", "SRV"})


@dataclass(frozen=True, slots=True)
class ServerAnswer:
    """What one server said to one question.

    `rrset` is the set of the name and type asked for, `cname` an alias at that name instead of it.
    `followed` is the set at the end of the CNAMEs in the answer: what one asks a recursive resolver
    for. Without a CNAME it is `rrset` itself. `referral` is the NS set of a delegation that the
    server points to instead of answering.
    """

    rcode: str
    authoritative: bool
    rrset: RRset | None = None
    cname: RRset | None = None
    followed: RRset | None = None
    referral: RRset | None = None
    recursion_available: bool = False

    @property
    def nxdomain(self) -> bool:
        """The name, or the one that its CNAMEs lead to, does not exist (RFC 6604 §3)."""
        return self.rcode == "NXDOMAIN"


def question_section(name: DomainName, type: str) -> bytes:
    """Return the question section for one name and type in class IN."""
    labels = b"".join(bytes((len(label),)) + label for label in name.encode("ascii").split(b"."))
    return labels + b"\0" + struct.pack("!HH", dns.rdatatype.from_text(type), dns.rdataclass.IN)


def query(id: int, section: bytes, recurse: bool) -> bytes:
    """Return a query with this question section and an OPT record."""
    return _HEADER.pack(id, _RD if recurse else 0, 1, 0, 0, 1) + section + _OPT


def message_id(wire: bytes) -> int:
    """Return the id of a message of at least `HEADER_SIZE` octets."""
    return int.from_bytes(wire[:2], "big")


def replies_to(wire: bytes, section: bytes) -> bool:
    """Tell whether a message with the right id is a reply to this question section."""
    _, flags, questions, *_ = _HEADER.unpack_from(wire)
    if flags & (_QR | _OPCODE) != _QR:
        return False
    if not questions:
        # A server that cannot read the query cannot repeat its question.
        return flags & _RCODE in (dns.rcode.FORMERR, dns.rcode.NOTIMP)
    end = HEADER_SIZE + len(section)
    # RFC 4343: names compare without case; the type and class behind them are numbers.
    return (
        questions == 1
        and wire[HEADER_SIZE : end - 4].lower() == section[:-4]
        and wire[end - 4 : end] == section[-4:]
    )


def is_truncated(wire: bytes) -> bool:
    """Tell whether the TC bit asks for TCP (RFC 7766 §5)."""
    return bool(int.from_bytes(wire[2:4], "big") & _TC)


def read(wire: bytes, name: DomainName, type: str) -> ServerAnswer | Unknown:
    """Return what the reply for `name` and `type` says; Unknown if it is malformed."""
    return read_plain(wire, name, type) or read_any(wire, name, type)


def read_plain(wire: bytes, name: DomainName, type: str) -> ServerAnswer | None:
    """Return what a plain reply says; None if `read_any` must read it.

    A reply is plain if all its answers are TXT records at the name in the question, or if it has no
    answer and is authoritative.
    """
    _, flags, questions, answers, authority, additional = _HEADER.unpack_from(wire)
    authoritative = bool(flags & _AA)
    rcode = flags & _RCODE
    if (
        questions != 1
        or (answers and (type != "TXT" or rcode))
        or (not answers and not authoritative)
    ):
        return None
    if rcode not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        return None
    at = HEADER_SIZE + len(name) + 2 + 4  # the first length octet and the root's, type and class
    texts: dict[str, int] = {}
    try:
        for _ in range(answers):
            text, ttl, at = _text_record(wire, at)
            texts[text] = ttl
        for _ in range(authority + additional):
            at = _past_record(wire, at)
    except (IndexError, struct.error, _Odd):
        return None
    if at != len(wire) or len(texts) < answers:
        return None
    found = RRset(name, type, min(texts.values()), frozenset(texts)) if texts else None
    return ServerAnswer(
        "NXDOMAIN" if rcode else "NOERROR",
        authoritative,
        rrset=found,
        followed=found,
        recursion_available=bool(flags & _RA),
    )


class _Odd(Exception):
    """The message is not plain or not well-formed; dnspython finds out which."""


def _text_record(wire: bytes, at: int) -> tuple[str, int, int]:
    """Return the text and the TTL of a TXT record at the name in the question, and its end."""
    kind, rdclass, ttl, length = _FIXED.unpack_from(wire, at + 2)
    is_plain = kind == dns.rdatatype.TXT and rdclass == dns.rdataclass.IN and length
    if wire[at : at + 2] != _OWNER or not is_plain:
        raise _Odd
    at += 2 + _FIXED.size
    return _joined(wire, at, at + length), ttl if ttl <= _MAX_TTL else 0, at + length


def _joined(wire: bytes, at: int, end: int) -> str:
    strings = []
    while at < end:
        after = at + 1 + wire[at]
        strings.append(wire[at + 1 : after])
        at = after
    if at != end:
        raise _Odd
    return b"".join(strings).decode("latin-1")


def _past_record(wire: bytes, at: int) -> int:
    while length := wire[at]:
        if length >= _POINTER:
            at += 1
            break
        at += 1 + length
    kind, _, ttl, size = _FIXED.unpack_from(wire, at + 1)
    if kind == dns.rdatatype.OPT and ttl >> 24:
        raise _Odd  # the upper bits of the rcode (RFC 6891 §6.1.3)
    return at + 1 + _FIXED.size + int(size)


def read_any(wire: bytes, name: DomainName, type: str) -> ServerAnswer | Unknown:
    """Return what any reply says; Unknown if it is malformed."""
    try:
        message = dns.message.from_wire(wire)
    except dns.exception.DNSException as error:
        return Unknown(f"malformed answer: {error}")
    rcode = dns.rcode.to_text(message.rcode())
    authoritative, recursion = (
        bool(message.flags & dns.flags.AA),
        bool(message.flags & dns.flags.RA),
    )
    if rcode not in ("NOERROR", "NXDOMAIN"):
        return ServerAnswer(rcode, authoritative, recursion_available=recursion)
    answers = [found for found in message.answer if found.rdclass == dns.rdataclass.IN]
    if (twin := _twin(answers)) is not None:
        return Unknown(
            "two records say the same, their text split in different places: "
            f"receivers count both; delete one of {twin!r}"
        )
    sets = {found.key: found for found in map(_value, answers)}
    owner = _escaped(name)
    rrset = sets.get((owner, type))
    cname = sets.get((owner, "CNAME")) if rrset is None else None
    if message.answer and rrset is None and cname is None:
        return Unknown("malformed answer: it holds records of other names or types only")
    return ServerAnswer(
        rcode,
        authoritative,
        rrset=rrset,
        cname=cname,
        followed=_followed(sets, owner, type),
        referral=_referral(message) if not (message.answer or authoritative) else None,
        recursion_available=recursion,
    )


def _twin(answers: Iterable[dns.rrset.RRset]) -> str | None:
    """Return a family's record that is in a set twice, split into character-strings in two ways.

    We compare values as octets, so the two would become one. SPF and DMARC would look right, while
    receivers find two records.
    """
    for found in answers:
        for text, times in Counter(
            _text(rdata, "TXT") for rdata in found if isinstance(rdata, TXT)
        ).items():
            if times > 1 and family(_name(found.name), "TXT", text) is not None:
                return text
    return None


def _followed(sets: dict[RRKey, RRset], name: DomainName, type: str) -> RRset | None:
    for _ in range(len(sets) + 1):  # at most a step for each set, so a loop of CNAMEs ends
        if (found := sets.get((name, type))) is not None:
            return found
        cname = sets.get((name, "CNAME"))
        if cname is None or len(cname.values) != 1:
            return None
        name = DomainName(next(iter(cname.values)).removesuffix("."))
    return None


def _referral(message: dns.message.Message) -> RRset | None:
    types = {found.rdtype: found for found in message.authority}
    cut = types.get(dns.rdatatype.NS)
    # An SOA beside the NS set makes the answer "no data" (RFC 2308 §2.2). Nobody delegates to the
    # root; only a lame server points there.
    if cut is None or dns.rdatatype.SOA in types or cut.name == dns.name.root:
        return None
    return _value(cut)


def _value(found: dns.rrset.RRset) -> RRset:
    type = dns.rdatatype.to_text(found.rdtype)
    return RRset(
        _name(found.name), type, found.ttl, frozenset(_text(rdata, type) for rdata in found)
    )


def _name(name: dns.name.Name) -> DomainName:
    return DomainName(name.to_text(omit_final_dot=True).lower())


def _escaped(name: DomainName) -> DomainName:
    """Return a name escaped as in master files: macros may put any octet there (RFC 7208 §7)."""
    return _name(dns.name.Name([label.encode("ascii") for label in name.split(".")]))


def _text(rdata: dns.rdata.Rdata, type: str) -> str:
    if isinstance(rdata, TXT):
        return b"".join(rdata.strings).decode("latin-1")
    text: str = rdata.to_text()
    return text.lower() if type in _NAMES_ONLY else text
