"""Many DNS questions at once, in one thread: each server has a socket of its own."""

from __future__ import annotations

import selectors
import time
from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.live.channel import Channel, Limits, Pending
from mailauth_dns.live.server_answer import ServerAnswer
from mailauth_dns.live.transport import has_route
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.server_address import ServerAddress

__all__ = ["Question", "ServerAddress", "ServerAnswer", "ask", "has_route"]

_SOCKETS = 100  # open at once; some systems allow a process only 256
_TICK = 0.02  # seconds between two checks for questions whose time is over


class Question(NamedTuple):
    """One name and type for one server; `recurse` asks it to find out what it does not know."""

    server: ServerAddress
    name: DomainName
    type: str
    recurse: bool = False


def ask(
    questions: Iterable[Question], *, timeout: float = 2.0, tries: int = 2, window: int = 100
) -> dict[Question, ServerAnswer | Unknown]:
    """Return what the servers say, one entry a question. Network trouble is Unknown.

    `timeout` is in seconds for each of the `tries`. It does not run out while a busy server answers
    questions that were sent earlier. A server that leaves `window` questions in a row unanswered is
    not asked the rest. The same question to the same address is sent once.
    """
    limits = Limits(timeout, tries, window)
    asked: dict[Question, Pending] = {}
    servers: dict[tuple[str, int], dict[tuple[DomainName, str, bool], Pending]] = {}
    for question in questions:
        # NS names of many zones may lead to one address. It has one window and is asked once.
        pending = servers.setdefault((question.server.address, question.server.port), {})
        key = (question.name, question.type, question.recurse)
        if key not in pending:
            pending[key] = Pending(*key)
        asked[question] = pending[key]
    with selectors.DefaultSelector() as selector:
        channels = (
            Channel(endpoint, pending.values(), limits, selector)
            for endpoint, pending in servers.items()
        )
        _run(deque(channels), selector)
    return {question: pending.outcome for question, pending in asked.items()}


def _run(channels: deque[Channel], selector: selectors.BaseSelector) -> None:
    """Run every channel to its end, `_SOCKETS` of them at a time."""
    running: set[Channel] = set()
    look = 0.0
    try:
        while channels or running:
            while channels and len(running) < _SOCKETS:
                channel = channels.popleft()
                running.add(channel)
                channel.open()
            # Taken before the sockets are read, so an answer is not late because we were slow.
            now = time.monotonic()
            touched: list[Channel] = []
            for key, events in selector.select(_TICK):
                key.data.ready(events)
                touched.append(key.data)
            if now >= look:
                look = now + _TICK
                touched = list(running)
                for channel in touched:
                    channel.expire(now)
            for channel in touched:
                if channel.finished:
                    channel.close()
                    running.discard(channel)
                    if channel.switch_to_tcp():
                        channels.append(channel)
    finally:
        for channel in running:
            channel.close()
