"""Plain answers, read from their octets: dnspython takes 200 µs for one.

What is read here is what `any_answer` would read. All that is not understood is left to it,
whatever section it is in: other types, names with escapes, options of EDNS, malformed messages.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Mapping
from functools import cache
from typing import NamedTuple

from mailauth_dns.live import wire
from mailauth_dns.live.server_answer import ServerAnswer, followed
from mailauth_dns.records.name import MAX_LABEL, MAX_NAME, DomainName
from mailauth_dns.records.zone import RRKey, RRset

_RCODES = {
    wire.NOERROR: "NOERROR",
    wire.SERVFAIL: "SERVFAIL",
    wire.NXDOMAIN: "NXDOMAIN",
    wire.REFUSED: "REFUSED",
}
_NAME = re.compile(r"[-0-9a-z_*.]+")  # in text as on the wire
_LABEL = b"-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz*"
_QUESTION_AT = wire.HEADER.size
_QUESTION = bytes((wire.POINTER, _QUESTION_AT))  # a pointer to the name in the question
_MAX_POINTERS = 4  # in one name; servers write two
_FIXED = wire.FIXED.size
_SOA_NUMBERS, _ADDRESS, _IPV6_ADDRESS = 20, 4, 16  # octets
_READ_FLAGS = wire.AA | wire.RA | wire.RCODE


class _Place(NamedTuple):
    """A name that a pointer leads to, or the end of one."""

    size: int  # octets of all its labels, and the root
    end: int  # where its octets end, which a pointer on may do early
    pointers: int  # on the way to the root


class _Odd(Exception):
    """The message is not plain or not well-formed; dnspython finds out which."""


def read(message: bytes, name: DomainName, type: str) -> ServerAnswer | None:
    """Return what a reply to this question says, or None if it is not plain."""
    _, flags, questions, answers, authority, additional = wire.HEADER.unpack_from(message)
    flags &= _READ_FLAGS
    rcode = flags & wire.RCODE
    if questions != 1 or rcode not in _RCODES or _NAME.fullmatch(name) is None:
        return None
    octets = _Octets(message, name)
    try:
        sets = octets.sets(answers) if answers else {}
        refers = octets.pass_records(authority, additional)
    except (IndexError, KeyError, struct.error, _Odd):
        return None
    if octets.at != len(message):
        return None
    if rcode not in (wire.NOERROR, wire.NXDOMAIN):
        return _without_sets(flags)
    if not answers:
        return None if refers and not flags & wire.AA else _without_sets(flags)
    return _with_sets(flags, sets, (name, type))


@cache  # most answers of a fleet say that there is nothing; six bits differ at most
def _without_sets(flags: int) -> ServerAnswer:
    return ServerAnswer(
        _RCODES[flags & wire.RCODE],
        bool(flags & wire.AA),
        recursion_available=bool(flags & wire.RA),
    )


def _with_sets(flags: int, sets: Mapping[RRKey, RRset], key: RRKey) -> ServerAnswer | None:
    rrset = sets.get(key)
    cname = sets.get((key[0], "CNAME")) if rrset is None else None
    if rrset is None and cname is None:
        return None
    return ServerAnswer(
        _RCODES[flags & wire.RCODE],
        bool(flags & wire.AA),
        rrset,
        cname,
        rrset or followed(sets, *key),
        recursion_available=bool(flags & wire.RA),
    )


class _Octets:
    """A message, and the place `at` behind what is read already.

    What runs past the message's end shows in the place where it ends.
    """

    __slots__ = ("_end", "_message", "_places", "_question", "at")

    def __init__(self, message: bytes, question: DomainName) -> None:
        self._message = message
        self._question = question
        self._end = 0  # of the record that is read
        # The name in octets has a length more than its text, and the root; type and class follow.
        size = len(question) + 2
        self._places = {_QUESTION_AT: _Place(size, _QUESTION_AT + size, 0)}
        self.at = _QUESTION_AT + size + 4

    def sets(self, count: int) -> dict[RRKey, RRset]:
        """Return the sets of the answer section."""
        found: dict[RRKey, dict[str, int]] = {}
        message = self._message
        for _ in range(count):
            owner = self._question
            if message.startswith(_QUESTION, self.at):
                self.at += 2
            else:
                owner = self._name()
            kind, rdclass, ttl, length = wire.FIXED.unpack_from(message, self.at)
            self.at += _FIXED
            self._end = self.at + length
            type, read_value = _ANSWERS[kind]
            value = read_value(self)
            values = found.setdefault((owner, type), {})
            # dnspython says what two records of the same octets mean, or two aliases.
            if value in values or (values and kind == wire.CNAME):
                raise _Odd
            if rdclass != wire.IN or self.at != self._end:
                raise _Odd
            values[value] = ttl if ttl <= wire.MAX_TTL else 0
        return {
            key: RRset(*key, min(values.values()), frozenset(values))
            for key, values in found.items()
        }

    def pass_records(self, authority: int, additional: int) -> bool:
        """Pass the other two sections; tell whether the first has an NS set."""
        message = self._message
        has_ns = has_opt = False
        for number in range(authority + additional):
            owner_at = self.at
            self.pass_name()
            kind, rdclass, ttl, length = wire.FIXED.unpack_from(message, self.at)
            self.at += _FIXED
            end = self.at + length
            if kind == wire.OPT:
                # Plain: no option, version 0, and no upper bits of the rcode (RFC 6891 §6.1).
                if message[owner_at] or has_opt or number < authority or ttl >> 16:
                    raise _Odd
                has_opt = True
            elif rdclass == wire.IN:
                _BESIDE[kind](self)
                has_ns = has_ns or (kind == wire.NS and number < authority)
            else:
                raise _Odd
            if self.at != end:
                raise _Odd
        return has_ns

    def pass_name(self) -> None:
        """Pass a name: labels, then the root or a pointer to an earlier name."""
        message = self._message
        start = at = self.at
        while 0 < (length := message[at]) <= MAX_LABEL:
            at += 1 + length
        if length:
            size = at - start + self._pointed(at, start).size
            self.at = at + 2
        else:
            self.at = at + 1
            size = self.at - start
        if size > MAX_NAME + 2:
            raise _Odd

    def _pointed(self, at: int, start: int, depth: int = 0) -> _Place:
        """Return what the pointer at `at` leads to, in a name that begins at `start`.

        It may lead to earlier octets only, which end before the name begins. `depth` is how many
        pointers led here.
        """
        message = self._message
        target = int.from_bytes(message[at : at + 2], "big") - (wire.POINTER << 8)
        place = self._places.get(target)
        if place is None:
            if not 0 <= target < start or depth == _MAX_POINTERS:
                raise _Odd
            end = target
            while 0 < (length := message[end]) <= MAX_LABEL:
                end += 1 + length
            if length:
                beyond = self._pointed(end, target, depth + 1)
                place = _Place(end - target + beyond.size, end + 2, beyond.pointers + 1)
            else:
                place = _Place(end + 1 - target, end + 1, 0)
            self._places[target] = place
        if place.end > start or place.pointers >= _MAX_POINTERS:
            raise _Odd
        return place

    def _name(self) -> DomainName:
        """Return a name in lower case; the root is empty."""
        message, at = self._message, self.at
        self.pass_name()
        labels: list[str] = []
        while length := message[at]:
            if length >= wire.POINTER:
                at = (length - wire.POINTER) << 8 | message[at + 1]
                if at == _QUESTION_AT:
                    labels.append(self._question)
                    break
            else:
                label = message[at + 1 : at + 1 + length]
                if label.translate(None, _LABEL):
                    raise _Odd
                labels.append(label.decode("ascii"))
                at += 1 + length
        return DomainName(".".join(labels).lower())

    def text(self) -> str:
        """Return the character-strings of a TXT record, joined."""
        strings = []
        while self.at < self._end:
            after = self.at + 1 + self._message[self.at]
            strings.append(self._message[self.at + 1 : after])
            self.at = after
        if not strings:
            raise _Odd
        return b"".join(strings).decode("latin-1")

    def host(self) -> str:
        """Return an absolute name."""
        return f"{self._name()}."

    def exchange(self) -> str:
        """Return the preference and the host of an MX record."""
        preference = int.from_bytes(self._message[self.at : self.at + 2], "big")
        self.at += 2
        return f"{preference} {self.host()}"

    def pass_soa(self) -> None:
        self.pass_name()
        self.pass_name()
        self.at += _SOA_NUMBERS

    def pass_address(self) -> None:
        self.at += _ADDRESS

    def pass_ipv6_address(self) -> None:
        self.at += _IPV6_ADDRESS


_ANSWERS: Mapping[int, tuple[str, Callable[[_Octets], str]]] = {
    wire.TXT: ("TXT", _Octets.text),
    wire.CNAME: ("CNAME", _Octets.host),
    wire.NS: ("NS", _Octets.host),
    wire.MX: ("MX", _Octets.exchange),
}
_BESIDE: Mapping[int, Callable[[_Octets], object]] = {  # what servers add to an answer
    wire.NS: _Octets.pass_name,
    wire.SOA: _Octets.pass_soa,
    wire.A: _Octets.pass_address,
    wire.AAAA: _Octets.pass_ipv6_address,
}
