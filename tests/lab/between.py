"""Something between us and PowerDNS's API that changes what either says: a proxy, a bug."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.lab.powerdns import PowerDns

Change = Callable[
    [Any], Any
]  # the zone as the API tells it, or the changes that it is sent -> what is said instead


def same(data: Any) -> Any:
    return data


class Between:
    """`told` changes the zones that are read, `sent` the changes that are written.

    Octets are passed on as they are.

    `status` is what is answered to a write, and `written` whether it reaches the server at all.
    `version` is what the server says of itself. `asked` are the requests, by method and path.
    """

    def __init__(self, server: PowerDns) -> None:
        self.told: Change = same
        self.sent: Change = same
        self.status: int | None = None
        self.written = True
        self.read_status: int | None = None  # what is answered to a question about a zone
        self.version: str | None = None
        self.asked: list[tuple[str, str]] = []
        between = self

        class Handler(BaseHTTPRequestHandler):
            _serial: str | None = None

            def do_GET(self) -> None:
                if between.read_status is not None and "/zones/" in self.path:
                    self._say(between.read_status, b"{}")
                    return
                status, body = self._asked()
                if status == 200 and "/zones/" in self.path:
                    said = between.told(json.loads(body))
                    body = said if isinstance(said, bytes) else json.dumps(said).encode()
                elif self.path.endswith("/servers/localhost") and between.version is not None:
                    body = json.dumps({**json.loads(body), "version": between.version}).encode()
                self._say(status, body)

            def do_PATCH(self) -> None:
                body = json.dumps(
                    between.sent(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                ).encode()
                status, body = self._asked(body) if between.written else (204, b"")
                self._say(between.status or status, body)

            def _asked(self, body: bytes | None = None) -> tuple[int, bytes]:
                between.asked.append((self.command, self.path))
                connection = http.client.HTTPConnection("127.0.0.1", server.api_port, timeout=5)
                connection.request(
                    self.command,
                    self.path,
                    body,
                    {"X-API-Key": self.headers["X-API-Key"], "Content-Type": "application/json"},
                )
                answer = connection.getresponse()
                self._serial = answer.headers.get("X-PDNS-New-Serial")
                return answer.status, answer.read()

            def _say(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                if self._serial is not None:
                    self.send_header("X-PDNS-New-Serial", self._serial)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._http.server_address[1]
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
