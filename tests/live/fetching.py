"""Pages of a test site, and ways to fetch them."""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence

from mailauth_dns.evaluate.web_page import FetchResult, Request
from mailauth_dns.live import https
from mailauth_dns.records.name import DomainName
from tests.live.site import Reply

HOST = "mta-sts.example.com"
PATH = "/.well-known/mta-sts.txt"
TEXT = b"version: STSv1\r\nmode: none\r\nmax_age: 86400\r\n"
PAGES = {
    PATH: Reply(TEXT),
    "/parameters": Reply(b"", type='Text/Plain; charset="utf-8"'),
    "/untyped": Reply(b"", type=""),
    "/long": Reply(b"x" * 1001),
    "/just": Reply(b"x" * 1000),
    "/moved": Reply(status=302, location=PATH),
    "/loop": Reply(status=301, location="/loop"),
    "/plain": Reply(status=301, location="http://mta-sts.example.com/"),
    "/odd": Reply(status=308, location="/b\xfcro logo?\x1b[31m"),
    "/nonsense": Reply(status=302, location="https://[example/"),
    "/nowhere": Reply(status=302),
    "/cut": Reply(TEXT, cut=True),
    "/a%20b?c=d%2F": Reply(b"found"),
    "/unsized": Reply(TEXT, sized=False),
    "/torn": Reply(TEXT, sized=False, closes=False),
    "/chunked": Reply(
        raw=(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n3\r\nsix\r\n"
            b"0\r\n\r\n"
        )
    ),
    "/octets": Reply(
        status=302, location="/caf\u00c3\u00a9.svg"
    ),  # in UTF-8, as the header's characters are octets
    "/caf%C3%A9.svg": Reply(b"drawn"),
}


def here(host: DomainName) -> Sequence[str]:
    return ["127.0.0.1"] if host == HOST else []


def at(*addresses: str) -> https.Addresses:
    return lambda _: addresses


def nowhere(host: DomainName) -> Sequence[str]:
    return []


def closing(connection: socket.socket) -> None: ...


def silent(connection: socket.socket) -> None:
    time.sleep(3)


def got(
    port: int,
    path: str = PATH,
    redirects: int = 0,
    addresses: https.Addresses = here,
    *,
    private: bool = True,
) -> FetchResult:
    request = Request(f"https://{HOST}:{port}{path}", redirects, 1000)
    return https.Https(addresses, private=private).fetch([request])[request]
