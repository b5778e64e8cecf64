"""A DNS server on loopback that sends what a script says, octet by octet."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress

from mailauth_dns.live import wire
from mailauth_dns.records.server_address import ServerAddress

SPF = b"v=spf1 -all"


class Elsewhere(bytes):
    """A datagram that is sent from another address, with the server's port."""


class Dead(Exception):
    """The script's server closes its socket, as when its process ends."""


UdpScript = Callable[[bytes], Sequence[bytes | float]]  # a number is a pause in seconds
TcpScript = Callable[[socket.socket], None]  # what happens on one connection


def section_of(query: bytes) -> bytes:
    """Return the question section of a query of ours."""
    return query[wire.HEADER.size : query.index(b"\0", wire.HEADER.size) + 5]


def reply(
    query: bytes,
    *texts: bytes,
    flags: int = wire.AA,
    section: bytes | None = None,
    counts: tuple[int, ...] | None = None,
) -> bytes:
    """Return a reply, with TXT records if they were asked for.

    `counts` are those of the four sections, true or not.
    """
    if section_of(query)[-4:-2] != wire.TXT.to_bytes(2, "big"):
        texts = ()
    records = b"".join(
        b"\xc0\x0c"
        + wire.FIXED.pack(wire.TXT, wire.IN, 300, len(text) + 1)
        + bytes((len(text),))
        + text
        for text in texts
    )
    id = int.from_bytes(query[:2], "big")
    header = wire.HEADER.pack(id, wire.QR | flags, *(counts or (1, len(texts), 0, 0)))
    return header + (section_of(query) if section is None else section) + records


def truth(query: bytes) -> bytes:
    """Return what the zone holds: an SPF record at every name."""
    return reply(query, SPF)


def lie(query: bytes) -> bytes:
    """Return that the name does not exist."""
    return reply(query, flags=wire.AA | wire.NXDOMAIN)


def framed(message: bytes) -> bytes:
    return len(message).to_bytes(2, "big") + message


def query_from(connection: socket.socket) -> bytes:
    """Return the next query on a connection; nothing where it has ended."""
    head = connection.recv(2, socket.MSG_WAITALL)
    return connection.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL)


@contextmanager
def scripted(udp: UdpScript, tcp: TcpScript | None = None) -> Iterator[ServerAddress]:
    """Serve both scripts; without one for TCP, nothing listens there."""
    with ExitStack() as stack:
        datagrams, other, stream = _sockets(stack)
        ended = threading.Event()
        threads = [threading.Thread(target=_serve_udp, args=(datagrams, other, udp, ended))]
        if tcp is not None:
            stream.listen(20)
            threads.append(threading.Thread(target=_serve_tcp, args=(stream, tcp, ended)))
        server = ServerAddress(*datagrams.getsockname())
        for thread in threads:
            thread.start()
        try:
            yield server
        finally:
            ended.set()
            for thread in threads:
                thread.join()


def _sockets(stack: ExitStack) -> tuple[socket.socket, socket.socket, socket.socket]:
    """Return sockets on one port: for datagrams, for those from elsewhere, and for connections."""
    while True:
        datagrams, other = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        stream = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        for each in (datagrams, other, stream):
            stack.enter_context(each)
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a test may bind it again
        try:
            datagrams.bind(("127.0.0.1", 0))
            port = datagrams.getsockname()[1]
            other.bind(("127.0.0.2", port))
            stream.bind(("127.0.0.1", port))
        except OSError:  # the port is somebody else's
            continue
        return datagrams, other, stream


def _serve_udp(
    datagrams: socket.socket, other: socket.socket, script: UdpScript, ended: threading.Event
) -> None:
    datagrams.settimeout(0.02)
    while not ended.is_set():
        try:
            query, asker = datagrams.recvfrom(4096)
        except TimeoutError:
            continue
        try:
            for each in script(query):
                if isinstance(each, float):
                    time.sleep(each)
                else:
                    (other if isinstance(each, Elsewhere) else datagrams).sendto(each, asker)
        except Dead:
            datagrams.close()
            return


def _serve_tcp(stream: socket.socket, script: TcpScript, ended: threading.Event) -> None:
    stream.settimeout(0.02)
    while not ended.is_set():
        with suppress(TimeoutError):
            connection, _ = stream.accept()
            with connection, suppress(OSError):
                connection.settimeout(1)
                script(connection)
