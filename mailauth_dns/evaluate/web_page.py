"""The result of fetching an https address.

Senders fetch an MTA-STS policy this way (RFC 8461 §3.3), and mail programs a logo (BIMI draft).
Unknown is a result too: a server that does not answer in time has not said what it serves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from mailauth_dns.evaluate.observation import Unknown


@dataclass(frozen=True, slots=True)
class Request:
    """A URL to fetch. Follow at most `redirects` redirects, and read at most `limit` octets."""

    url: str
    redirects: int
    limit: int


@dataclass(frozen=True, slots=True)
class Page:
    """A response. `media_type` is in lower case without parameters.

    `whole` tells whether `body` ends where the server ended it.
    `location` is where a redirect that was not followed leads.
    """

    status: int
    media_type: str
    body: bytes
    whole: bool
    location: str


@dataclass(frozen=True, slots=True)
class Untrusted:
    """A server answers, but TLS with it fails, or its certificate is not valid for the host."""

    reason: str


@dataclass(frozen=True, slots=True)
class Nothing:
    """Nobody serves the URL: its host has no address, or nothing listens there."""

    reason: str


FetchResult = Page | Untrusted | Nothing | Unknown
Pages = Mapping[Request, FetchResult]


class Fetcher(Protocol):
    """Asks the web. It is passed in, so tests can run rules with a web of their own."""

    def fetch(self, requests: Iterable[Request]) -> Pages:
        """Return the result of each request; Unknown is one of them."""
        ...
