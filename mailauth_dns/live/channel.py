"""One server's questions on a connected socket: over UDP, and over TCP what UDP does not settle.

Up to `window` of them are in flight. Each has a random id (RFC 5452 §4.5). An answer counts only if
its id and its question section are those of a question in flight. To a server that is asked without
recursion, a question goes in mixed case, which makes it harder still to forge an answer.
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
from mailauth_dns.live.server_answer import ServerAnswer
from mailauth_dns.live.transport import Tcp, Udp
from mailauth_dns.records.name import DomainName

_TRUNCATED = "the answer is truncated"
_RESPELLED = "the answer spells the name in another case"
_NOT_ASKED = Unknown("was not asked")


@dataclass(frozen=True, slots=True)
class Limits:
    """`timeout` in seconds for each of the `tries`; `window` questions in flight."""

    timeout: float
    tries: int
    window: int


@dataclass(slots=True)
class Pending:
    """A question on the wire, and its state; `turn` numbers the queries."""

    name: DomainName
    type: str
    recurse: bool
    outcome: ServerAnswer | Unknown = _NOT_ASKED
    section: bytes = b""
    over_tcp: str | None = None  # why UDP does not settle it
    tried: int = 0
    turn: int = 0
    deadline: float = 0.0


class Channel:
    """One server's questions, each of which gets an outcome."""

    def __init__(
        self,
        endpoint: tuple[str, int],
        pending: Iterable[Pending],
        limits: Limits,
        selector: selectors.BaseSelector,
    ) -> None:
        self._endpoint = endpoint
        self._waiting = deque(pending)
        self._flying: dict[int, Pending] = {}  # in the order of their deadlines
        self._for_tcp: list[Pending] = []
        self._limits = limits
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
        """Every question that was queued has an outcome, or waits for TCP."""
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
        """Close the socket, if there is one."""
        if self._transport is not None:
            self._selector.unregister(self._transport.socket)
            self._transport.socket.close()
            self._transport = None

    def switch_to_tcp(self) -> bool:
        """Queue the questions that UDP did not settle for TCP; return False if there are none."""
        if not self._for_tcp:
            return False
        self._waiting.extend(self._for_tcp)
        self._for_tcp.clear()
        self._over = Tcp
        # A stream loses nothing, so there is one try, with the time of all of them.
        self._limits = Limits(self._limits.timeout * self._limits.tries, 1, self._limits.window)
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
                        pending, f"no answer ({self._limits.tries} x {self._limits.timeout:g} s)"
                    )
                    self._silent += 1
            if self._silent >= self._limits.window:
                self._fail(f"given up on: {self._silent} questions in a row got no answer")
            self._fill()
        except OSError as error:
            self._broken(error)

    def _has_its_turn_to_come(self, pending: Pending) -> bool:
        """Tell whether the server is still busy with questions that were sent before this one.

        Asking a busy server again makes it busier still, and we would give up on it only because it
        is slow. An answer to a later question shows that this one was lost.
        """
        return (
            self._heard_at > pending.deadline - self._limits.timeout
            and self._latest_turn < pending.turn
        )

    def _fill(self) -> None:
        free = min(self._limits.window - len(self._flying), len(self._waiting))
        if free > 0:
            for id in memoryview(secrets.token_bytes(2 * free)).cast("H"):
                if id not in self._flying:
                    self._send(id, self._waiting.popleft())
        if self._transport is not None and self._over is Tcp:
            self._selector.modify(self._transport.socket, self._transport.events, self)

    def _send(self, id: int, pending: Pending) -> None:
        assert self._transport is not None
        if not pending.tried:
            section = dns_message.question_section(pending.name, pending.type)
            # A forger cannot send over TCP. A resolver is near, and may be a router that respells.
            cased = self._over is Udp and not pending.recurse
            pending.section = dns_message.in_mixed_case(section) if cased else section
        pending.tried += 1
        self._turn += 1
        pending.turn = self._turn
        pending.deadline = time.monotonic() + self._limits.timeout
        self._flying[id] = pending
        self._transport.send(dns_message.query(id, pending.section, pending.recurse))

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
        truncated = dns_message.is_truncated(message)
        respelled = not pending.recurse and dns_message.respells(message, pending.section)
        if self._over is Udp and (truncated or respelled):
            pending.over_tcp = _TRUNCATED if truncated else _RESPELLED
            self._for_tcp.append(pending)
        elif truncated:
            self._settle(pending, "truncated as well")
        else:
            pending.outcome = dns_message.read(message, pending.name, pending.type)

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
            self._settle(pending, reason)
        self._flying.clear()
        self._waiting.clear()

    def _settle(self, pending: Pending, reason: str) -> None:
        pending.outcome = Unknown(
            reason if pending.over_tcp is None else f"{pending.over_tcp}, and over TCP: {reason}"
        )
