"""An HTTP API on loopback that a test can make busy, silent or wrong; it records what it is asked."""

from __future__ import annotations

import json
import threading
from abc import abstractmethod
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.providers.contract import ZONE, Api, Fault

LOGIN = "/login"  # what is asked there changes nothing


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any

    @property
    def writes(self) -> bool:
        return self.method != "GET" and self.path != LOGIN


@dataclass(frozen=True)
class Answer:
    """What is answered; a body of None is an empty one, and bytes are sent as they are."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """An answer of the API that ends the work on a request."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


class HttpStub(Api):
    """The part of a stub that is the same for every HTTP API."""

    watched = True

    def __init__(self) -> None:
        super().__init__()
        self._moments: list[frozenset[str]] = []
        self.asked: list[Asked] = []
        self._lock = threading.Lock()
        self._left: dict[Fault, int] = {}
        # What is answered instead; None lets a request pass.
        self.instead: Callable[[Asked], Answer | None] = lambda _asked: None
        self._listed_before = 0  # how often the zone was listed since a fault was asked for
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    # What each API has in its own way

    @abstractmethod
    def answer(self, asked: Asked) -> Answer:
        """Return what the API answers."""

    @abstractmethod
    def page_of(self, asked: Asked) -> int | None:
        """Return which page of a zone's listing is asked for, or None for another request."""

    @abstractmethod
    def busy(self, seconds: int) -> Answer:
        """Return what the API answers where it is asked too often."""

    @abstractmethod
    def refused(self, status: int, message: str) -> Answer:
        """Return an answer of this status that says why, in the form that the API has."""

    @abstractmethod
    def broken(self) -> Answer:
        """Return what the API answers where it fails."""

    def read(self, headers: Mapping[str, str], body: bytes) -> Any:
        """Return what the body of a request says."""
        form = headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
        return dict(parse_qsl(body.decode())) if form else json.loads(body)

    # Faults

    def _begin_listing(self) -> None:
        self._listed_before += 1
        if self._listed_before != 2:
            return
        if self.has(Fault.EMPTY_LATER):
            self.break_with(Fault.EMPTY)
        if self.has(Fault.MOVED):
            self.put(ZONE, "TXT", 3600, "token=added")

    def break_with(self, fault: Fault, times: int = 10**6) -> None:
        self._left[fault] = times
        if fault in (Fault.EMPTY_LATER, Fault.MOVED):
            self._listed_before = 0

    def has(self, fault: Fault) -> bool:
        """Tell whether a fault stands now, and use it up once."""
        left = self._left.get(fault, 0)
        self._left[fault] = left - 1
        return left > 0

    def requests(self) -> int:
        return len(self.asked)

    def listings(self) -> int:
        return sum(self.page_of(asked) is not None for asked in self.asked)

    def writes(self) -> int:
        return sum(asked.writes for asked in self.asked)

    def moments(self) -> list[frozenset[str]]:
        return self._moments

    def respond(self, asked: Asked) -> Answer | None:
        """Return the answer, or None to hang up."""
        with self._lock:
            self.asked.append(asked)
            if (said := self.instead(asked)) is not None:
                return said
            answer = self._respond(asked)
            self._moments.append(self.held().get((ZONE, "TXT"), (0, frozenset[str]()))[1])
            return answer

    def _respond(self, asked: Asked) -> Answer | None:
        page = self.page_of(asked)
        if (asked.writes and self.has(Fault.BUSY_WRITE)) or (page and self.has(Fault.BUSY_READ)):
            return self.busy(self.pause)
        if asked.writes and self.has(Fault.BROKEN_WRITE):
            return self.broken()
        if page == 2 and self.has(Fault.SECOND_PAGE):
            return self.broken()
        if page and self.has(Fault.SILENT_READ):
            return None
        if page == 1:
            self._begin_listing()
        if asked.writes and self.has(Fault.OVERTAKEN):
            self.put(ZONE, "TXT", 3600, "token=added")
        try:
            answer = self.answer(asked)
        except Refusal as refusal:
            return refusal.answer
        # It was done, and nobody hears of it.
        return None if asked.writes and self.has(Fault.SILENT_WRITE) else answer


def _json(body: Any) -> bytes:
    return b"" if body is None else json.dumps(body).encode()


def _handler(stub: HttpStub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            parts = urlsplit(self.path)
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            headers = {name.lower(): value for name, value in self.headers.items()}
            read = stub.read(headers, body) if body else None
            asked = Asked(self.command, parts.path, query, headers, read)
            answer = stub.respond(asked)
            if answer is None:
                self.close_connection = True
                return
            text = answer.body if isinstance(answer.body, bytes) else _json(answer.body)
            self.send_response(answer.status)
            for name, value in {"Content-Type": "application/json", **answer.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            with suppress(ConnectionError):  # of a client that has gone away
                self.end_headers()
                self.wfile.write(text)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _any

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler
