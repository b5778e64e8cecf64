"""What a process and its workers say to one another, over pipes that nobody else holds.

A message is a pickle after its length in octets. A pickle can call anything, so that one is read
only from a process that this one has started, or that has started this one.
"""

from __future__ import annotations

import os
import pickle
from typing import IO, Any

_LENGTH = 8  # octets


def pickled(message: object) -> bytes:
    """Return a value as octets.

    Raises:
        Exception: whatever an object raises that cannot be pickled.
    """
    return pickle.dumps(message, pickle.HIGHEST_PROTOCOL)


def unpickled(data: bytes) -> Any:  # noqa: ANN401 - whatever was sent
    """Return the value that a message holds."""
    return pickle.loads(data)  # noqa: S301 - from our own worker, or to it


def write(descriptor: int, message: bytes) -> None:
    """Send a message.

    Raises:
        OSError: the other process has ended.
    """
    for piece in (len(message).to_bytes(_LENGTH, "big"), message):
        left = memoryview(piece)
        while left:
            left = left[os.write(descriptor, left) :]


def read(stream: IO[bytes]) -> bytes | None:
    """Return the next message; None if the other process has ended."""
    head = stream.read(_LENGTH)
    length = int.from_bytes(head, "big")
    data = stream.read(length) if len(head) == _LENGTH else b""
    return data if len(head) == _LENGTH and len(data) == length else None
