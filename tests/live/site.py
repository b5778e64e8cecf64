"""A web server on HTTPS with an authority of its own: in this process, or as a program elsewhere.

python -m tests.live.site FOLDER ADDRESS PORT    serves the files of FOLDER with FOLDER/site.pem
"""

from __future__ import annotations

import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


@dataclass(frozen=True)
class Reply:
    body: bytes = b""
    status: int = 200
    type: str = "text/plain"
    location: str | None = None
    drip: float = 0.0  # seconds between two octets of the body
    cut: bool = False  # ends before the body does
    sized: bool = True  # says how long the body is; else it ends with the connection
    closes: bool = True  # says that TLS ends before the connection does
    raw: bytes | None = None  # these octets are all that is sent, in place of a head and a body


class Authority:
    """A certificate authority; `root` is the file that trusts it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Test Authority")])
        self.root = folder / "root.pem"
        self.root.write_bytes(
            self._signed(
                self._name, self._key, x509.BasicConstraints(ca=True, path_length=0)
            ).public_bytes(Encoding.PEM)
        )

    def certificate(
        self, *hosts: str, days: int = 30, file: str = "site.pem", common_name: str = "site"
    ) -> Path:
        """Return a file with a key and a certificate for the hosts."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
        names = (
            [x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])] if hosts else []
        )
        path = self._folder / file
        path.write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            + self._signed(subject, key, *names, days=days).public_bytes(Encoding.PEM)
        )
        return path

    def _signed(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        *extensions: x509.ExtensionType,
        days: int = 30,
    ) -> x509.Certificate:
        end = datetime.now(UTC) + timedelta(days=days)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
        )
        builder = (
            builder.serial_number(x509.random_serial_number())
            .not_valid_before(end - timedelta(days=60))
            .not_valid_after(end)
        )
        for extension in extensions:
            builder = builder.add_extension(
                extension, critical=isinstance(extension, x509.BasicConstraints)
            )
        return builder.sign(self._key, hashes.SHA256())


@dataclass
class Site:
    """Serves `pages` by path over TLS; `seen` are the Host headers and paths of the requests."""

    certificate: Path
    pages: Mapping[str, Reply]
    address: str = "127.0.0.1"
    port: int = 0
    seen: list[tuple[str, str]] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer((self.address, self.port), _handler(self._reply))
        self._server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate)
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _reply(self, host: str, path: str) -> Reply:
        self.seen.append((host, path))
        return self.pages.get(path, Reply(b"not here", 404, "text/html"))


def _handler(reply: Callable[[str, str], Reply]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            said = reply(self.headers["Host"], self.path)
            if said.raw is not None:
                self.send(said.raw, closes=said.closes)
                return
            self.send_response(said.status)
            if said.type:
                self.send_header("Content-Type", said.type)
            if said.location is not None:
                self.send_header("Location", said.location)
            if said.sized:
                self.send_header("Content-Length", str(len(said.body) + said.cut))
            self.end_headers()
            try:
                for octet in said.body if said.drip else ():
                    self.wfile.write(bytes([octet]))
                    time.sleep(said.drip)
            except OSError:
                return  # who asked has left
            self.send(b"" if said.drip else said.body, closes=said.closes and not said.sized)

        def send(self, octets: bytes, *, closes: bool) -> None:
            with suppress(OSError):  # as above
                self.wfile.write(octets)
                self.wfile.flush()
                if closes:
                    self.connection.unwrap()  # every connection is a TLS one

        def log_message(self, format: str, *args: object) -> None: ...

    return Handler


class Port:
    """A port on loopback where every connection is given to `behave`, in plain octets."""

    def __init__(self, behave: Callable[[socket.socket], None]) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._behave = behave
        self.port: int = self._listening.getsockname()[1]

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)  # an accept that waits would keep the port
        self._listening.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            with connection:
                self._behave(connection)


class Folder(Mapping[str, Reply]):
    """Pages from files, read anew each time."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __getitem__(self, path: str) -> Reply:
        try:
            return Reply((self._path / path.removeprefix("/")).read_bytes())
        except OSError:
            raise KeyError(path) from None

    def __iter__(self) -> Iterator[str]:
        return (
            f"/{path.relative_to(self._path)}" for path in self._path.rglob("*") if path.is_file()
        )

    def __len__(self) -> int:
        return sum(1 for _ in self)


if __name__ == "__main__":
    folder, address, port = sys.argv[1:]
    with Site(Path(folder) / "site.pem", Folder(Path(folder) / "pages"), address, int(port)):
        threading.Event().wait()
