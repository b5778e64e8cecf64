"""An authoritative DNS server on loopback, in this process, that can be told to misbehave."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.zone

from mailauth_dns.records.server_address import ServerAddress


@dataclass
class Behaviour:
    """What the server does other than answer; the default is to behave."""

    delay: float = 0.0  # seconds before each answer
    drop: int = 0  # how many questions of each name and type are left unanswered, over UDP
    dropped: str | None = None  # the only name whose questions are dropped; None: all
    silent_after: int | None = (
        None  # questions to answer before falling silent; one that is asked again is no new one
    )
    truncate: bool = False  # over UDP
    tcp: bool = True
    tcp_truncates: bool = False
    answers_a_connection: int | None = None
    rcode: dns.rcode.Rcode | None = None
    authoritative: bool = True
    # Offers recursion: answers from all of its zones, follows CNAMEs, never with authority.
    recursive: bool = False
    impostor: bool = False  # the same reply as "no such name", from another port, first
    forged: tuple[
        str, ...
    ] = ()  # sent before each answer: "id", "question", "type", "query", "short"
    mangle: bytes | None = None  # sent behind the header in place of the answer's sections
    lame: bool = False  # refers to the root


@dataclass
class Authority:
    """Serves `zones` over UDP and TCP on one port of `address`.

    `seen` counts the questions by transport, name in lower case, and type.
    """

    zones: Sequence[dns.zone.Zone]
    behaviour: Behaviour = field(default_factory=Behaviour)
    address: str = "127.0.0.1"
    seen: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    connections: int = 0
    port: int = 0

    def __enter__(self) -> Authority:
        family = socket.AF_INET6 if ":" in self.address else socket.AF_INET
        self._tcp = socket.socket(family, socket.SOCK_STREAM)
        self._udp = socket.socket(family, socket.SOCK_DGRAM)
        while True:
            self._udp.bind((self.address, 0))
            self.port = self._udp.getsockname()[1]
            try:
                self._tcp.bind((self.address, self.port))
                break
            except OSError:  # somebody else's TCP port
                self._udp.close()
                self._udp = socket.socket(family, socket.SOCK_DGRAM)
        self._udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        if self.behaviour.tcp:
            self._tcp.listen(20)
        self._open = True
        self._threads = [threading.Thread(target=self._serve_udp)]
        if self.behaviour.tcp:
            self._threads.append(threading.Thread(target=self._serve_tcp))
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._open = False
        for thread in self._threads:
            thread.join()
        self._udp.close()
        self._tcp.close()

    @property
    def server(self) -> ServerAddress:
        return ServerAddress(self.address, self.port)

    @property
    def text(self) -> str:
        """The server as a policy's `nameservers` writes it."""
        return str(self.server)

    def _serve_udp(self) -> None:
        self._udp.settimeout(0.05)
        while self._open:
            try:
                wire, peer = self._udp.recvfrom(65535)
            except TimeoutError:
                continue
            for reply in self._replies(wire, "udp"):
                if self.behaviour.impostor:
                    with socket.socket(self._udp.family, socket.SOCK_DGRAM) as other:
                        other.sendto(
                            reply[:3] + bytes((reply[3] | dns.rcode.NXDOMAIN,)) + reply[4:], peer
                        )
                self._udp.sendto(reply, peer)

    def _serve_tcp(self) -> None:
        self._tcp.settimeout(0.05)
        while self._open:
            try:
                connection, _ = self._tcp.accept()
            except TimeoutError:
                continue
            self.connections += 1
            with connection:
                connection.settimeout(0.05)
                self._serve_connection(connection)

    def _serve_connection(self, connection: socket.socket) -> None:
        buffer = b""
        answered = 0
        while self._open:
            try:
                data = connection.recv(65535)
            except TimeoutError:
                continue
            except OSError:
                return
            if not data:
                return
            buffer += data
            while len(buffer) >= 2 and len(buffer) >= 2 + (
                length := int.from_bytes(buffer[:2], "big")
            ):
                if answered == self.behaviour.answers_a_connection:
                    return
                for reply in self._replies(buffer[2 : 2 + length], "tcp"):
                    # In two pieces, as a stream may arrive.
                    framed = struct.pack("!H", len(reply)) + reply
                    connection.sendall(framed[:7])
                    connection.sendall(framed[7:])
                buffer = buffer[2 + length :]
                answered += 1

    def _replies(self, wire: bytes, transport: str) -> Iterator[bytes]:
        does = self.behaviour
        query = dns.message.from_wire(wire)
        question = query.question[0]
        key = (
            transport,
            question.name.to_text(omit_final_dot=True).lower(),
            dns.rdatatype.to_text(question.rdtype),
        )
        self.seen[key] += 1
        if transport == "udp" and self.seen[key] <= does.drop and does.dropped in (None, key[1]):
            return
        if does.silent_after is not None and len(self.seen) > does.silent_after:
            return
        time.sleep(does.delay)
        reply = self._reply(query)
        for kind in does.forged:
            yield forged(reply, kind)
        if (transport == "udp" and does.truncate) or (transport == "tcp" and does.tcp_truncates):
            reply.flags |= dns.flags.TC
            reply.answer, reply.authority = [], []
        good = reply.to_wire(max_size=65535)
        yield good if does.mangle is None else good[:4] + does.mangle

    def _reply(self, query: dns.message.Message) -> dns.message.Message:
        does = self.behaviour
        reply = dns.message.make_response(query)
        question = query.question[0]
        if does.rcode is not None:
            reply.set_rcode(does.rcode)
            return reply
        if does.lame:
            reply.authority.append(dns.rrset.from_text(".", 518400, "IN", "NS", "a.root.example."))
            return reply
        if does.authoritative and not does.recursive:
            reply.flags |= dns.flags.AA
        if does.recursive:
            reply.flags |= dns.flags.RA
        self._answer(reply, question.name, question.rdtype)
        return reply

    def _answer(
        self, reply: dns.message.Message, name: dns.name.Name, rdtype: dns.rdatatype.RdataType
    ) -> None:
        zone = next(
            (
                zone
                for zone in self.zones
                if zone.origin is not None and name.is_subdomain(zone.origin)
            ),
            None,
        )
        if zone is None:
            reply.flags &= ~dns.flags.AA
            reply.set_rcode(dns.rcode.NXDOMAIN if self.behaviour.recursive else dns.rcode.REFUSED)
            return
        if not self.behaviour.recursive and (cut := self._cut(zone, name)) is not None:
            reply.flags &= ~dns.flags.AA
            reply.authority.append(cut)
            return
        owner = next(
            (
                found
                for found in (name, dns.name.Name((b"*", *name.labels[1:])))
                if zone.get_node(found) is not None
            ),
            None,
        )
        if owner is None:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        found = zone.get_rrset(owner, rdtype) if owner is not None else None
        alias = zone.get_rrset(owner, "CNAME") if owner is not None else None
        answer = found if found is not None else alias
        if answer is not None:
            reply.answer.append(_owned(answer, name))
        else:
            soa = zone.get_rrset("@", "SOA")
            assert soa is not None
            assert zone.origin is not None
            reply.authority.append(_owned(soa, zone.origin))
        if found is None and alias is not None and self.behaviour.recursive:
            self._answer(reply, alias[0].target, rdtype)

    def _cut(self, zone: dns.zone.Zone, name: dns.name.Name) -> dns.rrset.RRset | None:
        assert zone.origin is not None
        for depth in range(len(zone.origin.labels) + 1, len(name.labels) + 1):
            above = dns.name.Name(name.labels[-depth:])
            found = zone.get_rrset(above, "NS")
            if found is not None:
                return _owned(found, above)
        return None


def _owned(found: dns.rrset.RRset, owner: dns.name.Name) -> dns.rrset.RRset:
    return dns.rrset.from_rdata_list(owner, found.ttl, list(found))


def forged(reply: dns.message.Message, kind: str) -> bytes:
    """Return what somebody else might send in the hope that it is taken for the reply."""
    wire = bytearray(reply.to_wire(max_size=65535))
    end = 12 + sum(1 + len(label) for label in reply.question[0].name.labels)
    wire[3] = (wire[3] & 0xF0) | dns.rcode.NXDOMAIN
    if kind == "id":
        wire[1] ^= 1
    elif kind == "question":
        wire[13] ^= 1
    elif kind == "type":
        wire[end + 1] ^= 1
    elif kind == "query":
        wire[2] &= 0x7F
    elif kind == "short":
        del wire[11:]
    return bytes(wire)


def zone(
    origin: str, records: str, nameservers: Sequence[str] = ("ns1.example.net",)
) -> dns.zone.Zone:
    """Return a zone with an SOA, an NS set and these records, names relative to `origin`."""
    top = "@ 3600 IN SOA ns1 hostmaster 1 3600 600 86400 300\n" + "".join(
        f"@ 3600 IN NS {name}.\n" for name in nameservers
    )
    return dns.zone.from_text(
        top + records, origin=origin + ".", relativize=False, check_origin=False
    )
