"""The loopback server: what it answers over UDP and TCP, and that it never says "absent" for what it does not know."""

from __future__ import annotations

import logging
import socket
import struct
from collections.abc import Callable, Iterator
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

HEAD = "$TTL 3600\n@ SOA ns1.example.net. h.example.net. 1 7200 1800 1209600 300\n@ NS ns1.example.net.\n"
ZONE = (
    HEAD
    + """
@ TXT "v=spf1 -all"
\\095dmarc TXT "v=DMARC1; p=none"
odd TXT "\\255\\000\\"" "b"
host1 A 192.0.2.1
* MX 10 host1
*.w TXT "wild"
*.wc CNAME host1
a.b.ent A 192.0.2.1
sub NS ns.sub
ns.sub A 192.0.2.9
alias CNAME host1
alias2 CNAME alias
out CNAME x.example.org.
dangling CNAME not.there.w.host1
loop1 CNAME loop2
loop2 CNAME loop1
moved DNAME target
x.target A 192.0.2.7
two A 192.0.2.2
two TXT "x"
"""
    + "big TXT "
    + " ".join(f'"{"x" * 250}"' for _ in range(8))
    + "\n"
)
DEEPER = HEAD + "@ TXT deeper\n"

SOA = "example.com. 300 IN SOA ns1.example.net. h.example.net. 1 7200 1800 1209600 300"  # RFC 2308 §3: the lower of TTL and minimum
CUT = "sub.example.com. 3600 IN NS ns.sub.example.com."
HOST1 = "host1.example.com. 3600 IN A 192.0.2.1"

# name, type, rcode, answer, authority, authoritative
ANSWERS: list[tuple[str, str, str, list[str], list[str], bool]] = [
    ("example.com", "TXT", "NOERROR", ['example.com. 3600 IN TXT "v=spf1 -all"'], [], True),
    ("eXample.COM", "NS", "NOERROR", ["example.com. 3600 IN NS ns1.example.net."], [], True),
    (
        "_dmarc.example.com",
        "TXT",
        "NOERROR",
        ['_dmarc.example.com. 3600 IN TXT "v=DMARC1; p=none"'],
        [],
        True,
    ),
    (
        "odd.example.com",
        "TXT",
        "NOERROR",
        ['odd.example.com. 3600 IN TXT "\\255\\000\\"b"'],
        [],
        True,
    ),
    (
        "two.example.com",
        "ANY",
        "NOERROR",
        ["two.example.com. 3600 IN A 192.0.2.2", 'two.example.com. 3600 IN TXT "x"'],
        [],
        True,
    ),
    ("host1.example.com", "TXT", "NOERROR", [], [SOA], True),
    # RFC 4592 §2.2.1: a wildcard answers for what does not exist, and only there
    (
        "nx.example.com",
        "MX",
        "NOERROR",
        ["nx.example.com. 3600 IN MX 10 host1.example.com."],
        [],
        True,
    ),
    ("nx.example.com", "A", "NOERROR", [], [SOA], True),
    (
        "*.example.com",
        "MX",
        "NOERROR",
        ["*.example.com. 3600 IN MX 10 host1.example.com."],
        [],
        True,
    ),
    ("host1.example.com", "MX", "NOERROR", [], [SOA], True),
    ("below.host1.example.com", "MX", "NXDOMAIN", [], [SOA], True),
    ("x.y.w.example.com", "TXT", "NOERROR", ['x.y.w.example.com. 3600 IN TXT "wild"'], [], True),
    (
        "x.wc.example.com",
        "A",
        "NOERROR",
        ["x.wc.example.com. 3600 IN CNAME host1.example.com.", HOST1],
        [],
        True,
    ),
    # RFC 4592 §2.2.2: empty non-terminals exist
    ("ent.example.com", "MX", "NOERROR", [], [SOA], True),
    ("b.ent.example.com", "A", "NOERROR", [], [SOA], True),
    ("c.ent.example.com", "A", "NXDOMAIN", [], [SOA], True),
    # aliases
    (
        "alias2.example.com",
        "A",
        "NOERROR",
        [
            "alias2.example.com. 3600 IN CNAME alias.example.com.",
            "alias.example.com. 3600 IN CNAME host1.example.com.",
            HOST1,
        ],
        [],
        True,
    ),
    (
        "alias.example.com",
        "CNAME",
        "NOERROR",
        ["alias.example.com. 3600 IN CNAME host1.example.com."],
        [],
        True,
    ),
    (
        "alias.example.com",
        "TXT",
        "NOERROR",
        ["alias.example.com. 3600 IN CNAME host1.example.com."],
        [SOA],
        True,
    ),
    (
        "out.example.com",
        "A",
        "NOERROR",
        ["out.example.com. 3600 IN CNAME x.example.org."],
        [],
        True,
    ),
    (
        "dangling.example.com",
        "A",
        "NXDOMAIN",
        ["dangling.example.com. 3600 IN CNAME not.there.w.host1.example.com."],
        [SOA],
        True,
    ),
    (
        "x.moved.example.com",
        "A",
        "NOERROR",
        [
            "moved.example.com. 3600 IN DNAME target.example.com.",
            "x.moved.example.com. 3600 IN CNAME x.target.example.com.",
            "x.target.example.com. 3600 IN A 192.0.2.7",
        ],
        [],
        True,
    ),
    ("moved.example.com", "A", "NOERROR", [], [SOA], True),
    # a zone cut
    ("sub.example.com", "TXT", "NOERROR", [], [CUT], False),
    ("_dmarc.sub.example.com", "TXT", "NOERROR", [], [CUT], False),
    ("ns.sub.example.com", "A", "NOERROR", [], [CUT], False),
    ("sub.example.com", "DS", "NOERROR", [], [SOA], True),
    # the deepest zone answers
    (
        "deeper.example.com",
        "TXT",
        "NOERROR",
        ['deeper.example.com. 3600 IN TXT "deeper"'],
        [],
        True,
    ),
    # nobody's
    ("example.org", "A", "REFUSED", [], [], False),
    ("aexample.com", "A", "REFUSED", [], [], False),
    ("com", "NS", "REFUSED", [], [], False),
    (".", "NS", "REFUSED", [], [], False),
    ("example.com", "AXFR", "REFUSED", [], [], False),
    ("example.com", "IXFR", "REFUSED", [], [], False),
    # what is no type of data, and one that nobody knows
    ("example.com", "MAILA", "NOTIMP", [], [], False),
    ("host1.example.com", "TYPE65280", "NOERROR", [], [SOA], True),
]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoopbackServer]:
    folder = tmp_path_factory.mktemp("served")
    (folder / "example.com.zone").write_text(ZONE)
    (folder / "deeper.example.com.zone").write_text(DEEPER)
    with LoopbackServer(folder, "127.0.0.1", 0) as server:
        yield server


Ask = Callable[[LoopbackServer, dns.message.Message], dns.message.Message]


def udp(server: LoopbackServer, question: dns.message.Message) -> dns.message.Message:
    return dns.query.udp(question, "127.0.0.1", timeout=5, port=server.port)


def tcp(server: LoopbackServer, question: dns.message.Message) -> dns.message.Message:
    return dns.query.tcp(question, "127.0.0.1", timeout=5, port=server.port)


def texts(section: list[dns.rrset.RRset]) -> set[str]:
    """Return the records, owner names as they stand in the file: the question's own spelling comes back in the answer."""
    lines = {line for rrset in section for line in rrset.to_text().splitlines()}
    return {line.partition(" ")[0].lower() + line[line.index(" ") :] for line in lines}


@pytest.mark.parametrize("ask", [udp, tcp])
@pytest.mark.parametrize(("name", "type", "rcode", "answer", "authority", "authoritative"), ANSWERS)
def test_answers(
    served: LoopbackServer,
    ask: Ask,
    name: str,
    type: str,
    rcode: str,
    answer: list[str],
    authority: list[str],
    authoritative: bool,
) -> None:
    response = ask(served, dns.message.make_query(name, type))
    assert dns.rcode.to_text(response.rcode()) == rcode
    assert texts(response.answer) == set(answer)
    assert texts(response.authority) == set(authority)
    assert bool(response.flags & dns.flags.AA) is authoritative
    assert not response.flags & (dns.flags.RA | dns.flags.TC)


def test_an_alias_that_bites_its_tail_ends(served: LoopbackServer) -> None:
    assert (
        udp(served, dns.message.make_query("loop1.example.com", "A")).rcode() == dns.rcode.SERVFAIL
    )


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


def exchange(server: LoopbackServer, wire: bytes) -> bytes | None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(0.5)
        client.sendto(wire, ("127.0.0.1", server.port))
        try:
            return client.recv(4096)
        except TimeoutError:
            return None


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
    """Whatever comes, the server answers as DNS or not at all, never in more octets than over UDP, and goes on."""
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
    """A forged address of a victim gets nothing to speak of: what is long comes over TCP, and ANY is no exception to it."""
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


def rcode(server: LoopbackServer, name: str, type: str = "A") -> str:
    return dns.rcode.to_text(udp(server, dns.message.make_query(name, type)).rcode())


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
