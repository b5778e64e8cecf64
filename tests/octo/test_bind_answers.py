"""What a name server may answer to a transfer or an update instead of doing it."""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
import time
from collections.abc import Callable, Iterator

import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rrset
import dns.tsigkeyring
import pytest

from mailauth_dns.deploy import provider_pool
from tests.conftest import RepoFolder

SECRET = "d3JvbmctYnV0LWJhc2U2NC13cm9uZy1idXQtYmFzZTY0IQ=="
OTHER = "b3RoZXItYnV0LWJhc2U2NC1vdGhlci1idXQtYmFzZTY0IQ=="
ZONE = (
    "example.com. 300 IN SOA ns1.example.net. hostmaster.example.net. 1 7200 1800 1209600 300",
    "example.com. 300 IN NS ns1.example.net.",
    'example.com. 300 IN TXT "v=spf1 ~all"',
    "example.com. 300 IN SOA ns1.example.net. hostmaster.example.net. 1 7200 1800 1209600 300",
)
NO_LIVE = ("--no-live", "--allow", "live-unknown")

# Octets to send for a question, None to keep the connection open without a word; it is closed after
# what is sent.
Say = Callable[[dns.message.Message], bytes | None]


def answer(
    asked: dns.message.Message, rcode: int = dns.rcode.NOERROR, *lines: str, secret: str = SECRET
) -> dns.message.Message:
    response = dns.message.make_response(asked)
    response.set_rcode(dns.rcode.Rcode(rcode))
    for line in lines:
        name, ttl, kind, type, text = line.split(" ", 4)
        response.answer.append(dns.rrset.from_text(name, int(ttl), kind, type, text))
    response.use_tsig(dns.tsigkeyring.from_text({"lab-key": secret}))
    response.request_mac = asked.mac or b""
    return response


def framed(wire: bytes) -> bytes:
    return struct.pack("!H", len(wire)) + wire


def zone(asked: dns.message.Message) -> bytes:
    return framed(answer(asked, dns.rcode.NOERROR, *ZONE).to_wire())


def with_rcode(rcode: int) -> Say:
    return lambda asked: framed(answer(asked, rcode).to_wire())


def unsigned(asked: dns.message.Message) -> bytes:
    response = dns.message.make_response(asked)
    response.keyring = response.tsig = None
    return framed(response.to_wire())


def of_another_question(asked: dns.message.Message) -> bytes:
    response = answer(asked, dns.rcode.NOERROR, *ZONE)
    response.id = asked.id ^ 1
    return framed(response.to_wire())


def signed_by_another(asked: dns.message.Message) -> bytes:
    return framed(answer(asked, dns.rcode.NOERROR, *ZONE, secret=OTHER).to_wire())


TRANSFERS: dict[str, tuple[Say, str]] = {
    "FORMERR": (with_rcode(dns.rcode.FORMERR), "FORMERR: the server does not take the question"),
    "NOTAUTH": (with_rcode(dns.rcode.NOTAUTH), "the server does not have the zone, or does not"),
    "REFUSED": (with_rcode(dns.rcode.REFUSED), "the server does not have the zone, or does not"),
    "SERVFAIL": (with_rcode(dns.rcode.SERVFAIL), "SERVFAIL: the server cannot send it now"),
    "closes": (lambda _asked: b"", ": the server closed the connection"),
    "half of the length": (lambda _asked: b"\x01", ": the server closed the connection"),
    "half of the message": (lambda asked: zone(asked)[:60], ": the server closed the connection"),
    "half-open": (lambda _asked: None, "timed out"),
    "noise": (lambda _asked: framed(b"HTTP/1.1 400 Bad Request"), ": DNS message is malformed"),
    "no zone in it": (with_rcode(dns.rcode.NOERROR), ": No answer or RRset not for zone"),
    "of another question": (of_another_question, "does not respond to the question asked"),
    "unsigned": (unsigned, ": the answer is not signed with the key"),
    "signed by another": (signed_by_another, "the server has another secret for the key"),
}

UPDATES: dict[str, tuple[Say, str]] = {
    "FORMERR": (with_rcode(dns.rcode.FORMERR), "answered the update with FORMERR"),
    "NOTIMP": (with_rcode(dns.rcode.NOTIMP), "NOTIMP: it takes no updates at all"),
    "NOTAUTH": (with_rcode(dns.rcode.NOTAUTH), "NOTAUTH: it is not the primary of the zone"),
    "REFUSED": (with_rcode(dns.rcode.REFUSED), "REFUSED: it does not let this key change"),
    "SERVFAIL": (with_rcode(dns.rcode.SERVFAIL), "SERVFAIL: it could not carry the update out"),
    "NXRRSET": (with_rcode(dns.rcode.NXRRSET), "a set changed at the provider since it was read"),
    "closes": (lambda _asked: b"", "the server closed the connection"),
    "half-open": (lambda _asked: None, "timed out"),
    "noise": (lambda _asked: framed(b"HTTP/1.1 400 Bad Request"), "0 of 1 changes are done"),
    "unsigned": (unsigned, ": the answer is not signed with the key"),
    "signed by another": (signed_by_another, "the server has another secret for the key"),
    "nothing is done": (with_rcode(dns.rcode.NOERROR), "the provider took the change and does not"),
}


class Answering:
    """A server that says for transfers and updates what a test wants."""

    def __init__(self) -> None:
        self.transfer: Say = zone
        self.update: Say = with_rcode(dns.rcode.NOERROR)
        answering, keys = self, dns.tsigkeyring.from_text({"lab-key": SECRET})

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                [length] = struct.unpack("!H", self.request.recv(2, socket.MSG_WAITALL))
                wire = self.request.recv(length, socket.MSG_WAITALL)
                asked = dns.message.from_wire(wire, keyring=keys)
                say = (
                    answering.update if asked.opcode() == dns.opcode.UPDATE else answering.transfer
                )
                if (octets := say(asked)) is None:
                    time.sleep(1)
                else:
                    self.request.sendall(octets)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server(repo: RepoFolder, monkeypatch: pytest.MonkeyPatch) -> Iterator[Answering]:
    monkeypatch.setattr(provider_pool, "PAUSES", (0.01,))
    monkeypatch.setattr(provider_pool, "BUSY_PAUSES", (0.01,))
    monkeypatch.setenv("BIND_SECRET", SECRET)
    answering = Answering()
    stanza = {"host": "127.0.0.1", "port": answering.port, "timeout": 0.3}
    key = {"key_name": "lab-key", "key_secret": "env/BIND_SECRET", "key_algorithm": "hmac-sha256"}
    repo.provider("bind", {"class": "octodns_bind.Rfc2136Provider", **stanza, **key})
    repo.policy("domain: example.com\nproviders: [bind]\nspf: {terms: [mx], all: fail}\n")
    yield answering
    answering.close()


@pytest.mark.parametrize("case", TRANSFERS)
def test_what_is_no_transfer_is_told_and_never_a_zone(
    repo: RepoFolder, server: Answering, case: str
) -> None:
    server.transfer, words = TRANSFERS[case]
    ran = repo.run("plan", "--no-live")
    assert ran.code == 1
    assert "example.com at bind  could not be planned" in ran.out
    assert words in ran.out
    assert SECRET not in ran.said


@pytest.mark.parametrize("case", UPDATES)
def test_an_update_that_is_not_done_is_never_told_as_applied(
    repo: RepoFolder, server: Answering, case: str
) -> None:
    assert repo.run("plan", "--no-live", "--out", "plan.json").code == 0
    server.update, words = UPDATES[case]
    ran = repo.run("apply", "plan.json", *NO_LIVE)
    assert ran.code == 1
    assert words in ran.out, ran.out
    assert "example.com at bind  failed" in ran.out
    assert SECRET not in ran.said
