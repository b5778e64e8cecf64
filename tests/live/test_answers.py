"""What one answer says, read from the wire."""

from __future__ import annotations

import struct

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.live import any_answer, dns_message, plain_answer
from mailauth_dns.live.server_answer import ServerAnswer
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRset
from tests.live.asking import APEX, OCTETS, SPF, ZONE, name, one, reason, said
from tests.live.authority import Authority, Behaviour

SETS = [
    ("example.com", "TXT", {SPF, "site-verification=1"}),
    ("example.com", "MX", {"10 mx.example.com."}),
    ("example.com", "NS", {"ns1.example.net."}),
    ("_dmarc.example.com", "TXT", {"v=DMARC1; p=none"}),
    ("odd.example.com", "TXT", {OCTETS}),
    ("mx.example.com", "A", {"192.0.2.1"}),
    ("mx.example.com", "AAAA", {"2001:db8::1"}),
    ("s1._domainkey.example.com", "CNAME", {"s1.domainkey.example.net."}),
    ("a.wild.example.com", "TXT", {"from the wildcard"}),
]


@pytest.mark.parametrize(("owner", "type", "values"), SETS)
def test_a_set_is_read_as_values(owner: str, type: str, values: set[str]) -> None:
    with Authority([ZONE]) as authority:
        answer = said(one(authority.server, owner, type))
    assert answer.rrset is not None
    assert answer.rrset.key == (owner, type)
    assert answer.rrset.values == values
    assert (answer.rcode, answer.authoritative, answer.cname, answer.nxdomain) == (
        "NOERROR",
        True,
        None,
        False,
    )
    assert answer.followed == answer.rrset


def _twice(owner: bytes, *texts: tuple[bytes, ...]) -> tuple[bytes, DomainName]:
    """Return a reply with TXT records at a name, each of these character-strings."""
    name = DomainName(owner.decode())
    section = dns_message.question_section(name, "TXT")
    rdatas = [b"".join(bytes([len(part)]) + part for part in parts) for parts in texts]
    records = b"".join(
        b"\xc0\x0c" + struct.pack("!HHIH", 16, 1, 300, len(rdata)) + rdata for rdata in rdatas
    )
    return struct.pack("!6H", 7, 0x8400, 1, len(rdatas), 0, 0) + section + records, name


TWINS = [
    (b"example.com", (b"v=spf1 -all",), (b"v=spf1", b" -all"), True),
    (b"_dmarc.example.com", (b"v=DMARC1; p=none",), (b"v=DMARC1;", b" p=none"), True),
    (b"example.com", (b"token=1",), (b"token", b"=1"), False),  # nobody counts these
    (b"example.com", (b"v=spf1 -all",), (b"v=spf1 ~all",), False),
]


@pytest.mark.parametrize(("owner", "one", "other", "unknown"), TWINS)
def test_two_records_of_the_same_octets_are_not_taken_for_one(
    owner: bytes, one: tuple[bytes, ...], other: tuple[bytes, ...], unknown: bool
) -> None:
    message, name = _twice(owner, one, other)
    if unknown:
        assert plain_answer.read(message, name, "TXT") is None
    found = any_answer.read(message, name, "TXT")
    assert isinstance(found, Unknown) is unknown
    assert not unknown or "receivers count both; delete one of" in str(found)


def test_the_ttl_is_the_servers() -> None:
    with Authority([ZONE]) as authority:
        assert said(one(authority.server, "_dmarc.example.com", "TXT")).rrset == RRset(
            name("_dmarc.example.com"), "TXT", 300, frozenset({"v=DMARC1; p=none"})
        )


@pytest.mark.parametrize(
    ("ttl", "read"), [(300, 300), (2**31 - 1, 2**31 - 1), (2**31, 0), (2**32 - 1, 0)]
)
def test_a_ttl_with_its_upper_bit_set_is_0(ttl: int, read: int) -> None:
    """RFC 2181 §8."""
    section = dns_message.question_section(APEX, "TXT")
    answer = b"\xc0\x0c" + struct.pack("!HHIH", 16, 1, ttl, 2) + b"\1x"
    message = struct.pack("!6H", 7, 0x8400, 1, 1, 0, 0) + section + answer
    expected = RRset(APEX, "TXT", read, frozenset({"x"}))
    for found in (
        plain_answer.read(message, APEX, "TXT"),
        any_answer.read(message, APEX, "TXT"),
    ):
        assert isinstance(found, ServerAnswer)
        assert found.rrset == expected


def test_no_such_type_and_no_such_name_differ() -> None:
    with Authority([ZONE]) as authority:
        nodata = said(one(authority.server, "mx.example.com", "TXT"))
        nxdomain = said(one(authority.server, "nothing.example.com", "TXT"))
    assert nodata == ServerAnswer("NOERROR", authoritative=True)
    assert nxdomain == ServerAnswer("NXDOMAIN", authoritative=True)
    assert (nodata.nxdomain, nxdomain.nxdomain) == (False, True)


def test_a_cname_answers_in_place_of_the_set() -> None:
    with Authority([ZONE]) as authority:
        answer = said(one(authority.server, "s1._domainkey.example.com", "TXT"))
    assert answer.rrset is None
    assert answer.followed is None
    assert answer.cname == RRset(
        name("s1._domainkey.example.com"), "CNAME", 60, frozenset({"s1.domainkey.example.net."})
    )


def test_a_resolvers_answer_is_followed_through_its_cnames() -> None:
    with Authority([ZONE], Behaviour(recursive=True)) as resolver:
        answer = said(one(resolver.server, "alias.example.com", "A", recurse=True))
    assert answer.followed == RRset(name("mx.example.com"), "A", 300, frozenset({"192.0.2.1"}))
    assert answer.rrset is None
    assert answer.cname is not None


def test_a_referral_is_not_an_answer() -> None:
    with Authority([ZONE]) as authority:
        answer = said(one(authority.server, "_dmarc.sub.example.com", "TXT"))
    assert answer.referral == RRset(
        name("sub.example.com"), "NS", 300, frozenset({"ns1.example.org."})
    )
    assert (answer.authoritative, answer.nxdomain) == (False, False)


@pytest.mark.parametrize("rcode", [dns.rcode.SERVFAIL, dns.rcode.REFUSED, dns.rcode.NOTAUTH])
def test_an_error_is_an_answer_without_sets(rcode: dns.rcode.Rcode) -> None:
    with Authority([ZONE], Behaviour(rcode=rcode)) as authority:
        answer = said(one(authority.server, "example.com", "TXT"))
    assert answer == ServerAnswer(dns.rcode.to_text(rcode), authoritative=False)
    assert not answer.nxdomain


def test_the_servers_spelling_of_a_name_does_not_matter() -> None:
    section = dns_message.question_section(APEX, "TXT")
    query = dns.message.from_wire(dns_message.query(7, section, recurse=False))
    query.question[0].name = dns.name.from_text("EXAMPLE.com.")
    reply = dns.message.make_response(query)
    reply.answer.append(dns.rrset.from_text("Example.COM.", 60, "IN", "TXT", '"a"'))
    assert dns_message.replies_to(reply.to_wire(), section)
    assert said(dns_message.read(reply.to_wire(), APEX, "TXT")).rrset == RRset(
        APEX, "TXT", 60, frozenset({"a"})
    )


@pytest.mark.parametrize("type", ["TXT", "HTTPS", "SSHFP"])  # the last one is dnspython's to know
def test_a_query_is_what_dnspython_reads(type: str) -> None:
    section = dns_message.question_section(name("_dmarc.example.com"), type)
    message = dns.message.from_wire(dns_message.query(0xABCD, section, recurse=True))
    assert (message.id, message.flags, message.edns, message.payload) == (
        0xABCD,
        int(dns.flags.RD),
        0,
        1232,
    )
    assert [str(question) for question in message.question] == [f"_dmarc.example.com. IN {type}"]


@pytest.mark.parametrize("type", ["TXT", "HTTPS"])  # HTTPS is 65, as is the letter A
def test_mixed_case_changes_letters_of_the_name_alone(type: str) -> None:
    section = dns_message.question_section(name("a@b-1._z.example.com"), type)
    mixed = {dns_message.in_mixed_case(section) for _ in range(100)}
    assert len(mixed) > 50
    assert {each[:-4].lower() + each[-4:] for each in mixed} == {section}


def test_records_that_nobody_asked_for_are_malformed() -> None:
    section = dns_message.question_section(APEX, "TXT")
    reply = dns.message.make_response(
        dns.message.from_wire(dns_message.query(7, section, recurse=False))
    )
    reply.answer.append(dns.rrset.from_text("example.net.", 60, "IN", "TXT", '"a"'))
    assert "other names" in reason(dns_message.read(reply.to_wire(), APEX, "TXT"))


def test_a_server_that_cannot_read_the_query_need_not_repeat_it() -> None:
    formerr = b"\x00\x07\x80\x01" + bytes(8)
    assert dns_message.replies_to(formerr, dns_message.question_section(APEX, "TXT"))
    assert dns_message.read(formerr, APEX, "TXT") == ServerAnswer("FORMERR", authoritative=False)
    servfail = b"\x00\x07\x80\x02" + bytes(8)
    assert not dns_message.replies_to(servfail, dns_message.question_section(APEX, "TXT"))


def test_cnames_in_a_circle_lead_nowhere() -> None:
    section = dns_message.question_section(name("a.example.com"), "TXT")
    reply = dns.message.make_response(
        dns.message.from_wire(dns_message.query(7, section, recurse=True))
    )
    reply.answer.append(dns.rrset.from_text("a.example.com.", 60, "IN", "CNAME", "b.example.com."))
    reply.answer.append(dns.rrset.from_text("b.example.com.", 60, "IN", "CNAME", "a.example.com."))
    assert said(dns_message.read(reply.to_wire(), name("a.example.com"), "TXT")).followed is None
