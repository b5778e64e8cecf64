"""Networks and servers that fail, each in its way, and the reason that is to be told."""

from __future__ import annotations

import errno
import os
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from typing import NamedTuple

from mailauth_dns.live import wire
from mailauth_dns.records.server_address import ServerAddress
from tests.live.scripted import (
    SPF,
    TcpScript,
    UdpScript,
    framed,
    lie,
    query_from,
    reply,
    scripted,
    truth,
)
from tests.live.unanswering import closed_port, silent_port


class Fault(NamedTuple):
    """What a server does, and what is said of it."""

    server: Callable[[], AbstractContextManager[ServerAddress]]
    reason: str


def over_udp(script: UdpScript, reason: str) -> Fault:
    return Fault(lambda: scripted(script), reason)


def truncated(query: bytes) -> list[bytes]:
    return [reply(query, flags=wire.AA | wire.TC)]


def over_tcp(script: TcpScript, reason: str) -> Fault:
    return Fault(
        lambda: scripted(truncated, script), f"the answer is truncated, and over TCP: {reason}"
    )


def says(*pieces: bytes | float) -> TcpScript:
    """Send these octets, whatever is asked; a number is a pause. Then keep silent."""

    def script(connection: socket.socket) -> None:
        query_from(connection)
        for piece in pieces:
            if isinstance(piece, float):
                time.sleep(piece)
            else:
                connection.sendall(piece)
        with suppress(TimeoutError):
            while connection.recv(4096):
                pass

    return script


def answers(*messages: Callable[[bytes], bytes], close_after: int | None = None) -> TcpScript:
    """Send what each of these makes of the query, framed; of the last, `close_after` octets."""

    def script(connection: socket.socket) -> None:
        while query := query_from(connection):
            octets = b"".join(framed(message(query)) for message in messages)
            connection.sendall(octets[:close_after])
            if close_after is not None:
                hang_up(connection)
                return

    return script


def hang_up(connection: socket.socket) -> None:
    """Close in order: octets that nobody read would make it a reset."""
    connection.shutdown(socket.SHUT_WR)
    while connection.recv(4096):
        pass


def reset(connection: socket.socket) -> None:
    query_from(connection)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@contextmanager
def half_open() -> Iterator[ServerAddress]:
    """A server whose TCP port takes no more connections: they neither open nor fail."""
    with scripted(truncated) as server, ExitStack() as stack:
        stream = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stream.bind((server.address, server.port))
        stream.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            waiting.setblocking(False)
            assert waiting.connect_ex((server.address, server.port)) == errno.EINPROGRESS
        yield server


def referral(to: bytes) -> UdpScript:
    record = to + wire.FIXED.pack(wire.NS, wire.IN, 300, 3) + b"\1a\0"
    return lambda query: [reply(query, flags=0, counts=(1, 0, 1, 0)) + record]


def with_opt(ttl: int, times: int = 1) -> UdpScript:
    record = b"\0" + wire.FIXED.pack(wire.OPT, 1232, ttl, 0)
    return lambda query: [reply(query, counts=(1, 0, 0, times)) + record * times]


DRIP: tuple[bytes, float] = (b"\x7f", 0.03)
NO_ANSWER = "no answer (1 x 0.4 s)"
FAULTS = {
    "silence": Fault(silent_port, "no answer (2 x 0.2 s)"),
    "a closed port": Fault(closed_port, "refused: nothing listens on UDP port "),
    "no route": Fault(
        lambda: nullcontext(ServerAddress("255.255.255.255")),
        f"cannot be asked: {os.strerror(errno.EACCES)}",
    ),
    # What the server says of itself
    "SERVFAIL": over_udp(lambda query: [reply(query, flags=wire.SERVFAIL)], "answers SERVFAIL"),
    "REFUSED": over_udp(lambda query: [reply(query, flags=wire.REFUSED)], "answers REFUSED"),
    "FORMERR": over_udp(
        lambda query: [reply(query, flags=wire.FORMERR, section=b"", counts=(0, 0, 0, 0))],
        "answers FORMERR",
    ),
    "SERVFAIL with the record": over_udp(
        lambda query: [reply(query, SPF, flags=wire.AA | wire.SERVFAIL)], "answers SERVFAIL"
    ),
    "an rcode with bits in OPT": over_udp(with_opt(1 << 24), "answers BADVERS"),
    "lame, with the record": over_udp(lambda query: [reply(query, SPF, flags=0)], "lame"),
    "lame, no such name": over_udp(lambda query: [reply(query, flags=wire.NXDOMAIN)], "lame"),
    "lame, nothing there": over_udp(lambda query: [reply(query, flags=0)], "lame"),
    "lame, go to the root": over_udp(referral(b"\0"), "lame"),
    "lame, go to others": over_udp(referral(b"\xc0\x0c"), "lame"),
    # Malformed
    "more records are promised": over_udp(
        lambda query: [reply(query, SPF, counts=(1, 2, 0, 0))], "malformed answer"
    ),
    "less records are promised": over_udp(
        lambda query: [reply(query, SPF, counts=(1, 0, 0, 0))], "malformed answer"
    ),
    "the end is cut off": over_udp(lambda query: [truth(query)[:-1]], "malformed answer"),
    "octets follow the end": over_udp(lambda query: [lie(query) + b"\0"], "malformed answer"),
    "OPT twice": over_udp(with_opt(0, times=2), "malformed answer"),
    # Truncated, and then TCP
    "TCP refused": Fault(lambda: scripted(truncated), "over TCP: refused: nothing listens on TCP "),
    "TCP half-open": Fault(half_open, f"over TCP: {NO_ANSWER}"),
    "TCP silent": over_tcp(says(), NO_ANSWER),
    "TCP closed at once": over_tcp(hang_up, "cannot be asked: the server closed the connection"),
    "TCP reset": over_tcp(reset, f"cannot be asked: {os.strerror(errno.ECONNRESET)}"),
    "TCP closed within the answer": over_tcp(
        answers(truth, close_after=20), "cannot be asked: the server closed the connection"
    ),
    "TCP stops within the answer": over_tcp(says(b"\0\x40", b"\0\1\x84"), NO_ANSWER),
    "TCP drips": over_tcp(says(*(DRIP * 20)), NO_ANSWER),
    "TCP says something else": over_tcp(says(b"HTTP/1.1 400 Bad Request\r\n\r\n"), NO_ANSWER),
    "TCP sends empty messages": over_tcp(says(bytes(2000)), NO_ANSWER),
    "TCP answers another question": over_tcp(
        answers(lambda query: lie(query[:13] + b"?" + query[14:])), NO_ANSWER
    ),
    "TCP truncates too": over_tcp(answers(lambda query: truncated(query)[0]), "truncated as well"),
    "TCP malformed": Fault(
        lambda: scripted(truncated, answers(lambda query: truth(query)[:-1])), "malformed answer"
    ),
    "TCP SERVFAIL": Fault(
        lambda: scripted(truncated, answers(lambda query: reply(query, flags=wire.SERVFAIL))),
        "answers SERVFAIL",
    ),
}
