"""An authoritative name server on loopback, UDP and TCP, for zones in master files.

It is for demos and tests on one machine (RFC 1035 §4.2, RFC 7766). It binds only to loopback, and
refuses transfers and updates. It reads a file again when it changes, so you see an apply at once.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import socketserver
import struct
import threading
from functools import partial
from pathlib import Path
from typing import Any

from mailauth_dns.errors import ProviderError
from mailauth_dns.serve.responses import UDP_SIZE, AnswerSource, reply
from mailauth_dns.serve.zone_directory import ZoneDirectory

_TRIES = 10  # ports to try if any will do
TCP_IDLE = 10.0  # seconds
MAX_AT_ONCE = 64  # questions over UDP for which a source asks others
_PATIENCE = (
    1.0  # seconds that one more question waits; then it is dropped, and its client repeats it
)


class LoopbackServer:
    """The server. It is a context manager, and answers from entering until leaving."""

    def __init__(
        self, source: Path | AnswerSource, address: str = "127.0.0.1", port: int = 0
    ) -> None:
        """Answer from `source`, which may be a directory of master files."""
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            raise ProviderError(f"{address} is not an address; use 127.0.0.1 or ::1") from None
        if not ip.is_loopback:
            raise ProviderError(
                f"{address} is not a loopback address; use 127.0.0.1 or ::1, "
                "and a real name server for the rest of the world"
            )
        if isinstance(source, Path) and not source.is_dir():
            raise ProviderError(f"{source}: there is no such folder")
        self._source = ZoneDirectory(source) if isinstance(source, Path) else source
        self._family = socket.AF_INET6 if ip.version == 6 else socket.AF_INET
        self._address = address
        self.port = port
        self._servers: list[socketserver.BaseServer] = []
        self._stopped = threading.Event()

    def __enter__(self) -> LoopbackServer:
        # Without a given port, any port will do, but the one that TCP gets may be in use for UDP.
        for left in reversed(range(_TRIES if self.port == 0 else 1)):
            try:
                self._bind()
                break
            except OSError as error:
                if not left:
                    raise ProviderError(
                        f"{self._address} port {self.port}: {error.strerror}; "
                        "--port takes another one"
                    ) from None
        for server in self._servers:
            threading.Thread(
                target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True
            ).start()
        return self

    def _bind(self) -> None:
        """Bind a server for TCP and one for UDP to the same port.

        Raises:
            OSError: the port is in use.
        """
        source = self._source
        family = self._family

        class Udp(_Udp):
            address_family = family

        class ThreadedUdp(_ThreadedUdp):
            address_family = family
            places = threading.BoundedSemaphore(MAX_AT_ONCE)

        class Tcp(_Tcp):
            address_family = family

        tcp = Tcp((self._address, self.port), partial(_TcpHandler, source))
        # A source that asks others may be slow; threads keep it from blocking other questions.
        udp = ThreadedUdp if source.recursive else Udp
        port: int = tcp.server_address[1]
        try:
            self._servers = [tcp, udp((self._address, port), partial(_UdpHandler, source))]
        except OSError:
            tcp.server_close()
            raise
        self.port = port

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


class _Udp(socketserver.UDPServer):
    max_packet_size = 4096


class _ThreadedUdp(socketserver.ThreadingMixIn, _Udp):
    """A thread for each question, and a limit to how many there are."""

    daemon_threads = True
    places: threading.BoundedSemaphore

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - its type
        if self.places.acquire(timeout=_PATIENCE):
            super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.places.release()


class _Tcp(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64


class _UdpHandler(socketserver.BaseRequestHandler):
    def __init__(self, source: AnswerSource, *args: Any) -> None:  # noqa: ANN401
        self._source = source
        super().__init__(*args)

    def handle(self) -> None:
        wire, answering = self.request
        response = reply(wire, self._source, UDP_SIZE)
        if response is not None:
            with contextlib.suppress(OSError):  # the server has stopped, or the client is gone
                answering.sendto(response, self.client_address)


class _TcpHandler(socketserver.BaseRequestHandler):
    def __init__(self, source: AnswerSource, *args: Any) -> None:  # noqa: ANN401
        self._source = source
        super().__init__(*args)

    def handle(self) -> None:
        _converse(self.request, self._source)


def _converse(connection: socket.socket, source: AnswerSource) -> None:
    """Answer the messages of one TCP connection (RFC 7766) until the client closes or is silent."""
    connection.settimeout(TCP_IDLE)
    try:
        while (head := _exactly(connection, 2)) is not None:
            wire = _exactly(connection, struct.unpack("!H", head)[0])
            response = reply(wire, source, None) if wire is not None else None
            if response is None:
                return
            connection.sendall(struct.pack("!H", len(response)) + response)
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
