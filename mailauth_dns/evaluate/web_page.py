"""What a web server gave for an https address.

Senders fetch an MTA-STS policy so (RFC 8461 §3.3), and mail programs a logo (BIMI draft). Unknown is
a value here too: a server that does not answer in time has said nothing about what it serves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from mailauth_dns.evaluate.observation import Unknown


@dataclass(frozen=True, slots=True)
class Request:
    """An address to be fetched; `redirects` is how many are followed.

    At most `limit` octets are read.
    """

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
    """A server answers, and its certificate is not one for the host, or TLS with it fails."""

    reason: str


@dataclass(frozen=True, slots=True)
class Nothing:
    """Nobody serves the address: its host has none in DNS, or nothing listens there."""

    reason: str


FetchResult = Page | Untrusted | Nothing | Unknown
Pages = Mapping[Request, FetchResult]


class Fetcher(Protocol):
    """Asks the web; it is handed in, so that rules can be run beside a web that is made up."""

    def fetch(self, requests: Iterable[Request]) -> Pages:
        """Return what the web says to each request; where nobody can tell, that is the outcome."""
        ...
