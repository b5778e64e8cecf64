"""Fetching over HTTPS beside a real TLS server.

What is served, what is not, and what nobody can tell.
"""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from mailauth_dns.errors import ObservationError
from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.evaluate.web_page import FetchResult, Nothing, Page, Request, Untrusted
from mailauth_dns.live import https
from mailauth_dns.records.name import DomainName
from tests.live.site import Authority, Port, Reply, Site

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
        raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n3\r\nsix\r\n0\r\n\r\n"
    ),
    "/octets": Reply(
        status=302, location="/caf\u00c3\u00a9.svg"
    ),  # in UTF-8, as the header's characters are octets
    "/caf%C3%A9.svg": Reply(b"drawn"),
}


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    made = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.root))
    return made


@pytest.fixture
def site(authority: Authority) -> Iterator[Site]:
    with Site(authority.certificate(HOST), PAGES) as serving:
        yield serving


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


PAGE = [
    (PATH, 0, Page(200, "text/plain", TEXT, True, "")),
    ("/parameters", 0, Page(200, "text/plain", b"", True, "")),
    ("/untyped", 0, Page(200, "", b"", True, "")),
    ("/just", 0, Page(200, "text/plain", b"x" * 1000, True, "")),
    ("/long", 0, Page(200, "text/plain", b"x" * 1000, False, "")),
    ("/a%20b?c=d%2F", 0, Page(200, "text/plain", b"found", True, "")),
    ("/missing", 3, Page(404, "text/html", b"not here", True, "")),
    ("/moved", 1, Page(200, "text/plain", TEXT, True, "")),
    ("/nowhere", 3, Page(302, "text/plain", b"", True, "")),
    ("/unsized", 0, Page(200, "text/plain", TEXT, True, "")),
    ("/chunked", 0, Page(200, "", b"foursix", True, "")),
    ("/octets", 1, Page(200, "text/plain", b"drawn", True, "")),
    ("/odd", 3, Page(404, "text/html", b"not here", True, "")),
]


@pytest.mark.parametrize(("path", "redirects", "page"), PAGE)
def test_what_is_served(site: Site, path: str, redirects: int, page: Page) -> None:
    assert got(site.port, path, redirects) == page
    assert {host for host, _ in site.seen} == {f"{HOST}:{site.port}"}


REDIRECTED = [
    ("/moved", 0, f"https://{HOST}:{{port}}{PATH}"),
    ("/loop", 3, f"https://{HOST}:{{port}}/loop"),
    (
        "/odd",
        0,
        f"https://{HOST}:{{port}}/b%FCro%20logo?%1B[31m",
    ),  # a terminal must not take it for a command
]


@pytest.mark.parametrize(("path", "redirects", "location"), REDIRECTED)
def test_a_redirect_that_is_not_followed_is_told(
    site: Site, path: str, redirects: int, location: str
) -> None:
    outcome = got(site.port, path, redirects)
    assert isinstance(outcome, Page)
    assert outcome.location == location.format(port=site.port)
    assert len(site.seen) == redirects + 1


def test_a_redirect_to_what_is_not_https_leads_nowhere(site: Site) -> None:
    assert got(site.port, "/plain", 1) == Nothing("http://mta-sts.example.com/ is not https")
    assert got(site.port, "/nonsense", 1) == Nothing("https://[example/ names no host")


NOWHERE = [
    ("https://192.0.2.80/logo.svg", "names an address; it must name a host"),
    ("https://[2001:db8::80]/logo.svg", "names an address; it must name a host"),
    ("https://www.example.com:port/logo.svg", "names a port that does not exist"),
    ("https://www.example.com:99999/logo.svg", "names a port that does not exist"),
    ("https:///logo.svg", "names no host"),
]


@pytest.mark.parametrize(("url", "reason"), NOWHERE)
def test_what_leads_nowhere_is_told(authority: Authority, url: str, reason: str) -> None:
    request = Request(url, 0, 1000)
    assert https.Https(here).fetch([request])[request] == Nothing(f"{url} {reason}")


def test_many_at_once_are_each_answered(site: Site) -> None:
    requests = [
        Request(f"https://{HOST}:{site.port}{PATH}?{number}", 0, 1000) for number in range(200)
    ]
    assert {type(page) for page in https.Https(here, private=True).fetch(requests).values()} == {
        Page
    }


CERTIFICATES = [
    (("www.example.com",), 30, "site", "mta-sts.example.com"),
    (("*.mta-sts.example.com",), 30, "site", "mta-sts.example.com"),
    ((HOST,), -1, "site", "expired"),
    ((), 30, HOST, "mta-sts.example.com"),  # a common name is no name of a host (RFC 8461 §3.3)
]


@pytest.mark.parametrize(("hosts", "days", "common_name", "reason"), CERTIFICATES)
def test_a_certificate_must_be_for_the_host(
    authority: Authority, hosts: tuple[str, ...], days: int, common_name: str, reason: str
) -> None:
    with Site(authority.certificate(*hosts, days=days, common_name=common_name), PAGES) as site:
        outcome = got(site.port)
    assert isinstance(outcome, Untrusted)
    assert reason in outcome.reason
    assert not site.seen


def test_a_certificate_of_another_authority_is_not_trusted(site: Site, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with Site(Authority(tmp_path / "other").certificate(HOST), PAGES) as other:
        assert isinstance(got(other.port), Untrusted)


def test_without_authorities_nobody_can_tell(
    site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "nowhere"))
    assert got(site.port) == Unknown("this machine has no certificate authorities")


def test_an_empty_folder_or_file_of_authorities_is_none(
    site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty.pem").touch()
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "empty.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "folder"))
    assert got(site.port) == Unknown("this machine has no certificate authorities")


def test_authorities_in_a_folder_are_enough(
    site: Site, authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each is found by the hash of its name; SSL_CERT_DIR can name several folders."""
    folder = tmp_path / "folder"
    folder.mkdir()
    hashed = subprocess.run(
        ["openssl", "x509", "-hash", "-noout", "-in", authority.root],
        check=True,
        capture_output=True,
        text=True,
    )
    (folder / f"{hashed.stdout.strip()}.0").write_bytes(authority.root.read_bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("SSL_CERT_DIR", f"{tmp_path / 'nowhere'}:{folder}")
    assert isinstance(got(site.port), Page)


def test_nothing_listens_or_has_an_address(authority: Authority) -> None:
    with Port(closing) as unused:
        port = unused.port
    assert got(port) == Nothing(f"nothing listens on 127.0.0.1 port {port}")
    assert got(port, addresses=nowhere) == Nothing(f"{HOST} has no address")


def test_the_next_address_is_tried(authority: Authority) -> None:
    with Site(authority.certificate(HOST), PAGES, address="127.0.0.2") as site:
        assert isinstance(got(site.port, addresses=at("127.0.0.1", "127.0.0.2")), Page)


def test_four_addresses_are_tried(authority: Authority) -> None:
    refusing = [f"127.0.0.{number}" for number in range(2, 7)]
    with Site(authority.certificate(HOST), PAGES) as site:
        assert isinstance(got(site.port, addresses=at(*refusing[:3], "127.0.0.1")), Page)
        assert got(site.port, addresses=at(*refusing[:4], "127.0.0.1")) == Unknown(
            f"the first 4 of 5 addresses of {HOST} refuse, and no other was tried"
        )


def test_the_time_for_a_response_begins_before_the_connection(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A queue of connections that is full leaves the next one without an answer."""
    monkeypatch.setattr(https, "_WHOLE", 0.6)
    monkeypatch.setattr(https, "_CONNECT", 0.4)
    began = time.monotonic()
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)), socket.socket() as second:
            second.setblocking(False)
            second.connect_ex(("127.0.0.1", port))
            assert isinstance(got(port, addresses=at(*["127.0.0.1"] * 4)), Unknown)
    assert time.monotonic() - began < 1.4


def test_an_interrupt_waits_for_no_server(authority: Authority) -> None:
    program = (
        "import sys; from mailauth_dns.evaluate.web_page import Request\n"
        "from mailauth_dns.live import https\n"
        "request = Request(f'https://mta-sts.example.com:{sys.argv[1]}/', 0, 1000)\n"
        "print('asking', flush=True)\n"
        "https.Https(lambda host: ['127.0.0.1'], private=True).fetch([request])"
    )
    with Port(silent) as port:
        asking = subprocess.Popen(
            [sys.executable, "-c", program, str(port.port)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert asking.stdout is not None
        assert asking.stdout.readline() == "asking\n"
        time.sleep(0.5)
        began = time.monotonic()
        asking.send_signal(signal.SIGINT)
        _, said = asking.communicate(timeout=10)
        assert time.monotonic() - began < 2
        assert said.endswith("KeyboardInterrupt\n")


def test_an_address_that_cannot_be_reached_says_nothing_about_the_site(
    authority: Authority,
) -> None:
    """255.255.255.255 has no route; what the refusing address says is not all there is."""
    with Port(closing) as unused:
        port = unused.port
    outcome = got(port, addresses=at("255.255.255.255", "127.0.0.1"))
    assert isinstance(outcome, Unknown)
    assert "255.255.255.255" in outcome.reason


def test_dns_that_cannot_tell_is_unknown(authority: Authority) -> None:
    def deaf(host: DomainName) -> Sequence[str]:
        raise ObservationError(f"{host} A: no answer")

    assert got(443, addresses=deaf) == Unknown(f"{HOST} A: no answer")


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


def test_without_a_request_nothing_is_loaded() -> None:
    program = (
        "import sys; from mailauth_dns.live.https import Https\n"
        "assert Https(lambda host: []).fetch([]) == {}\n"
        "assert 'httpcore' not in sys.modules and 'http.client' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_no_proxy_of_the_environment_is_used(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert isinstance(got(site.port), Page)


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


PRIVATE = [
    ("10.1.2.3",),
    ("127.0.0.1",),
    ("169.254.169.254",),
    ("fd00::1", "10.1.2.3"),
    ("::ffff:127.0.0.1",),
]


@pytest.mark.parametrize("found", PRIVATE)
def test_who_writes_a_record_does_not_choose_what_is_asked_in_our_network(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, found: tuple[str, ...]
) -> None:
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("connected"))
    assert got(443, addresses=at(*found), private=False) == Unknown(
        f"{HOST} is at {found[0]}, which is not a public address, so it was not asked; --private-web asks it too"
    )


def test_a_redirect_into_our_network_is_not_followed(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that DNS gives another address the second time leads nowhere either: each connection is to an address that was looked at."""
    answers = iter(["127.0.0.1", "10.1.2.3"])
    monkeypatch.setattr(https, "is_public", "127.0.0.1".__eq__)
    outcome = got(site.port, "/moved", 1, lambda _: [next(answers)], private=False)
    assert isinstance(outcome, Unknown)
    assert outcome.reason.startswith(f"{HOST} is at 10.1.2.3, which is not a public address")


def test_public_addresses_beside_private_ones_are_asked(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(https, "is_public", "127.0.0.1".__eq__)
    assert isinstance(got(site.port, addresses=at("10.1.2.3", "127.0.0.1"), private=False), Page)


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
