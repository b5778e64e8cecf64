"""A response that breaks off, breaks HTTP or never ends is unknown, not an answer."""

from __future__ import annotations

import socket
import time

import pytest

from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.evaluate.web_page import Page, Untrusted
from mailauth_dns.live import https
from tests.live.fetching import HOST, PATH, closing, got, silent
from tests.live.site import Authority, Port, Reply, Site


def test_a_server_that_drips_or_is_silent_is_given_up_on(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(https, "_WHOLE", 1.0)
    monkeypatch.setattr(https, "_CONNECT", 0.5)
    began = time.monotonic()
    with Site(authority.certificate(HOST), {PATH: Reply(b"x" * 600, drip=0.1)}) as site:
        assert got(site.port) == Unknown(f"{HOST} takes longer than 1 s to answer")
    with Port(silent) as port:
        assert got(port.port) == Unknown(f"{HOST} takes longer than 0.5 s to answer")
    assert time.monotonic() - began < 5


SIZED = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
BROKEN = [b"", b"HTTP/1.1 2"]
BROKEN += [
    b"HTTP/1.1 200 OK\r\n" + head for head in (b"", b"Content-Ty", b"Content-Type: text/plain\r\n")
]
BROKEN += [SIZED + body for body in (b"", b"version:")]
BROKEN += [CHUNKED + body for body in (b"", b"4", b"4\r\nve", b"4\r\nvers\r\n", b"4\r\nvers\r\n0")]


@pytest.mark.parametrize("closes", [True, False])
@pytest.mark.parametrize("raw", BROKEN)
def test_a_response_that_breaks_off_is_no_answer(
    authority: Authority, raw: bytes, closes: bool
) -> None:
    with Site(authority.certificate(HOST), {PATH: Reply(raw=raw, closes=closes)}) as site:
        outcome = got(site.port)
    assert isinstance(outcome, Unknown)
    assert outcome.reason.startswith(f"{HOST} breaks off: ")


NO_HTTP = [
    (b"SSH-2.0-Example\r\n\r\n", "illegal status line"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "bad Content-Length"),
    (
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 3\r\n\r\nfour",
        "conflicting Content-Length headers",
    ),
    (b"HTTP/1.1 200 OK\r\nContent-Type : text/plain\r\n\r\n", "illegal header line"),
    (CHUNKED + b"-2\r\nfour\r\n0\r\n\r\n", "illegal chunk header"),
    (CHUNKED + b"4\r\nfourXX0\r\n\r\n", "malformed chunk footer"),
    (b"x" * 200_000, "Receive buffer too long"),
]


@pytest.mark.parametrize(("raw", "reason"), NO_HTTP, ids=[reason for _, reason in NO_HTTP])
def test_what_breaks_http_is_no_answer(authority: Authority, raw: bytes, reason: str) -> None:
    """Readers of HTTP disagree where such a body ends, so it says nothing of what is served."""
    with Site(authority.certificate(HOST), {PATH: Reply(raw=raw)}) as site:
        assert got(site.port) == Unknown(f"{HOST} breaks HTTP: {reason}")


def test_words_before_a_response_are_passed_over(authority: Authority) -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
    raw = hints + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfour"
    with Site(authority.certificate(HOST), {PATH: Reply(raw=raw)}) as site:
        assert got(site.port) == Page(200, "", b"four", True, "")


ENDLESS = [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"]


@pytest.mark.parametrize("word", ENDLESS)
def test_a_server_that_never_comes_to_the_response_is_given_up_on(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, word: bytes
) -> None:
    """It never lets a read wait, so that no timeout of a socket ends it."""
    monkeypatch.setattr(https, "_WHOLE", 1.0)
    raw = word * (200_000_000 // len(word))
    began = time.monotonic()
    with Site(authority.certificate(HOST), {PATH: Reply(raw=raw)}) as site:
        assert got(site.port) == Unknown(f"{HOST} takes longer than 1 s to answer")
        assert time.monotonic() - began < 5


def test_a_body_without_a_length_is_whole_where_tls_says_so(site: Site) -> None:
    assert got(site.port, "/torn") == Unknown(
        f"{HOST} breaks off: the connection ends before TLS does"
    )
    assert got(site.port, "/cut") == Unknown(
        f"{HOST} breaks off: the connection ends before TLS does"
    )


def test_a_handshake_that_breaks_off_says_nothing_about_the_certificate(
    authority: Authority,
) -> None:
    """Wherever it breaks: before the server's first octet, or half-way through its hello."""

    def half(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"\x16\x03\x03\x00\x7a\x02")

    def deaf(connection: socket.socket) -> None:
        connection.recv(4096)

    for behave in (closing, deaf, half):
        with Port(behave) as port:
            assert isinstance(got(port.port), Unknown), behave


def test_what_is_not_tls_is_told_apart_from_a_connection_that_breaks(authority: Authority) -> None:
    def plain(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with Port(plain) as port:
        outcome = got(port.port)
        assert isinstance(outcome, Untrusted)
        assert outcome.reason.startswith(f"TLS with {HOST} fails: ")
    with Port(closing) as port:
        assert isinstance(got(port.port), Unknown)
