"""How many zone transfers a server sends at once, which only a refusal tells (BIND: transfers-out).

Lanes that are refused wait until a transfer of another lane has ended, however long that takes.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class TransfersAtOnce:
    """The transfers of all lanes from one server."""

    def __init__(self) -> None:
        self._now = 0
        self._limit: int | None = None  # not known
        self._ended = threading.Condition()

    @contextmanager
    def one(self) -> Iterator[None]:
        """Make one more when the server sends one more."""
        with self._ended:
            self._ended.wait_for(lambda: self._limit is None or self._now < self._limit)
            self._now += 1
        try:
            yield
        finally:
            with self._ended:
                self._now -= 1
                self._ended.notify()

    def are_fewer(self) -> bool:
        """Make fewer at once, since one was refused; tell whether that is possible.

        It is not where there was only the one that was refused. Then it was not refused for the
        number: the server cannot send that zone. What it said before tells nothing of others.
        """
        with self._ended:
            others = self._now - 1
            if others == 0:
                self._limit = None
                self._ended.notify_all()
                return False
            self._limit = others if self._limit is None else min(self._limit, others)
            return True


_servers: dict[tuple[str, int], TransfersAtOnce] = {}


def transfers_from(host: str, port: int) -> TransfersAtOnce:
    """Return the transfers from a server, which all lanes share."""
    return _servers.setdefault((host, port), TransfersAtOnce())
