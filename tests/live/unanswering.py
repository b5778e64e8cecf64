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
        port = held.getsockname()[1]
    yield ServerAddress("127.0.0.1", port)


@contextmanager
def silent_port() -> Iterator[ServerAddress]:
    """A loopback address that takes every packet and answers none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as held:
        held.bind(("127.0.0.1", 0))
        yield ServerAddress("127.0.0.1", held.getsockname()[1])
