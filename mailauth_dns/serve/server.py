"""An authoritative name server on loopback, UDP and TCP, for a directory of master files (RFC 1035 §4.2, RFC 7766).

It is for demos and tests on one machine: it binds to nothing but loopback, gives no transfers and takes no updates. A file is read again
when it changes, so that an apply is seen at once.
"""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import logging
import socket
import socketserver
import struct
import threading
from pathlib import Path
from typing import Any, Protocol

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from mailauth_dns.errors import ProviderError
from mailauth_dns.evaluate.zone_answers import Answer, Authority
from mailauth_dns.masterfile.lexer import MasterFileError
from mailauth_dns.masterfile.master_file import parse
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRset, Zone, quoted
from mailauth_dns.serve.wire_format import to_wire

_log = logging.getLogger(__name__)

_TRIES = 10  # ports, where any will do
UDP_SIZE = 1232  # octets we send at most over UDP, whatever the client says
TCP_IDLE = 10.0  # seconds
MAX_AT_ONCE = 64  # questions over UDP that a source looks for elsewhere
_PATIENCE = (
    1.0  # seconds that one more waits for its turn before it is dropped, and its client asks again
)


class Source(Protocol):
    """What a server answers from."""

    recursive: bool  # whether it finds out what it does not hold

    def answer(self, name: DomainName, type: str) -> Answer | None:
        """Return the answer to one question, or None where others are to be asked.

        Raises:
            ProviderError: the source cannot tell.
        """
        ...


def respond(question: dns.message.Message, source: Source) -> dns.message.Message:
    """Return the response to a message."""
    response = dns.message.make_response(question, our_payload=UDP_SIZE)
    if source.recursive:
        response.flags |= dns.flags.RA  # whatever becomes of this question (RFC 1035 §4.1.1)
    if question.edns > 0:
        response.set_rcode(dns.rcode.BADVERS)  # RFC 6891 §6.1.3
        return response
    if question.opcode() != dns.opcode.QUERY:
        response.set_rcode(dns.rcode.NOTIMP)
        return response
    if len(question.question) != 1:
        response.set_rcode(dns.rcode.FORMERR)
        return response
    [asked] = question.question
    name = DomainName(asked.name.to_text().rstrip(".").lower())
    if asked.rdclass != dns.rdataclass.IN or asked.rdtype in (
        dns.rdatatype.AXFR,
        dns.rdatatype.IXFR,
    ):
        response.set_rcode(dns.rcode.REFUSED)
        return response
    if dns.rdatatype.is_metatype(asked.rdtype) and asked.rdtype != dns.rdatatype.ANY:
        response.set_rcode(
            dns.rcode.NOTIMP
        )  # MAILA, TSIG and the like are no data that a name could hold (RFC 6895 §3.1)
        return response
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


def _wire_rrset(rrset: RRset, asked: dns.name.Name) -> dns.rrset.RRset:
    """Return a set as dnspython has it; what was asked for comes under the very letters of the question, which some clients compare."""
    texts = [quoted(value) if rrset.type == "TXT" else value for value in sorted(rrset.values)]
    name = dns.name.from_text(f"{rrset.name}.")
    return dns.rrset.from_text_list(
        asked if name == asked else name, rrset.ttl or 0, "IN", rrset.type, texts
    )


class Zones:
    """The zones of a directory, each read again when its file changed."""

    recursive = False

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._read: dict[str, tuple[tuple[int, int, int], Authority]] = {}

    def answer(self, name: DomainName, type: str) -> Answer | None:
        """Return the answer of the deepest zone that holds `name`, or None.

        Raises:
            ProviderError: its file cannot be read or is broken.
        """
        origin: str = name
        while origin:
            path = self._directory / f"{origin}.zone"
            if "/" not in origin and _is_file(path):
                return self._authority(origin, path).answer(name, type)
            _, _, origin = origin.partition(".")
        return None

    def _authority(self, name: str, path: Path) -> Authority:
        try:
            state = path.stat()
            stamp = (state.st_mtime_ns, state.st_size, state.st_ino)
            known = self._read.get(name)
            if known is not None and known[0] == stamp:
                return known[1]
        except OSError as error:
            raise ProviderError(f"{path}: {error.strerror}") from None
        authority = Authority(whole_zone(DomainName(name), path))
        if not authority.has_soa:
            raise ProviderError(f"{path}: the zone has no SOA record, so it is not served")
        self._read[name] = (stamp, authority)
        return authority


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return False
        raise ProviderError(f"{path}: {error.strerror}") from None


def whole_zone(origin: DomainName, path: Path) -> Zone:
    """Return the zone in a file.

    Raises:
        ProviderError: the file cannot be read, is broken, or does not say all that the zone holds.
    """
    try:
        master = parse(origin, path.read_bytes().decode("latin-1"))
    except MasterFileError as error:
        raise ProviderError(str(error)) from error
    except OSError as error:
        raise ProviderError(f"{path}: {error.strerror}") from None
    # To deny what another file or a loop would add, or without a SOA, would be to say "absent" for "unknown".
    if not master.whole:
        raise ProviderError(
            f"{path}: $INCLUDE and $GENERATE are not read here, so the zone is not served"
        )
    return master.zone()


def _reply(wire: bytes, source: Source, limit: int | None) -> bytes | None:
    """Return the response to a message in wire format, in at most `limit` octets; None where there is nothing to answer."""
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


class Server:
    """The server; a context manager that answers between entering and leaving."""

    def __init__(self, source: Path | Source, address: str = "127.0.0.1", port: int = 0) -> None:
        """Answer from `source`, which may be a directory of master files."""
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            raise ProviderError(f"{address} is not an address; use 127.0.0.1 or ::1") from None
        if not ip.is_loopback:
            raise ProviderError(
                f"{address} is not a loopback address; use 127.0.0.1 or ::1, and a real name server for the rest of the world"
            )
        if isinstance(source, Path) and not source.is_dir():
            raise ProviderError(f"{source}: there is no such folder")
        self._source = Zones(source) if isinstance(source, Path) else source
        self._family = socket.AF_INET6 if ip.version == 6 else socket.AF_INET
        self._address = address
        self.port = port
        self._servers: list[socketserver.BaseServer] = []
        self._stopped = threading.Event()

    def __enter__(self) -> Server:
        source = self._source
        family = self._family

        class Udp(socketserver.UDPServer):
            address_family = family
            max_packet_size = 4096

        class Threaded(socketserver.ThreadingMixIn, Udp):
            daemon_threads = True
            places = threading.BoundedSemaphore(MAX_AT_ONCE)

            def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as socketserver has it
                if self.places.acquire(timeout=_PATIENCE):
                    super().process_request(request, client_address)

            def process_request_thread(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as above
                try:
                    super().process_request_thread(request, client_address)
                finally:
                    self.places.release()

        class Tcp(socketserver.ThreadingTCPServer):
            address_family = family
            allow_reuse_address = True
            daemon_threads = True
            request_queue_size = 64

        class UdpHandler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                wire, answering = self.request
                reply = _reply(wire, source, UDP_SIZE)
                if reply is not None:
                    with contextlib.suppress(
                        OSError
                    ):  # the server has stopped, or the client is gone
                        answering.sendto(reply, self.client_address)

        class TcpHandler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                _converse(self.request, source)

        # Any port will do where none was asked for; the one that TCP is given can be taken for UDP.
        for left in reversed(range(_TRIES if self.port == 0 else 1)):
            tcp = None
            try:
                tcp = Tcp((self._address, self.port), TcpHandler)
                # What is looked for elsewhere may take its time, and holds up nobody else.
                udp = Threaded if source.recursive else Udp
                self._servers = [tcp, udp((self._address, tcp.server_address[1]), UdpHandler)]
                self.port = tcp.server_address[1]
                break
            except OSError as error:
                if tcp is not None:
                    tcp.server_close()
                if not left:
                    raise ProviderError(
                        f"{self._address} port {self.port}: {error.strerror}; --port takes another one"
                    ) from None
        for server in self._servers:
            threading.Thread(
                target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True
            ).start()
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()
        self._servers.clear()
        self._stopped.set()

    def wait(self) -> None:
        """Wait until the server is left from another thread, or the program is interrupted."""
        while not self._stopped.wait(1.0):
            pass


def _converse(connection: socket.socket, source: Source) -> None:
    """Answer the messages of one TCP connection (RFC 7766) until the client closes it or says nothing."""
    connection.settimeout(TCP_IDLE)
    try:
        while (head := _exactly(connection, 2)) is not None:
            wire = _exactly(connection, struct.unpack("!H", head)[0])
            reply = _reply(wire, source, None) if wire is not None else None
            if reply is None:
                return
            connection.sendall(struct.pack("!H", len(reply)) + reply)
    except OSError:
        return  # the client is gone or slow; nothing is lost


def _exactly(connection: socket.socket, size: int) -> bytes | None:
    received = b""
    while len(received) < size:
        part = connection.recv(size - len(received))
        if not part:
            return None
        received += part
    return received
