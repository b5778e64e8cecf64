"""Answers that are read from their octets: each is what dnspython reads, or is left to it."""

from __future__ import annotations

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailauth_dns.live import any_answer, dns_message, plain_answer, wire
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import quoted
from tests.live.asking import APEX, ZONE, name
from tests.live.authority import Authority


def agrees(message: bytes, owner: DomainName, type: str) -> bool:
    """Read a reply in both ways; tell whether it is plain. It must be the reply to the question."""
    plain = plain_answer.read(message, owner, type)
    assert plain is None or plain == any_answer.read(message, owner, type)
    return plain is not None


def query(owner: str, type: str) -> dns.message.Message:
    section = dns_message.question_section(name(owner), type)
    return dns.message.from_wire(dns_message.query(7, section, recurse=False))


PLAIN = [
    ("example.com", "TXT", True),
    ("example.com", "MX", True),
    ("example.com", "NS", True),
    ("s1._domainkey.example.com", "TXT", True),
    ("s1._domainkey.example.com", "CNAME", True),
    ("nothing.example.com", "TXT", True),
    ("mx.example.com", "CNAME", True),
    ("mx.example.com", "A", False),
    ("a/b.example.com", "TXT", False),  # read the same, but not worth a reader of ours
    ("sub.example.com", "TXT", False),  # a referral
]


@pytest.mark.parametrize(("owner", "type", "plain"), PLAIN)
def test_which_answers_of_a_server_are_plain(owner: str, type: str, plain: bool) -> None:
    message = Authority([ZONE])._reply(query(owner, type)).to_wire()
    assert agrees(message, name(owner), type) is plain


def answered(*records: str, **sections: str) -> bytes:
    """Return the reply to the question for TXT at example.com with these answers."""
    reply = dns.message.make_response(query("example.com", "TXT"))
    reply.flags |= dns.flags.AA
    for section, texts in {"answer": records, **{k: (v,) for k, v in sections.items()}}.items():
        for text in texts:
            owner, ttl, type, data = text.split(" ", 3)
            getattr(reply, section).append(dns.rrset.from_text(owner, int(ttl), "IN", type, data))
    return reply.to_wire()


SPF = 'example.com. 300 TXT "v=spf1 " "-all"'
REPLIES = {
    "a record and where it is served": answered(
        SPF,
        authority="example.com. 300 NS ns1.example.com.",
        additional="ns1.example.com. 300 A 192.0.2.1",
    ),
    "an alias": answered("example.com. 60 CNAME a.example.net.", 'a.example.net. 30 TXT "x"'),
    "nothing": answered(
        authority="example.com. 300 SOA ns1.example.net. host.example.com. 1 2 3 4 5"
    ),
    "an IPv6 address": answered(SPF, additional="ns1.example.com. 300 AAAA 2001:db8::1"),
}


@pytest.mark.parametrize("message", REPLIES.values(), ids=REPLIES)
def test_no_octet_that_changes_is_read_differently(message: bytes) -> None:
    """Wherever it is: counts, lengths, types, pointers, also those that nobody needs."""
    section = dns_message.question_section(APEX, "TXT")
    assert agrees(message, APEX, "TXT")
    for at in range(2, len(message)):
        before = message[at]
        for octet in {0, 1, 2, 12, 41, 63, 64, 191, 192, 255, before ^ 32, before + 1 & 255}:
            changed = message[:at] + bytes((octet,)) + message[at + 1 :]
            if dns_message.replies_to(changed, section):
                agrees(changed, APEX, "TXT")


@pytest.mark.parametrize("message", REPLIES.values(), ids=REPLIES)
def test_no_part_of_a_message_is_plain(message: bytes) -> None:
    end = wire.HEADER.size + len(dns_message.question_section(APEX, "TXT"))
    for size in range(end, len(message)):
        assert not agrees(message[:size], APEX, "TXT")
    assert not agrees(message + b"\0", APEX, "TXT")


def crafted(*answers: bytes, beside: tuple[bytes, ...] = (), authority: int = 0) -> bytes:
    """Return a reply of these records; `authority` of those `beside` the answers are in its section.

    The rest of them are additional.
    """
    section = dns_message.question_section(APEX, "TXT")
    counts = (len(answers), authority, len(beside) - authority)
    return wire.HEADER.pack(7, wire.QR, 1, *counts) + section + b"".join((*answers, *beside))


def record(
    owner: bytes, data: bytes, type: int = wire.TXT, rdclass: int = wire.IN, ttl: int = 300
) -> bytes:
    return owner + wire.FIXED.pack(type, rdclass, ttl, len(data)) + data


ASKED = b"\xc0\x0c"
AT = wire.HEADER.size + len(dns_message.question_section(APEX, "TXT"))  # of the first answer
GOOD = record(ASKED, b"\1a")
OPT = record(b"\0", b"", wire.OPT, 1232, ttl=0)
SOA = b"\0\0" + bytes(20)
ODD = {
    "no string in a TXT record": crafted(record(ASKED, b"")),
    "a string that runs past its record": crafted(record(ASKED, b"\5abc")),
    "two records that say the same": crafted(GOOD, GOOD),
    "two aliases": crafted(
        record(ASKED, b"\1a\0", wire.CNAME), record(ASKED, b"\1b\0", wire.CNAME)
    ),
    "a class that nobody asked for": crafted(record(ASKED, b"\1a", rdclass=3)),
    "a name that nobody asked for": crafted(record(b"\1a\0", b"\1a")),
    "a pointer to itself": crafted(record(bytes((0xC0, AT)), b"\1a")),
    "a pointer ahead": crafted(record(b"\xc0\xff", b"\1a")),
    "a pointer into the header": crafted(record(b"\xc0\x02", b"\1a")),
    "a pointer into a label": crafted(record(b"\xc0\x0d", b"\1a")),
    "a label of a kind that does not exist": crafted(record(b"\x40a\0", b"\1a")),
    "a target that ends before its record": crafted(record(ASKED, b"\1a\0\0", wire.CNAME)),
    "a target that ends behind its record": crafted(record(ASKED, b"\1a", wire.CNAME), b"\0"),
    "a dot within a label": crafted(record(ASKED, b"\3a.b\0", wire.CNAME)),
    "a space within a label": crafted(record(ASKED, b"\3a b\0", wire.CNAME)),
    "a name of 257 octets": crafted(record(ASKED, (b"\x3f" + b"a" * 63) * 4 + b"\0", wire.CNAME)),
    "a preference without a host": crafted(record(ASKED, b"\0\1", wire.MX)),
    "an address": crafted(record(ASKED, bytes(4), wire.A)),
    "OPT among the answers": crafted(OPT),
    "OPT in the middle section": crafted(GOOD, beside=(OPT,), authority=1),
    "two OPT": crafted(GOOD, beside=(OPT, OPT)),
    "OPT with an option": crafted(GOOD, beside=(record(b"\0", bytes(4), wire.OPT, 1232, ttl=0),)),
    "OPT of another version": crafted(
        GOOD, beside=(record(b"\0", b"", wire.OPT, 1232, ttl=1 << 16),)
    ),
    "OPT with bits of the rcode": crafted(
        beside=(record(b"\0", b"", wire.OPT, 1232, ttl=1 << 24),)
    ),
    "OPT at a name": crafted(GOOD, beside=(record(ASKED, b"", wire.OPT, 1232, ttl=0),)),
    "an address of three octets": crafted(GOOD, beside=(record(ASKED, bytes(3), wire.A),)),
    "an SOA that is too short": crafted(
        GOOD, beside=(record(ASKED, SOA[:-1], wire.SOA),), authority=1
    ),
    "a signature": crafted(GOOD, beside=(record(ASKED, bytes(20), 46),), authority=1),
    "a referral": crafted(beside=(record(b"\xc0\x0c", b"\1a\0", wire.NS),), authority=1),
}


@pytest.mark.parametrize("message", ODD.values(), ids=ODD)
def test_what_is_odd_is_left_to_dnspython(message: bytes) -> None:
    assert not agrees(message, APEX, "TXT")


@pytest.mark.parametrize(("pointers", "plain"), [(1, True), (3, True), (20, False), (8000, False)])
def test_a_chain_of_pointers_ends(pointers: int, plain: bool) -> None:
    """Each leads to the one before it, in strings of a TXT record, and the first to a name."""
    last = AT + 12  # behind the owner of the first record and its fixed part
    text_at = last + 3 + 12
    text = b""
    for number in range(pointers):
        if number % 100 == 0:
            text += bytes((2 * min(100, pointers - number),))
        text += (0xC000 | last).to_bytes(2, "big")
        last = text_at + len(text) - 2
    to_last = (0xC000 | last).to_bytes(2, "big")
    message = crafted(
        record(ASKED, b"\1a\0", wire.NS),
        record(ASKED, text),
        record(ASKED, b"\1b" + to_last, wire.NS),
    )
    assert agrees(message, APEX, "TXT") is plain


@pytest.mark.parametrize(
    ("flags", "beside", "plain"),
    [
        (wire.AA, (), True),
        (wire.AA | wire.NXDOMAIN, (), True),
        (wire.RA, (record(ASKED, SOA, wire.SOA),), True),  # a resolver: there is none
        (0, (record(ASKED, b"\1a\0", wire.NS),), False),  # a referral
        (wire.SERVFAIL, (), True),
        (wire.REFUSED, (record(ASKED, b"\1a\0", wire.NS),), True),
        (wire.FORMERR, (), False),
        (wire.NOTIMP, (), False),
    ],
)
def test_without_an_answer_the_rcode_tells(
    flags: int, beside: tuple[bytes, ...], plain: bool
) -> None:
    message = crafted(beside=beside, authority=len(beside))
    flagged = message[:2] + (wire.QR | flags).to_bytes(2, "big") + message[4:]
    assert agrees(flagged, APEX, "TXT") is plain


# --- whatever comes

OWNERS = st.sampled_from(["example.com", "_dmarc.example.com", "s1._domainkey.example.com"])
NAMES = st.sampled_from(
    ["target.example.net", "example.com", "ns1.example.com", "net", "_dmarc.example.com"]
)
TEXTS = st.lists(st.binary(max_size=300), min_size=1, max_size=4)
OPTION = dns.edns.OptionType.make(65001)  # for local use
RCODES = [dns.rcode.NOERROR, dns.rcode.NXDOMAIN, dns.rcode.SERVFAIL, dns.rcode.BADVERS]


@st.composite
def rrsets(draw: st.DrawFn, owners: st.SearchStrategy[str]) -> dns.rrset.RRset:
    host = draw(NAMES)
    type, texts = draw(
        st.sampled_from(
            [
                ("TXT", None),
                ("CNAME", [f"{host}."]),
                ("MX", [f"10 {host}.", "20 mx.example.com."]),
                ("NS", [f"{host}.", "ns2.example.net."]),
                ("SOA", [f"{host}. hostmaster.{host}. 1 2 3 4 5"]),
                ("A", ["192.0.2.1"]),
                ("AAAA", ["2001:db8::1"]),
                ("CAA", ['0 issue "ca.example.net"']),
            ]
        )
    )
    texts = texts or [quoted(text.decode("latin-1")) for text in draw(TEXTS)]
    ttl = draw(st.integers(0, 2**31 - 1))
    return dns.rrset.from_text_list(f"{draw(owners)}.", ttl, "IN", type, texts)


@st.composite
def replies(draw: st.DrawFn) -> tuple[DomainName, str, dns.message.Message]:
    owner, type = draw(OWNERS), draw(st.sampled_from(["TXT", "CNAME", "MX", "NS", "A"]))
    reply = dns.message.make_response(query(owner, type))
    reply.set_rcode(draw(st.sampled_from(RCODES)))
    for flag in draw(st.sets(st.sampled_from([dns.flags.AA, dns.flags.RA]))):
        reply.flags |= flag
    for section, most in ((reply.answer, 3), (reply.authority, 2), (reply.additional, 2)):
        section += draw(st.lists(rrsets(st.just(owner) | NAMES), max_size=most))
    if draw(st.booleans()):
        unknown: list[dns.edns.Option] = [dns.edns.GenericOption(OPTION, b"x")]
        reply.use_edns(0, options=unknown if draw(st.booleans()) else None)
    return name(owner), type, reply


@given(replies())
def test_reading_by_hand_agrees_with_dnspython(
    reply: tuple[DomainName, str, dns.message.Message],
) -> None:
    owner, type, message = reply
    agrees(message.to_wire(max_size=65535), owner, type)


@given(
    replies(),
    st.lists(st.tuples(st.integers(4, 600), st.integers(0, 255)), min_size=1, max_size=4),
    st.integers(0, 40),
)
def test_damage_is_never_read_differently(
    reply: tuple[DomainName, str, dns.message.Message], damage: list[tuple[int, int]], cut: int
) -> None:
    owner, type, message = reply[0], reply[1], reply[2].to_wire(max_size=65535)
    wrong = bytearray(message[: len(message) - cut])
    for at, octet in damage:
        if at < len(wrong):
            wrong[at] = octet
    damaged = bytes(wrong)
    section = dns_message.question_section(owner, type)
    if len(damaged) >= wire.HEADER.size and dns_message.replies_to(damaged, section):
        agrees(damaged, owner, type)
