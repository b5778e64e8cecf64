"""Any answer, read by dnspython, which takes time to load and 200 µs for a message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

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
from mailauth_dns.live.server_answer import ServerAnswer, followed
from mailauth_dns.records.family import family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRset

# These types hold only numbers and domain names, so lower case is the same record (RFC 4343).
_NAMES_ONLY = frozenset({"CNAME", "DNAME", "MX", "NS", "PTR", "SOA", "SRV"})


def read(wire: bytes, name: DomainName, type: str) -> ServerAnswer | Unknown:
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
        followed=followed(sets, owner, type),
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
