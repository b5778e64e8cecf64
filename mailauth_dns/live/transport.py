"""Non-blocking sockets that carry DNS messages, over UDP and TCP (RFC 1035 §4.2)."""

from __future__ import annotations

import errno
import os
import selectors
import socket

_RECEIVE_BUFFER = 1 << 20  # octets; the usual default loses some of a full window of large answers
_LARGEST = 65535  # octets of a DNS message


def _open(address: str, port: int, kind: socket.SocketKind) -> socket.socket:
    opened = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind)
    try:
        opened.setblocking(False)
        # Connected, so that the kernel drops datagrams of others and reports a closed port.
        status = opened.connect_ex((address, port))
        if status not in (0, errno.EINPROGRESS):
            raise OSError(status, os.strerror(status))
    except OSError:
        opened.close()
        raise
    return opened


def has_route(address: str, port: int) -> bool:
    """Tell whether this machine has a route to the address; nothing is sent."""
    try:
        _open(address, port, socket.SOCK_DGRAM).close()
    except OSError:
        return False
    return True


class Udp:
    """Datagrams to and from one server; a message too big for the socket's buffer is lost."""

    events = selectors.EVENT_READ

    def __init__(self, address: str, port: int) -> None:
        self.socket = _open(address, port, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)

    def send(self, wire: bytes) -> None:
        """Send one message.

        Raises:
            OSError: there is no route, or an earlier message did not arrive (RFC 1122 §4.1.3.3).
        """
        try:
            self.socket.send(wire)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.ENOBUFS):
                raise

    def receive(self, events: int) -> list[bytes]:  # noqa: ARG002 - reading is its only event
        """Return the messages that came in, at most 1000, so that other sockets have their turn.

        Raises:
            OSError: the server cannot be reached.
        """
        arrived: list[bytes] = []
        try:
            while len(arrived) < 1000:
                arrived.append(self.socket.recv(_LARGEST))
        except BlockingIOError:
            pass
        return arrived


class Tcp:
    """Messages over one connection, as many at once as are sent (RFC 7766 §6.2.1.1)."""

    def __init__(self, address: str, port: int) -> None:
        self.socket = _open(address, port, socket.SOCK_STREAM)
        self._out = bytearray()
        self._in = bytearray()

    @property
    def events(self) -> int:
        """What to wait for: always for data, and for room to write while something is queued."""
        return selectors.EVENT_READ | (selectors.EVENT_WRITE if self._out else 0)

    def send(self, wire: bytes) -> None:
        """Queue one message; it is sent when the connection is open and has room."""
        self._out += len(wire).to_bytes(2, "big") + wire

    def receive(self, events: int) -> list[bytes]:
        """Send queued messages, and return the complete ones that came in.

        Raises:
            OSError: the connection failed, or the server closed it.
        """
        if events & selectors.EVENT_WRITE:
            status = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if status:
                raise OSError(status, os.strerror(status))
            del self._out[: self.socket.send(self._out)]
        if not events & selectors.EVENT_READ:
            return []
        data = self.socket.recv(_LARGEST)
        if not data:
            raise ConnectionAbortedError(errno.ECONNABORTED, "the server closed the connection")
        self._in += data
        return self._frames()

    def _frames(self) -> list[bytes]:
        complete: list[bytes] = []
        at = 0
        while len(self._in) >= at + 2:
            end = at + 2 + int.from_bytes(self._in[at : at + 2], "big")
            if len(self._in) < end:
                break
            complete.append(bytes(self._in[at + 2 : end]))
            at = end
        del self._in[:at]
        return complete
