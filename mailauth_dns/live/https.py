"""HTTPS as senders use it to fetch an MTA-STS policy (RFC 8461 §3.3).

It verifies certificates, and follows redirects only where asked. It uses no proxy, sends no cookie
and caches nothing, so it sees what the server tells a stranger now.
"""

from __future__ import annotations

import os
import queue
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from mailauth_dns.errors import ObservationError, RecordSyntaxError
from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.evaluate.web_page import FetchResult, Nothing, Page, Request
from mailauth_dns.live.deadline import Deadline
from mailauth_dns.live.public_addresses import is_public
from mailauth_dns.records.name import DomainName, domain_name

Addresses = Callable[[DomainName], Sequence[str]]

_CONNECT = 5.0  # seconds to reach one address
_ADDRESSES = 4  # how many addresses of one host are tried
# Seconds for one response, connecting included. RFC 8461 §3.3 suggests a minute to senders, who can
# try again later.
_WHOLE = 20.0
_AT_ONCE = 32  # servers asked at the same time


@dataclass(frozen=True, slots=True)
class Https:
    """A `Fetcher` that asks the real web.

    `addresses` returns a host's addresses, and raises ObservationError if they are unknown. Whoever
    writes a record chooses where this machine connects, so an address that is not public is asked
    only if `private` allows it. Every certificate must be for the host and lead to an authority
    that this machine trusts (SSL_CERT_FILE names others).
    """

    addresses: Addresses
    private: bool = False

    def fetch(self, requests: Iterable[Request]) -> dict[Request, FetchResult]:
        """Return the result of each request."""
        wanted = list(dict.fromkeys(requests))
        if not wanted:
            return {}
        context = _context()
        if not _has_authorities(context):
            return dict.fromkeys(wanted, Unknown("this machine has no certificate authorities"))
        return _each(wanted, _one_at_a_time(self.addresses, private=self.private), context)


def _one_at_a_time(addresses: Addresses, *, private: bool) -> Addresses:
    """Make `addresses` safe for many threads, and leave out those that must not be asked."""
    lock = threading.Lock()

    def located(host: DomainName) -> Sequence[str]:
        with lock:
            found = addresses(host)
        # We connect to exactly these. DNS is not asked again, so no second answer leads elsewhere.
        return found if private else _public(host, found)

    return located


def _each(
    wanted: Sequence[Request], addresses: Addresses, context: ssl.SSLContext
) -> dict[Request, FetchResult]:
    outcomes: dict[Request, FetchResult] = {}
    left: queue.SimpleQueue[Request] = queue.SimpleQueue()
    for request in wanted:
        left.put(request)

    def fetching() -> None:
        with suppress(queue.Empty):
            while True:
                request = left.get_nowait()
                outcomes[request] = _followed(request, addresses, context)

    # Python waits for a pool's threads when the program ends. An interrupt must not wait for the
    # connections that these have open.
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
            f"{host} is at {found[0]}, which is not a public address, so it was not asked; "
            "--private-web asks it too"
        )
    return public


def _context() -> ssl.SSLContext:
    """Return the checks of a server: the same in every version of Python, whatever its defaults."""
    # The certificate must lead to an authority, and be for the host.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # RFC 8461 §3.3: only a name in subjectAltName counts. OpenSSL would also take a common name.
    context.hostname_checks_common_name = False
    # Check chains as mail servers do, with the defaults of OpenSSL. Python 3.13 adds X509_STRICT,
    # which wants an authority key identifier in each certificate, and PARTIAL_CHAIN. With these we
    # would call wrong what senders accept, or the reverse.
    context.verify_flags = ssl.VERIFY_X509_TRUSTED_FIRST
    # RFC 8461 §3.3 leaves the version to BCP 195; RFC 8996 forbids older ones.
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Python 3.11.2, which Debian 12 has, sets this. The end of a connection, which anybody on the
    # way can cause, would then count as the end of TLS. OpenSSL 1.1.1 does not have the option.
    context.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)
    context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    return context


def _has_authorities(context: ssl.SSLContext) -> bool:
    """Tell whether there is anything to verify a certificate with.

    Without authorities, every server would look like an impostor.
    """
    paths = ssl.get_default_verify_paths()
    folders = os.environ.get(paths.openssl_capath_env, paths.openssl_capath).split(os.pathsep)
    # OpenSSL reads a folder only when it needs a certificate, whose file name is a hash.
    return context.cert_store_stats()["x509"] > 0 or any(
        any(Path(folder).glob("[0-9a-f]" * 8 + ".[0-9]*")) for folder in folders
    )


def _followed(request: Request, addresses: Addresses, context: ssl.SSLContext) -> FetchResult:
    url = request.url
    for left in range(request.redirects, -1, -1):
        outcome = _fetched(url, request.limit, addresses, context)
        if not (isinstance(outcome, Page) and outcome.location and left):
            break
        url = outcome.location
    return outcome


def _fetched(url: str, limit: int, addresses: Addresses, context: ssl.SSLContext) -> FetchResult:
    place = _place(url)
    if isinstance(place, Nothing):
        return place
    host, parts = place
    try:
        found = addresses(host)
    except ObservationError as error:
        return Unknown(str(error))
    if not found:
        return Nothing(f"{host} has no address")
    # Imported here: it loads httpcore, and most runs ask no web server.
    from mailauth_dns.live.https_exchange import exchange

    deadline = Deadline(_WHOLE, _CONNECT)
    connection = _connection(host, parts.port or 443, found, deadline)
    if not isinstance(connection, socket.socket):
        return connection
    return exchange(connection, host, parts, limit, context, deadline)


def _place(url: str) -> tuple[DomainName, SplitResult] | Nothing:
    """Return a URL's host and parts, or why nothing can be fetched there."""
    try:
        parts = urlsplit(url)
        name = parts.hostname or ""
    except ValueError:
        return Nothing(f"{url} names no host")
    with suppress(ValueError):
        ip_address(name)
        return Nothing(f"{url} names an address; it must name a host")
    try:
        host = domain_name(name)
    except RecordSyntaxError:
        return Nothing(f"{url} names no host")
    try:
        _ = parts.port
    except ValueError:
        return Nothing(f"{url} names a port that does not exist")
    if parts.scheme != "https":
        return Nothing(f"{url} is not https")
    return host, parts


def _connection(
    host: DomainName, port: int, addresses: Sequence[str], deadline: Deadline
) -> socket.socket | FetchResult:
    """Return a connection to the first address that accepts one, or why none did."""
    outcome: FetchResult = Unknown(
        f"the first {_ADDRESSES} of {len(addresses)} addresses of {host} refuse, "
        "and no other was tried"
    )
    refused: list[str] = []
    for address in addresses[:_ADDRESSES]:
        try:
            return socket.create_connection((address, port), timeout=deadline.next_step())
        except ConnectionRefusedError:
            refused.append(f"nothing listens on {address} port {port}")
        except OSError as error:
            outcome = Unknown(f"{address} port {port} cannot be reached: {_words(error)}")
    # An address that could not be reached now may answer later, so the result is unknown.
    return Nothing("; ".join(refused)) if len(refused) == len(addresses) else outcome


def _words(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {_CONNECT:g} s"
    return error.strerror or str(error)
