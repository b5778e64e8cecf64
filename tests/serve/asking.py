"""Questions to a server over UDP and TCP, and a line that begins each zone."""

from __future__ import annotations

import socket
from collections.abc import Callable

import dns.flags
import dns.message
import dns.opcode
import dns.query
import dns.rcode
import dns.rdataclass

from mailauth_dns.serve.server import LoopbackServer

HEAD = (
    "$TTL 3600\n@ SOA ns1.example.net. h.example.net. 1 7200 1800 1209600 300\n"
    "@ NS ns1.example.net.\n"
)


Ask = Callable[[LoopbackServer, dns.message.Message], dns.message.Message]


def udp(server: LoopbackServer, question: dns.message.Message) -> dns.message.Message:
    return dns.query.udp(question, "127.0.0.1", timeout=5, port=server.port)


def tcp(server: LoopbackServer, question: dns.message.Message) -> dns.message.Message:
    return dns.query.tcp(question, "127.0.0.1", timeout=5, port=server.port)


def texts(section: list[dns.rrset.RRset]) -> set[str]:
    """Return the records in lower case: an answer has the spelling of its question."""
    lines = {line for rrset in section for line in rrset.to_text().splitlines()}
    return {line.partition(" ")[0].lower() + line[line.index(" ") :] for line in lines}


def exchange(server: LoopbackServer, wire: bytes) -> bytes | None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(0.5)
        client.sendto(wire, ("127.0.0.1", server.port))
        try:
            return client.recv(4096)
        except TimeoutError:
            return None


def rcode(server: LoopbackServer, name: str, type: str = "A") -> str:
    return dns.rcode.to_text(udp(server, dns.message.make_query(name, type)).rcode())
