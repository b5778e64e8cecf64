"""Addresses at which nobody answers."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from mailauth_dns.records.server_address import ServerAddress


@contextmanager
def closed_port() -> Iterator[ServerAddress]:
    """A loopback address where nothing listens."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as held:
        held.bind(("127.0.0.1", 0))
        server = ServerAddress(*held.getsockname())
        # It hears one address only, so the port is closed to all others, and nobody else takes it.
        held.connect(("127.0.0.1", 9))
        yield server


@contextmanager
def silent_port() -> Iterator[ServerAddress]:
    """A loopback address that takes every packet and answers none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as held:
        held.bind(("127.0.0.1", 0))
        yield ServerAddress("127.0.0.1", held.getsockname()[1])
