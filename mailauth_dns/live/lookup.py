"""Many DNS questions at once.

Each server has one connected UDP socket, with up to `window` questions in flight. Each has a random
id (RFC 5452 §4.5). An answer counts only if its id and its question section are those of a
question in flight. A question whose answer is truncated is asked again over TCP.
"""

from __future__ import annotations

import secrets
import selectors
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.live import dns_message
from mailauth_dns.live.dns_message import ServerAnswer
from mailauth_dns.live.transport import Tcp, Udp, has_route
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.server_address import ServerAddress

__all__ = ["Question", "ServerAddress", "ServerAnswer", "ask", "has_route"]

_SOCKETS = 100  # open at once; some systems allow a process only 256
_TICK = 0.02  # seconds between two checks for questions whose time is over


@dataclass(frozen=True, slots=True)
class Question:
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
    limits = _Limits(timeout, tries, window)
    done: dict[Question, ServerAnswer | Unknown] = {}
    servers: dict[tuple[str, int], dict[tuple[DomainName, str, bool], _Pending]] = {}
    for question in dict.fromkeys(questions):
        # NS names of many zones may lead to one address. It has one window and is asked once.
        pending = servers.setdefault((question.server.address, question.server.port), {})
        key = (question.name, question.type, question.recurse)
        if key in pending:
            pending[key].questions.append(question)
        else:
            pending[key] = _Pending(
                [question], dns_message.question_section(question.name, question.type)
            )
    with selectors.DefaultSelector() as selector:
        channels = (
            _Channel(endpoint, pending.values(), limits, done, selector)
            for endpoint, pending in servers.items()
        )
        _run(deque(channels), selector)
    return done


@dataclass(frozen=True, slots=True)
class _Limits:
    timeout: float
    tries: int
    window: int


@dataclass(slots=True)
class _Pending:
    """Questions that are the same on the wire, and their state; `turn` numbers the queries."""

    questions: list[Question]
    section: bytes
    tried: int = 0
    turn: int = 0
    deadline: float = 0.0


class _Channel:
    """One server's questions: first over UDP, then those with truncated answers over TCP."""

    def __init__(
        self,
        endpoint: tuple[str, int],
        pending: Iterable[_Pending],
        limits: _Limits,
        done: dict[Question, ServerAnswer | Unknown],
        selector: selectors.BaseSelector,
    ) -> None:
        self._endpoint = endpoint
        self._waiting = deque(pending)
        self._flying: dict[int, _Pending] = {}  # in the order of their deadlines
        self._truncated: list[_Pending] = []
        self._limits = limits
        self._done = done
        self._selector = selector
        self._transport: Udp | Tcp | None = None
        self._over: type[Udp] | type[Tcp] = Udp
        self._answered = False  # on this socket
        self._heard_at = 0.0  # when the last answer came on this socket
        self._turn = 0  # of the query that was sent last
        self._latest_turn = 0  # the highest turn that was answered
        self._silent = 0  # questions in a row that got no answer

    @property
    def finished(self) -> bool:
        return not (self._waiting or self._flying)

    def open(self) -> None:
        """Open the socket and send the first questions. If that fails, all become Unknown."""
        self._answered = False
        self._heard_at = 0.0
        try:
            self._transport = self._over(*self._endpoint)
            self._selector.register(self._transport.socket, self._transport.events, self)
            self._fill()
        except OSError as error:
            self._fail(self._refusal(error))

    def close(self) -> None:
        if self._transport is not None:
            self._selector.unregister(self._transport.socket)
            self._transport.socket.close()
            self._transport = None

    def switch_to_tcp(self) -> bool:
        """Queue the questions with truncated answers for TCP; return False if there are none."""
        if not self._truncated:
            return False
        self._waiting.extend(self._truncated)
        self._truncated.clear()
        self._over = Tcp
        # A stream loses nothing, so there is one try, with the time of all of them.
        self._limits = _Limits(self._limits.timeout * self._limits.tries, 1, self._limits.window)
        self._silent = 0
        for pending in self._waiting:
            pending.tried = 0
        return True

    def ready(self, events: int) -> None:
        """Take the answers that came in, and send new questions in their place."""
        assert self._transport is not None
        try:
            for message in self._transport.receive(events):
                self._hear(message)
            self._fill()
        except OSError as error:
            self._broken(error)

    def expire(self, now: float) -> None:
        """Send overdue questions again, or give them up."""
        try:
            while self._flying:
                id, pending = next(iter(self._flying.items()))
                if pending.deadline > now:
                    break
                del self._flying[id]
                if self._has_its_turn_to_come(pending):
                    pending.deadline = now + self._limits.timeout
                    self._flying[id] = pending
                elif pending.tried < self._limits.tries:
                    self._send(id, pending)
                else:
                    self._settle(
                        pending,
                        Unknown(
                            self._said(
                                f"no answer ({self._limits.tries} x {self._limits.timeout:g} s)"
                            )
                        ),
                    )
                    self._silent += 1
            if self._silent >= self._limits.window:
                self._fail(f"given up on: {self._silent} questions in a row got no answer")
            self._fill()
        except OSError as error:
            self._broken(error)

    def _has_its_turn_to_come(self, pending: _Pending) -> bool:
        """Tell whether the server is still busy with questions that were sent before this one.

        Asking a busy server again makes it busier still, and we would give up on it only because it
        is slow. An answer to a later question shows that this one was lost.
        """
        return (
            self._heard_at > pending.deadline - self._limits.timeout
            and self._latest_turn < pending.turn
        )

    def _fill(self) -> None:
        while self._waiting and len(self._flying) < self._limits.window:
            id = secrets.randbits(16)
            if id not in self._flying:
                self._send(id, self._waiting.popleft())
        if self._transport is not None and self._over is Tcp:
            self._selector.modify(self._transport.socket, self._transport.events, self)

    def _send(self, id: int, pending: _Pending) -> None:
        assert self._transport is not None
        pending.tried += 1
        self._turn += 1
        pending.turn = self._turn
        pending.deadline = time.monotonic() + self._limits.timeout
        self._flying[id] = pending
        self._transport.send(dns_message.query(id, pending.section, pending.questions[0].recurse))

    def _hear(self, message: bytes) -> None:
        if len(message) < dns_message.HEADER_SIZE:
            return
        id = dns_message.message_id(message)
        pending = self._flying.get(id)
        if pending is None or not dns_message.replies_to(message, pending.section):
            return
        del self._flying[id]
        self._answered = True
        self._heard_at = time.monotonic()
        self._latest_turn = max(self._latest_turn, pending.turn)
        self._silent = 0
        question = pending.questions[0]
        if not dns_message.is_truncated(message):
            self._settle(pending, dns_message.read(message, question.name, question.type))
        elif self._over is Udp:
            self._truncated.append(pending)
        else:
            self._settle(pending, Unknown(self._said("truncated as well")))

    def _broken(self, error: OSError) -> None:
        self.close()
        if self._answered:
            # A server may close a connection after any answer (RFC 7766 §6.2.4). Ask the rest on a
            # new one.
            self._waiting.extendleft(reversed(self._flying.values()))
            self._flying.clear()
            for pending in self._waiting:
                pending.tried = 0
            if self._waiting:
                self.open()
        else:
            self._fail(self._refusal(error))

    def _refusal(self, error: OSError) -> str:
        protocol = "UDP" if self._over is Udp else "TCP"
        if isinstance(error, ConnectionRefusedError):
            return f"refused: nothing listens on {protocol} port {self._endpoint[1]}"
        return f"cannot be asked: {error.strerror or error}"

    def _fail(self, reason: str) -> None:
        for pending in (*self._flying.values(), *self._waiting):
            self._settle(pending, Unknown(self._said(reason)))
        self._flying.clear()
        self._waiting.clear()

    def _said(self, reason: str) -> str:
        return reason if self._over is Udp else f"the answer is truncated, and over TCP: {reason}"

    def _settle(self, pending: _Pending, outcome: ServerAnswer | Unknown) -> None:
        for question in pending.questions:
            self._done[question] = outcome


def _run(channels: deque[_Channel], selector: selectors.BaseSelector) -> None:
    """Run every channel to its end, `_SOCKETS` of them at a time."""
    running: set[_Channel] = set()
    look = 0.0
    try:
        while channels or running:
            while channels and len(running) < _SOCKETS:
                channel = channels.popleft()
                running.add(channel)
                channel.open()
            # Taken before the sockets are read, so an answer is not late because we were slow.
            now = time.monotonic()
            touched: list[_Channel] = []
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
