"""One DNS message, answered from a source: read the question, write the response."""

from __future__ import annotations

import logging
from typing import Protocol

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from mailauth_dns.errors import ProviderError
from mailauth_dns.evaluate.zone_answers import ZoneAnswer
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRset, quoted
from mailauth_dns.serve.response_encoding import to_wire

_log = logging.getLogger(__name__)

UDP_SIZE = 1232  # octets; we never send more over UDP, whatever the client says


class AnswerSource(Protocol):
    """What a server answers from."""

    recursive: bool  # whether it asks others for what it does not hold

    def answer(self, name: DomainName, type: str) -> ZoneAnswer | None:
        """Return the answer to one question, or None if others must be asked.

        Raises:
            ProviderError: the source cannot tell.
        """
        ...


def respond(question: dns.message.Message, source: AnswerSource) -> dns.message.Message:
    """Return the response to a message."""
    response = dns.message.make_response(question, our_payload=UDP_SIZE)
    if source.recursive:
        response.flags |= dns.flags.RA  # also with an error (RFC 1035 §4.1.1)
    if (problem := _not_answerable(question)) is not None:
        response.set_rcode(problem)
        return response
    [asked] = question.question
    name = DomainName(asked.name.to_text().rstrip(".").lower())
    try:
        answer = source.answer(name, dns.rdatatype.to_text(asked.rdtype))
    except ProviderError as error:
        _log.warning("%s", error)
        response.set_rcode(dns.rcode.SERVFAIL)
        return response
    if answer is None:
        response.set_rcode(dns.rcode.REFUSED)
        return response
    response.set_rcode(dns.rcode.from_text(answer.rcode))
    if answer.authoritative:
        response.flags |= dns.flags.AA
    response.answer.extend(_wire_rrset(rrset, asked.name) for rrset in answer.answer)
    response.authority.extend(_wire_rrset(rrset, asked.name) for rrset in answer.authority)
    return response


def _not_answerable(question: dns.message.Message) -> dns.rcode.Rcode | None:
    """Return the response code for a message that no source can answer; None for any other."""
    if question.edns > 0:
        return dns.rcode.BADVERS  # RFC 6891 §6.1.3
    if question.opcode() != dns.opcode.QUERY:
        return dns.rcode.NOTIMP
    if len(question.question) != 1:
        return dns.rcode.FORMERR
    [asked] = question.question
    transfers = (dns.rdatatype.AXFR, dns.rdatatype.IXFR)
    if asked.rdclass != dns.rdataclass.IN or asked.rdtype in transfers:
        return dns.rcode.REFUSED
    if dns.rdatatype.is_metatype(asked.rdtype) and asked.rdtype != dns.rdatatype.ANY:
        # MAILA, TSIG and the like are not data that a name could hold (RFC 6895 §3.1).
        return dns.rcode.NOTIMP
    return None


def _wire_rrset(rrset: RRset, asked: dns.name.Name) -> dns.rrset.RRset:
    """Return a set for dnspython, in the letter case of the question: some clients compare."""
    texts = [quoted(value) if rrset.type == "TXT" else value for value in sorted(rrset.values)]
    name = dns.name.from_text(f"{rrset.name}.")
    return dns.rrset.from_text_list(
        asked if name == asked else name, rrset.ttl or 0, "IN", rrset.type, texts
    )


def reply(wire: bytes, source: AnswerSource, limit: int | None) -> bytes | None:
    """Return the response to a message in wire format, in at most `limit` octets.

    None means that no response is due.
    """
    if len(wire) < 12 or wire[2] & 0x80:
        return None  # too short for a header, or itself a response
    try:
        question = dns.message.from_wire(wire, ignore_trailing=True)
    except dns.exception.DNSException:
        return wire[:2] + (b"\x80\x81" if source.recursive else b"\x80\x01") + bytes(8)  # FORMERR
    try:
        response = respond(question, source)
        if limit is None:
            return to_wire(response, 65535)
        room = min(max(question.payload, 512), limit) if question.edns >= 0 else 512
        try:
            return to_wire(response, room)
        except dns.exception.TooBig:
            short = dns.message.make_response(question, our_payload=UDP_SIZE)
            short.flags |= dns.flags.TC | (response.flags & (dns.flags.AA | dns.flags.RA))
            return short.to_wire(max_size=room)
    except dns.exception.DNSException as error:
        _log.warning("%s", error)
        failed = dns.message.make_response(question)
        failed.set_rcode(dns.rcode.SERVFAIL)
        if source.recursive:
            failed.flags |= dns.flags.RA
        return failed.to_wire()
