"""What an authoritative server answers from master files, over UDP and TCP."""

from __future__ import annotations

import dns.flags
import dns.message
import dns.opcode
import dns.query
import dns.rcode
import dns.rdataclass
import pytest

from mailauth_dns.serve.server import LoopbackServer
from tests.serve.asking import Ask, tcp, texts, udp

# RFC 2308 §3: the lower of TTL and minimum.
SOA = "example.com. 300 IN SOA ns1.example.net. h.example.net. 1 7200 1800 1209600 300"
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
