"""The loopback server: messages over UDP and TCP; what it does not know, it never denies."""

from __future__ import annotations

import logging
import socket
import struct
from pathlib import Path

import dns.flags
import dns.message
import dns.opcode
import dns.query
import dns.rcode
import dns.rdataclass
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from mailauth_dns.errors import ProviderError
from mailauth_dns.serve import responses
from mailauth_dns.serve import server as serve
from mailauth_dns.serve.server import LoopbackServer
from mailauth_dns.serve.zone_directory import ZoneDirectory
from tests.serve.asking import HEAD, exchange, rcode, tcp, udp


def test_other_classes_and_operations_are_refused(served: LoopbackServer) -> None:
    chaos = dns.message.make_query("example.com", "TXT", rdclass=dns.rdataclass.CH)
    assert udp(served, chaos).rcode() == dns.rcode.REFUSED
    notify = dns.message.make_query("example.com", "SOA")
    notify.set_opcode(dns.opcode.NOTIFY)
    assert udp(served, notify).rcode() == dns.rcode.NOTIMP


def test_a_later_edns_is_told_to_come_down(served: LoopbackServer) -> None:
    response = udp(served, dns.message.make_query("example.com", "TXT", use_edns=1))
    assert (response.rcode(), response.edns, response.answer) == (dns.rcode.BADVERS, 0, [])


@pytest.mark.parametrize("payload", [None, 512, 1232, 4096])
def test_what_does_not_fit_is_cut_and_whole_over_tcp(
    served: LoopbackServer, payload: int | None
) -> None:
    """2000 octets are more than we ever send over UDP."""
    question = dns.message.make_query(
        "big.example.com", "TXT", use_edns=None if payload is None else 0, payload=payload or 0
    )
    response = udp(served, question)
    assert response.flags & dns.flags.TC
    assert response.flags & dns.flags.AA
    assert not response.answer
    assert response.edns == question.edns
    assert len(tcp(served, question).answer) == 1


def test_the_clients_size_is_honoured(tmp_path: Path) -> None:
    (tmp_path / "example.com.zone").write_text(
        HEAD + "mid TXT " + " ".join(f'"{"x" * 250}"' for _ in range(3)) + "\n"
    )
    with LoopbackServer(tmp_path, "127.0.0.1", 0) as server:
        assert udp(server, dns.message.make_query("mid.example.com", "TXT")).flags & dns.flags.TC
        assert (
            not udp(
                server, dns.message.make_query("mid.example.com", "TXT", use_edns=0, payload=1232)
            ).flags
            & dns.flags.TC
        )


def test_broken_messages(served: LoopbackServer) -> None:
    question = dns.message.make_query("example.com", "TXT").to_wire()
    assert exchange(served, question[:11]) is None
    assert (
        exchange(served, question[:2] + b"\x84" + question[3:]) is None
    )  # a response: answering it could go on for ever
    cut_off = exchange(served, question[:-3])
    assert cut_off is not None
    assert cut_off[:2] == question[:2]
    assert cut_off[3] & 15 == dns.rcode.FORMERR
    nothing_asked = exchange(served, question[:4] + bytes(8))
    assert nothing_asked is not None
    assert nothing_asked[3] & 15 == dns.rcode.FORMERR
    assert udp(served, dns.message.make_query("example.com", "TXT")).rcode() == dns.rcode.NOERROR


QUESTIONS = [
    dns.message.make_query(name, type, use_edns=edns, payload=payload).to_wire()
    for name, type in (
        ("example.com", "TXT"),
        ("big.example.com", "ANY"),
        ("a.b.c.w.example.com", "TXT"),
        ("loop1.example.com", "A"),
    )
    for edns, payload in ((None, 0), (0, 65535), (1, 512))
]


@settings(max_examples=1000)
@given(st.data())
def test_a_mutated_message_gets_a_small_answer_or_none(
    served: LoopbackServer, data: st.DataObject
) -> None:
    """The server answers anything as DNS or not at all, within the size of UDP, and goes on."""
    wire = bytearray(data.draw(st.sampled_from(QUESTIONS)))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(wire) - 1))
        match data.draw(st.sampled_from(["set", "cut", "double", "add"])):
            case "set":
                wire[at] = data.draw(st.integers(0, 255))
            case "cut" if at > 0:
                del wire[at:]
            case "double":
                wire[at:at] = wire[at : at + 20]
            case _:
                wire += data.draw(st.binary(max_size=40))
    reply = responses.reply(bytes(wire), ZoneDirectory(served_folder(served)), responses.UDP_SIZE)
    event("answered" if reply is not None else "dropped")
    if reply is not None:
        assert len(reply) <= responses.UDP_SIZE
        assert reply[:2] == wire[:2]
        assert reply[2] & 0x80


def served_folder(server: LoopbackServer) -> Path:
    source = server._source
    assert isinstance(source, ZoneDirectory)
    return source._directory


def test_no_answer_over_udp_is_much_larger_than_its_question(served: LoopbackServer) -> None:
    """The victim of a forged address gets little: long answers come over TCP only, ANY too."""
    for wire in QUESTIONS:
        reply = exchange(served, wire)
        assert reply is not None
        assert len(reply) <= 219


def test_one_connection_takes_many_questions(served: LoopbackServer) -> None:
    with socket.create_connection(("127.0.0.1", served.port), timeout=5) as client:
        for name in ("host1.example.com", "nx.host1.example.com"):
            question = dns.message.make_query(name, "A")
            dns.query.send_tcp(client, question)
            assert question.is_response(dns.query.receive_tcp(client)[0])


def test_a_silent_connection_is_closed(
    served: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "TCP_IDLE", 0.2)
    with socket.create_connection(("127.0.0.1", served.port), timeout=5) as client:
        client.sendall(struct.pack("!H", 40) + b"half")
        assert client.recv(1) == b""


UNKNOWN = {
    "a parenthesis is not closed": HEAD + "a A (\n",
    "$INCLUDE and $GENERATE are not read here": HEAD + "$INCLUDE more\n",
    "$INCLUDE and $GENERATE are not": HEAD + "$GENERATE 1-2 h$ A 192.0.2.$\n",
    "has no SOA record": "$TTL 60\n@ NS ns1.example.net.\n",
    "malformed": HEAD + "x A 192.0.2.256\n",
}


@pytest.mark.parametrize(("message", "text"), UNKNOWN.items())
def test_what_is_not_known_is_servfail_and_never_absent(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, message: str, text: str
) -> None:
    (tmp_path / "example.com.zone").write_text(text)
    (tmp_path / "example.net.zone").write_text(HEAD)
    with caplog.at_level(logging.WARNING), LoopbackServer(tmp_path, "127.0.0.1", 0) as server:
        assert rcode(server, "x.example.com") == "SERVFAIL"
        assert rcode(server, "example.net", "SOA") == "NOERROR"
    assert message in caplog.text


def test_a_changed_file_is_seen_at_once(tmp_path: Path) -> None:
    path = tmp_path / "example.com.zone"
    with LoopbackServer(tmp_path, "127.0.0.1", 0) as server:
        assert rcode(server, "x.example.com") == "REFUSED"
        path.write_text(HEAD)
        assert rcode(server, "x.example.com") == "NXDOMAIN"
        new = tmp_path / "new"
        new.write_text(HEAD + "x A 192.0.2.1\n")
        new.replace(path)
        assert rcode(server, "x.example.com") == "NOERROR"
        path.unlink()
        assert rcode(server, "x.example.com") == "REFUSED"


@pytest.mark.parametrize(
    "name", ["\\.\\./secret.example", "\\046\\046/secret.example", "a/b.example", "\\000.example"]
)
def test_no_question_leaves_the_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.example.zone").write_text(HEAD)
    (tmp_path / "served").mkdir()
    with LoopbackServer(tmp_path / "served", "127.0.0.1", 0) as server:
        assert rcode(server, name) == "REFUSED"


def test_a_name_longer_than_a_file_s_name_is_answered_from_the_zone_above(tmp_path: Path) -> None:
    (tmp_path / "example.com.zone").write_text(HEAD)
    for name in (
        f"{'.'.join(['x' * 63] * 3)}.{'y' * 48}.example.com",
        "\\000" * 60 + "." + "\\000" * 60 + ".example.com",
    ):
        with LoopbackServer(tmp_path, "127.0.0.1", 0) as server:
            assert rcode(server, name) == "NXDOMAIN"
            assert rcode(server, name.replace("example.com", "example.net")) == "REFUSED"


@pytest.mark.parametrize("address", ["0.0.0.0", "192.0.2.1", "::", "2001:db8::1", "localhost", ""])
def test_only_loopback_is_served(tmp_path: Path, address: str) -> None:
    with pytest.raises(ProviderError, match=r"use 127\.0\.0\.1 or ::1"):
        LoopbackServer(tmp_path, address, 0)


def test_a_folder_that_is_not_there_and_a_port_that_is_taken(tmp_path: Path) -> None:
    with pytest.raises(ProviderError, match="there is no such folder"):
        LoopbackServer(tmp_path / "none", "127.0.0.1", 0)
    with (
        LoopbackServer(tmp_path, "127.0.0.1", 0) as server,
        pytest.raises(ProviderError, match=f"127.0.0.1 port {server.port}: .*--port"),
    ):
        LoopbackServer(tmp_path, "127.0.0.1", server.port).__enter__()


def test_a_port_is_free_again_afterwards(tmp_path: Path) -> None:
    with LoopbackServer(tmp_path, "127.0.0.1", 0) as first:
        port = first.port
    with LoopbackServer(tmp_path, "127.0.0.1", port) as second:
        assert second.port == port
        assert rcode(second, "example.com") == "REFUSED"
