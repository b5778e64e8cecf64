"""Fetching over HTTPS beside a real TLS server.

What is served, what is not, and what nobody can tell.
"""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence

import pytest

from mailauth_dns.errors import ObservationError
from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.evaluate.web_page import Nothing, Page, Request
from mailauth_dns.live import https
from mailauth_dns.records.name import DomainName
from tests.live.fetching import HOST, PAGES, PATH, TEXT, at, closing, got, here, nowhere, silent
from tests.live.site import Authority, Port, Site

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
        f"{HOST} is at {found[0]}, which is not a public address, so it was not asked; "
        "--private-web asks it too"
    )


def test_a_redirect_into_our_network_is_not_followed(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor if DNS gives another address the second time: every address is checked."""
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
