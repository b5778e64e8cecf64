"""HTTPS as senders use it to fetch an MTA-STS policy (RFC 8461 §3.3): certificates are verified, redirects followed only where asked.

No proxy is used, no cookie sent and nothing cached: what is seen is what the server tells a stranger now.
"""

from __future__ import annotations

import http.client
import io
import os
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from mailauth_dns.errors import ObservationError, RecordSyntaxError, printable
from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.evaluate.web_page import Nothing, Outcome, Page, Request, Untrusted
from mailauth_dns.live.public_addresses import is_public
from mailauth_dns.records.name import DomainName, domain_name

Addresses = Callable[[DomainName], Sequence[str]]

_CONNECT = 5.0  # seconds to reach one address
_ADDRESSES = 4  # of one host that are tried
_WHOLE = 20.0  # seconds for one response, connecting included; RFC 8461 §3.3 suggests a minute to senders, who can try again later
_AT_ONCE = 32  # servers asked at the same time
_IN_URLS = "!$%&'()*+,/:;=?@[]"  # what stands in a path or a query as it is (RFC 3986 §3.3); a redirect may hold anything
_REDIRECTS = (301, 302, 303, 307, 308)


def fetch(
    requests: Iterable[Request], addresses: Addresses, *, private: bool = False
) -> dict[Request, Outcome]:
    """Return what the web says to each request; `addresses` tells where a host is, and raises ObservationError where nobody can.

    Every certificate must be for the host and lead to an authority that this machine trusts (SSL_CERT_FILE names others). Whoever
    writes a record chooses where this machine connects to: addresses that are not public are asked only if `private` says so.
    """
    wanted = list(dict.fromkeys(requests))
    if not wanted:
        return {}
    context = _context()
    trusting = _has_authorities(context)
    one_at_a_time = threading.Lock()
    outcomes: dict[Request, Outcome] = {}
    left: queue.SimpleQueue[Request] = queue.SimpleQueue()
    for request in wanted:
        left.put(request)

    def located(host: DomainName) -> Sequence[str]:
        with one_at_a_time:
            found = addresses(host)
        # These are what is connected to, and DNS is not asked again: no second answer can lead elsewhere.
        return found if private else _public(host, found)

    def fetching() -> None:
        with suppress(queue.Empty):
            while True:
                request = left.get_nowait()
                outcome = (
                    _followed(request, located, context)
                    if trusting
                    else Unknown("this machine has no certificate authorities")
                )
                outcomes[request] = outcome

    # Threads of a pool are waited for when the program ends; an interrupt must not wait for what these have open.
    threads = [
        threading.Thread(target=fetching, daemon=True) for _ in range(min(_AT_ONCE, len(wanted)))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def _public(host: DomainName, found: Sequence[str]) -> Sequence[str]:
    """Return the addresses that are public.

    Raises:
        ObservationError: there are addresses, and none of them is.
    """
    public = [address for address in found if is_public(address)]
    if found and not public:
        raise ObservationError(
            f"{host} is at {found[0]}, which is no public address: not asked; --private-web asks there too"
        )
    return public


def _context() -> ssl.SSLContext:
    """Return what is checked of a server, the same whatever Python runs and whatever its defaults are."""
    context = ssl.SSLContext(
        ssl.PROTOCOL_TLS_CLIENT
    )  # a certificate that leads to an authority, and is for the host
    # RFC 8461 §3.3 lets only a name in subjectAltName count; OpenSSL would take the common name where there is none.
    context.hostname_checks_common_name = False
    # Chains are checked as mail servers do it, which run OpenSSL and others with their defaults. Python 3.13 adds X509_STRICT, which wants
    # an authority key identifier in each certificate, and PARTIAL_CHAIN: what senders accept would be told as wrong, or the reverse.
    context.verify_flags = ssl.VERIFY_X509_TRUSTED_FIRST
    context.minimum_version = (
        ssl.TLSVersion.TLSv1_2
    )  # RFC 8461 §3.3 leaves it to BCP 195; RFC 8996 takes older ones away
    # Python 3.11.2, which Debian 12 has, sets it: the end of a connection, which anybody on the way can make, would be the end of TLS.
    context.options &= ~getattr(
        ssl, "OP_IGNORE_UNEXPECTED_EOF", 0
    )  # OpenSSL 1.1.1 has no such thing
    context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    return context


def _has_authorities(context: ssl.SSLContext) -> bool:
    """Tell whether there is anything to verify a certificate with; without it every server would seem to be an impostor."""
    paths = ssl.get_default_verify_paths()
    folders = os.environ.get(paths.openssl_capath_env, paths.openssl_capath).split(os.pathsep)
    # What is in a folder is read when it is needed: by its name, which is a hash.
    return context.cert_store_stats()["x509"] > 0 or any(
        any(Path(folder).glob("[0-9a-f]" * 8 + ".[0-9]*")) for folder in folders
    )


def _followed(request: Request, addresses: Addresses, context: ssl.SSLContext) -> Outcome:
    url = request.url
    for left in range(request.redirects, -1, -1):
        outcome = _fetched(url, request.limit, addresses, context)
        if not (isinstance(outcome, Page) and outcome.location and left):
            break
        url = outcome.location
    return outcome


def _fetched(url: str, limit: int, addresses: Addresses, context: ssl.SSLContext) -> Outcome:
    try:
        parts = urlsplit(url)
        name = parts.hostname or ""
    except ValueError:
        return Nothing(f"{url} names no host")
    with suppress(ValueError):
        ip_address(name)
        return Nothing(f"{url} names an address where the name of a host must stand")
    try:
        host = domain_name(name)
    except RecordSyntaxError:
        return Nothing(f"{url} names no host")
    try:
        port = parts.port or 443
    except ValueError:
        return Nothing(f"{url} names a port that cannot be")
    if parts.scheme != "https":
        return Nothing(f"{url} is not https")
    try:
        found = addresses(host)
    except ObservationError as error:
        return Unknown(str(error))
    if not found:
        return Nothing(f"{host} has no address")
    deadline = time.monotonic() + _WHOLE
    outcome: Outcome = Unknown(
        f"the first {_ADDRESSES} of {len(found)} addresses of {host} refuse, and no other was tried"
    )
    refused: list[str] = []
    for address in found[:_ADDRESSES]:
        try:
            connection = socket.create_connection(
                (address, port), timeout=max(min(_CONNECT, deadline - time.monotonic()), 0.001)
            )
        except ConnectionRefusedError:
            refused.append(f"nothing listens on {address} port {port}")
        except OSError as error:
            outcome = Unknown(f"{address} port {port} cannot be reached: {_words(error)}")
        else:
            connection.settimeout(_CONNECT)
            return _asked(connection, host, parts, limit, context, deadline)
    # Where one address could not be reached, another look may find it serving.
    return Nothing("; ".join(refused)) if len(refused) == len(found) else outcome


def _asked(
    connection: socket.socket,
    host: DomainName,
    parts: SplitResult,
    limit: int,
    context: ssl.SSLContext,
    deadline: float,
) -> Outcome:
    late = threading.Event()
    # A body without a length is whole where TLS was closed and not only the connection, which anybody on the way can do (RFC 9112 §8).
    with context.wrap_socket(
        connection, server_hostname=host, do_handshake_on_connect=False, suppress_ragged_eofs=False
    ) as secured:

        def give_up() -> None:
            late.set()
            with suppress(OSError):  # it may be closed by now
                socket.socket.shutdown(
                    secured, socket.SHUT_RDWR
                )  # SSLSocket's own would take TLS from under the reader

        # A socket's own timeout begins anew with every octet that drips in.
        clock = threading.Timer(max(deadline - time.monotonic(), 0.0), give_up)
        clock.daemon = True
        clock.start()
        try:
            secured.do_handshake()
            page = _response(secured, host, parts, limit)
            return _late(host, _WHOLE) if late.is_set() else page
        except ssl.SSLCertVerificationError as error:
            return Untrusted(error.verify_message)
        except (OSError, http.client.HTTPException) as error:
            if late.is_set() or isinstance(error, TimeoutError):
                return _late(host, _WHOLE if late.is_set() else _CONNECT)
            if isinstance(error, ssl.SSLError) and not _ended(error):
                return Untrusted(f"TLS with {host} fails: {_words(error)}")
            return Unknown(f"{host} breaks off: {_words(error)}")
        finally:
            clock.cancel()


def _ended(error: ssl.SSLError) -> bool:
    """Tell whether the connection ended before TLS did; Python 3.11.2 has no class of its own for it where OpenSSL 3 is below."""
    return isinstance(error, ssl.SSLEOFError) or error.reason == "UNEXPECTED_EOF_WHILE_READING"


class _Lines(io.BufferedReader):
    """Lines of a response's head and of its chunks, each of them whole: http.client takes the end of a head that is cut off for its end."""

    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        if not line.endswith(b"\n") and len(line) != size:
            raise http.client.IncompleteRead(line)
        return line


class _Response(http.client.HTTPResponse):
    def __init__(
        self,
        sock: socket.socket,
        debuglevel: int = 0,
        method: str | None = None,
        url: str | None = None,
    ) -> None:
        super().__init__(sock, debuglevel, method, url)
        self.fp = _Lines(self.fp.detach())


def _response(secured: ssl.SSLSocket, host: DomainName, parts: SplitResult, limit: int) -> Page:
    client = http.client.HTTPConnection(host)
    client.response_class = _Response
    client.sock = secured
    target = quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe=_IN_URLS)
    client.putrequest("GET", target, skip_host=True, skip_accept_encoding=True)
    client.putheader("Host", f"{host}:{parts.port}" if parts.port not in (None, 443) else host)
    client.putheader("User-Agent", "mailauth-dns")
    client.putheader("Connection", "close")
    client.endheaders()
    response = client.getresponse()
    body = response.read(limit + 1)
    if len(body) <= limit and response.length:
        raise http.client.IncompleteRead(body, response.length)
    location = response.headers.get("Location", "") if response.status in _REDIRECTS else ""
    # It may hold octets of any charset, and is to be asked for as it came.
    location = quote(location.encode("latin-1"), safe=_IN_URLS + "#")
    media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return Page(
        response.status,
        printable(media_type),
        body[:limit],
        len(body) <= limit,
        printable(_joined(parts.geturl(), location)),
    )


def _joined(url: str, location: str) -> str:
    try:
        return urljoin(url, location) if location else ""
    except ValueError:  # what is no URL leads nowhere, which following it will find out
        return location


def _late(host: DomainName, seconds: float) -> Unknown:
    return Unknown(f"{host} takes longer than {seconds:g} s to answer")


def _words(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        if _ended(error):
            return "the connection ends before TLS does"
        return (error.reason or str(error)).replace("_", " ").lower()
    if isinstance(error, http.client.IncompleteRead):
        return "the response ends before it is whole"
    if isinstance(error, TimeoutError):
        return f"no answer within {_CONNECT:g} s"
    return (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
