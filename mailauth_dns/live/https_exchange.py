"""One request over a connection that is already open: TLS, then HTTP/1.1."""

from __future__ import annotations

import socket
import ssl
from urllib.parse import SplitResult, quote, urljoin

import httpcore

from mailauth_dns.errors import printable
from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.evaluate.web_page import FetchResult, Page, Untrusted
from mailauth_dns.live.deadline import Deadline
from mailauth_dns.records.name import DomainName

_IN_URLS = "!$%&'()*+,/:;=?@[]"  # not escaped in a path or a query (RFC 3986 §3.3)
_REDIRECTS = (301, 302, 303, 307, 308)


def exchange(
    connection: socket.socket,
    host: DomainName,
    url: SplitResult,
    limit: int,
    context: ssl.SSLContext,
    deadline: Deadline,
) -> FetchResult:
    """Return the result of one request, and close the connection."""
    try:
        # A body without a length is whole only if TLS itself was closed. Anybody on the way can
        # close the connection below TLS (RFC 9112 §8).
        with context.wrap_socket(
            connection,
            server_hostname=host,
            do_handshake_on_connect=False,
            suppress_ragged_eofs=False,
        ) as secured:
            secured.settimeout(deadline.next_step())
            secured.do_handshake()
            return _page(_Stream(secured, deadline), host, url, limit)
    except ssl.SSLCertVerificationError as error:
        return Untrusted(error.verify_message)
    except ssl.SSLError as error:
        if _is_cut_off(error):
            return Unknown(f"{host} breaks off: the connection ends before TLS does")
        return Untrusted(f"TLS with {host} fails: {_words(error)}")
    except TimeoutError:
        return Unknown(f"{host} takes longer than {deadline.exceeded():g} s to answer")
    except EOFError:
        return Unknown(f"{host} breaks off: the response ends before it is whole")
    except OSError as error:
        return Unknown(f"{host} breaks off: {error.strerror or error}")
    except httpcore.RemoteProtocolError as error:
        # The wrong octets follow in the text, and may be many.
        return Unknown(f"{host} breaks HTTP: {str(error).partition(': bytearray')[0]}")


def _is_cut_off(error: ssl.SSLError) -> bool:
    """Tell whether the connection ended before TLS did.

    Python 3.11.2 over OpenSSL 3 has no exception class for this case.
    """
    return isinstance(error, ssl.SSLEOFError) or error.reason == "UNEXPECTED_EOF_WHILE_READING"


def _words(error: ssl.SSLError) -> str:
    return (error.reason or str(error)).replace("_", " ").lower()


class _Stream(httpcore.NetworkStream):
    """A TLS connection for httpcore to read. `ended` is true once the server has closed it."""

    def __init__(self, secured: ssl.SSLSocket, deadline: Deadline) -> None:
        self.ended = False
        self._secured = secured
        self._deadline = deadline

    # The deadline limits both, not httpcore's timeout.
    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        self._secured.settimeout(self._deadline.next_step())
        octets = self._secured.recv(max_bytes)
        self.ended = not octets
        return octets

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self._secured.settimeout(self._deadline.next_step())
        self._secured.sendall(buffer)

    def close(self) -> None:
        self._secured.close()


def _page(stream: _Stream, host: DomainName, url: SplitResult, limit: int) -> Page:
    port = url.port or 443
    target = quote((url.path or "/") + (f"?{url.query}" if url.query else ""), safe=_IN_URLS)
    asked = httpcore.URL(scheme="https", host=host, port=port, target=target)
    headers = [
        ("Host", host if port == 443 else f"{host}:{port}"),
        ("User-Agent", "mailauth-dns"),
        ("Connection", "close"),
    ]
    connection = httpcore.HTTP11Connection(asked.origin, stream)
    body = bytearray()
    try:
        with connection.stream("GET", asked, headers=headers) as response:
            for part in response.iter_stream():
                body += part
                if len(body) > limit:
                    break
    except httpcore.RemoteProtocolError as error:
        if stream.ended:
            raise EOFError from error
        raise
    said = {name.lower(): value for name, value in reversed(response.headers)}
    media_type = said.get(b"content-type", b"").decode("latin-1").partition(";")[0]
    # A redirect may hold octets of any charset; ask for it exactly as it came.
    location = quote(said.get(b"location", b""), safe=_IN_URLS + "#")
    return Page(
        response.status,
        printable(media_type.strip().lower()),
        bytes(body[:limit]),
        len(body) <= limit,
        printable(_joined(url.geturl(), location if response.status in _REDIRECTS else "")),
    )


def _joined(url: str, location: str) -> str:
    try:
        return urljoin(url, location) if location else ""
    except ValueError:  # it is not a URL; following it will say so
        return location
