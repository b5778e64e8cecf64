"""Many DNS questions at once, against servers that behave and servers that do not."""

from __future__ import annotations

import time

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.live import wire
from mailauth_dns.live.lookup import Answer, Question, Server, ask, has_route
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRset, quoted
from tests.live.authority import Authority, Behaviour, closed_port, silent_port, zone

SPF = "v=spf1 mx -all"
OCTETS = 'caf\xe9 \x00\xff;\\"'
ZONE = zone(
    "example.com",
    f"""
@ 300 IN TXT "{SPF}"
@ 300 IN TXT "site-verification=1"
@ 300 IN MX 10 MX.example.com.
_dmarc 300 IN TXT "v=DMARC1; " "p=none"
odd 300 IN TXT {quoted(OCTETS)}
long 300 IN TXT {quoted("x" * 5000)}
s1._domainkey 60 IN CNAME S1.DomainKey.example.NET.
alias 60 IN CNAME mx
mx 300 IN A 192.0.2.1
mx 300 IN AAAA 2001:DB8::1
*.wild 300 IN TXT "from the wildcard"
sub 300 IN NS ns1.example.org.
""",
)
APEX = DomainName("example.com")


def name(text: str) -> DomainName:
    return DomainName(text)


def one(server: Server, owner: str, type: str, *, recurse: bool = False, timeout: float = 0.3, tries: int = 2) -> Answer | Unknown:
    question = Question(server, name(owner), type, recurse)
    answers = ask([question], timeout=timeout, tries=tries)
    assert list(answers) == [question]
    return answers[question]


def said(answer: Answer | Unknown) -> Answer:
    assert isinstance(answer, Answer), answer
    return answer


def reason(answer: Answer | Unknown) -> str:
    assert isinstance(answer, Unknown), answer
    return answer.reason


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
    assert (answer.rcode, answer.authoritative, answer.cname, answer.nodata, answer.nxdomain) == ("NOERROR", True, None, False, False)
    assert answer.followed == answer.rrset


def test_the_ttl_is_the_servers() -> None:
    with Authority([ZONE]) as authority:
        assert said(one(authority.server, "_dmarc.example.com", "TXT")).rrset == RRset(
            name("_dmarc.example.com"), "TXT", 300, frozenset({"v=DMARC1; p=none"})
        )


def test_no_such_type_and_no_such_name_differ() -> None:
    with Authority([ZONE]) as authority:
        nodata = said(one(authority.server, "mx.example.com", "TXT"))
        nxdomain = said(one(authority.server, "nothing.example.com", "TXT"))
    assert (nodata.nodata, nodata.nxdomain, nodata.authoritative) == (True, False, True)
    assert (nxdomain.nodata, nxdomain.nxdomain, nxdomain.authoritative) == (False, True, True)


def test_a_cname_answers_in_place_of_the_set() -> None:
    with Authority([ZONE]) as authority:
        answer = said(one(authority.server, "s1._domainkey.example.com", "TXT"))
    assert answer.rrset is None
    assert answer.followed is None
    assert not answer.nodata
    assert answer.cname == RRset(name("s1._domainkey.example.com"), "CNAME", 60, frozenset({"s1.domainkey.example.net."}))


def test_a_resolvers_answer_is_followed_through_its_cnames() -> None:
    with Authority([ZONE], Behaviour(recursive=True)) as resolver:
        answer = said(one(resolver.server, "alias.example.com", "A", recurse=True))
    assert answer.followed == RRset(name("mx.example.com"), "A", 300, frozenset({"192.0.2.1"}))
    assert answer.rrset is None
    assert answer.cname is not None


def test_a_referral_is_not_an_answer() -> None:
    with Authority([ZONE]) as authority:
        answer = said(one(authority.server, "_dmarc.sub.example.com", "TXT"))
    assert answer.referral == RRset(name("sub.example.com"), "NS", 300, frozenset({"ns1.example.org."}))
    assert (answer.authoritative, answer.nodata, answer.nxdomain) == (False, False, False)


@pytest.mark.parametrize("rcode", [dns.rcode.SERVFAIL, dns.rcode.REFUSED, dns.rcode.NOTAUTH])
def test_an_error_is_an_answer_without_sets(rcode: dns.rcode.Rcode) -> None:
    with Authority([ZONE], Behaviour(rcode=rcode)) as authority:
        answer = said(one(authority.server, "example.com", "TXT"))
    assert answer == Answer(dns.rcode.to_text(rcode), authoritative=False)
    assert (answer.nodata, answer.nxdomain) == (False, False)


def test_the_servers_spelling_of_a_name_does_not_matter() -> None:
    section = wire.question_section(APEX, "TXT")
    query = dns.message.from_wire(wire.query(7, section, recurse=False))
    query.question[0].name = dns.name.from_text("EXAMPLE.com.")
    reply = dns.message.make_response(query)
    reply.answer.append(dns.rrset.from_text("Example.COM.", 60, "IN", "TXT", '"a"'))
    assert wire.replies_to(reply.to_wire(), section)
    assert said(wire.read(reply.to_wire(), APEX, "TXT")).rrset == RRset(APEX, "TXT", 60, frozenset({"a"}))


def test_a_query_is_what_dnspython_reads() -> None:
    message = dns.message.from_wire(wire.query(0xABCD, wire.question_section(name("_dmarc.example.com"), "TXT"), recurse=True))
    assert (message.id, message.flags, message.edns, message.payload) == (0xABCD, int(dns.flags.RD), 0, 1232)
    assert [str(question) for question in message.question] == ["_dmarc.example.com. IN TXT"]


# --- the network at its worst


def test_a_lost_packet_is_asked_again() -> None:
    with Authority([ZONE], Behaviour(drop=1)) as authority:
        assert said(one(authority.server, "example.com", "TXT")).rrset is not None
    assert authority.seen == {("udp", "example.com", "TXT"): 2}


def test_the_answer_to_the_first_try_counts_during_the_second() -> None:
    with Authority([ZONE], Behaviour(delay=0.4)) as authority:
        assert said(one(authority.server, "example.com", "TXT", timeout=0.3)).rrset is not None


def test_what_stays_silent_is_unknown() -> None:
    with silent_port() as server:
        assert reason(one(server, "example.com", "TXT", timeout=0.1)) == "no answer (2 x 0.1 s)"


def test_a_closed_port_is_unknown_at_once() -> None:
    questions = [(f"n{n}.example.com", "TXT") for n in range(2000)]
    with closed_port() as server:
        before = time.monotonic()
        answers = ask(Question(server, name(owner), type) for owner, type in questions)
    assert len(answers) == 2000
    assert {reason(answer) for answer in answers.values()} == {f"refused: nothing listens on UDP port {server.port}"}
    assert time.monotonic() - before < 1


def test_an_address_without_a_route_is_unknown() -> None:
    assert "cannot be asked" in reason(one(Server("255.255.255.255"), "example.com", "TXT"))


def test_a_route_is_found_without_sending() -> None:
    with silent_port() as server:
        assert has_route(server.address, server.port)
    assert not has_route("255.255.255.255", 53)


def test_a_dead_server_costs_two_timeouts_however_many_questions() -> None:
    with silent_port() as dead, Authority([ZONE]) as alive:
        before = time.monotonic()
        questions = [Question(dead, name(f"n{n}.example.com"), "TXT") for n in range(2000)]
        answers = ask([*questions, Question(alive.server, APEX, "TXT")], timeout=0.3)
        took = time.monotonic() - before
    assert {reason(answers[question]) for question in questions} == {
        "no answer (2 x 0.3 s)",
        "given up on: 100 questions in a row got no answer",
    }
    assert isinstance(answers[Question(alive.server, APEX, "TXT")], Answer)
    assert took < 2


def test_a_server_that_dies_on_the_way_is_given_up_on() -> None:
    with Authority([ZONE], Behaviour(silent_after=300)) as authority:
        before = time.monotonic()
        answers = ask((Question(authority.server, name(f"n{n}.example.com"), "TXT") for n in range(2000)), timeout=0.3)
        took = time.monotonic() - before
    assert sum(isinstance(answer, Answer) for answer in answers.values()) == 300
    assert len(answers) == 2000
    assert took < 4


FORGERIES = ["id", "question", "type", "query", "short"]


@pytest.mark.parametrize("kind", FORGERIES)
def test_what_is_not_the_reply_is_ignored(kind: str) -> None:
    """Each forgery claims that the name does not exist, and arrives first."""
    with Authority([ZONE], Behaviour(forged=(kind,))) as authority:
        answer = said(one(authority.server, "example.com", "TXT"))
    assert not answer.nxdomain
    assert answer.rrset is not None


def test_another_sender_is_not_heard() -> None:
    """Not even with the right id and question."""
    with Authority([ZONE], Behaviour(impostor=True)) as authority:
        answer = said(one(authority.server, "example.com", "TXT"))
    assert not answer.nxdomain


MALFORMED = [
    b"\x00\x01\x00\x05\x00\x00\x00\x00",  # five answers announced, none there
    b"\x00\x01\x00\x00\x00\x00\x00\x00",  # octets behind the message
]


@pytest.mark.parametrize("counts", MALFORMED)
def test_a_malformed_answer_is_unknown(counts: bytes) -> None:
    section = wire.question_section(APEX, "TXT")
    with Authority([ZONE], Behaviour(mangle=counts + section + b"\xff")) as authority:
        assert "malformed answer" in reason(one(authority.server, "example.com", "TXT"))


def test_records_that_nobody_asked_for_are_malformed() -> None:
    section = wire.question_section(APEX, "TXT")
    reply = dns.message.make_response(dns.message.from_wire(wire.query(7, section, recurse=False)))
    reply.answer.append(dns.rrset.from_text("example.net.", 60, "IN", "TXT", '"a"'))
    assert "other names" in reason(wire.read(reply.to_wire(), APEX, "TXT"))


def test_a_server_that_cannot_read_the_query_need_not_repeat_it() -> None:
    formerr = b"\x00\x07\x80\x01" + bytes(8)
    assert wire.replies_to(formerr, wire.question_section(APEX, "TXT"))
    assert wire.read(formerr, APEX, "TXT") == Answer("FORMERR", authoritative=False)
    servfail = b"\x00\x07\x80\x02" + bytes(8)
    assert not wire.replies_to(servfail, wire.question_section(APEX, "TXT"))


def test_cnames_in_a_circle_lead_nowhere() -> None:
    section = wire.question_section(name("a.example.com"), "TXT")
    reply = dns.message.make_response(dns.message.from_wire(wire.query(7, section, recurse=True)))
    reply.answer.append(dns.rrset.from_text("a.example.com.", 60, "IN", "CNAME", "b.example.com."))
    reply.answer.append(dns.rrset.from_text("b.example.com.", 60, "IN", "CNAME", "a.example.com."))
    assert said(wire.read(reply.to_wire(), name("a.example.com"), "TXT")).followed is None


# --- TCP


def test_a_truncated_answer_is_asked_over_tcp() -> None:
    with Authority([ZONE], Behaviour(truncate=True)) as authority:
        answer = said(one(authority.server, "long.example.com", "TXT"))
    assert answer.rrset is not None
    assert answer.rrset.values == {"x" * 5000}
    assert authority.seen == {("udp", "long.example.com", "TXT"): 1, ("tcp", "long.example.com", "TXT"): 1}


def test_many_truncated_answers_share_one_connection() -> None:
    with Authority([ZONE], Behaviour(truncate=True)) as authority:
        answers = ask((Question(authority.server, name(f"n{n}.wild.example.com"), "TXT") for n in range(250)), timeout=2)
    assert all(said(answer).rrset is not None for answer in answers.values())
    assert len(answers) == 250
    assert authority.connections == 1


def test_a_server_may_close_the_connection_after_each_answer() -> None:
    with Authority([ZONE], Behaviour(truncate=True, answers_a_connection=1)) as authority:
        answers = ask((Question(authority.server, name(f"n{n}.wild.example.com"), "TXT") for n in range(10)), timeout=2)
    assert all(said(answer).rrset is not None for answer in answers.values())
    assert authority.connections == 10


NO_TCP = [
    (Behaviour(truncate=True, tcp=False), "nothing listens on TCP port"),
    (Behaviour(truncate=True, answers_a_connection=0), "closed the connection"),
    (Behaviour(truncate=True, tcp_truncates=True), "truncated as well"),
    (Behaviour(truncate=True, silent_after=1), "no answer (1 x 0.6 s)"),
]


@pytest.mark.parametrize(("behaviour", "why"), NO_TCP)
def test_without_tcp_a_truncated_answer_is_unknown(behaviour: Behaviour, why: str) -> None:
    with Authority([ZONE], behaviour) as authority:
        before = time.monotonic()
        answer = reason(one(authority.server, "example.com", "TXT"))
        assert time.monotonic() - before < 2
    assert answer.startswith("the answer is truncated, and over TCP: ")
    assert why in answer


# --- many


def test_every_one_of_2000_questions_is_answered() -> None:
    """And each is sent once, so that nothing was lost on the way to be asked again."""
    with Authority([ZONE]) as authority:
        questions = [Question(authority.server, name(f"n{n}.wild.example.com"), "TXT") for n in range(2000)]
        answers = ask(questions, timeout=5)
    assert set(answers) == set(questions)
    assert all(said(answer).rrset is not None for answer in answers.values())
    assert authority.seen.total() == 2000


def test_the_window_bounds_what_is_in_flight() -> None:
    with silent_port() as server:
        answers = ask((Question(server, name(f"n{n}.example.com"), "TXT") for n in range(10)), timeout=0.1, window=3)
    assert sum(reason(answer).startswith("no answer") for answer in answers.values()) == 3


def test_the_same_question_is_sent_once() -> None:
    """However often it is asked, and under however many names the address goes."""
    with Authority([ZONE]) as authority:
        named = Server(authority.address, authority.port, "ns1.example.net")
        answers = ask([Question(server, APEX, "TXT") for server in (authority.server, named, named)])
    assert set(answers) == {Question(authority.server, APEX, "TXT"), Question(named, APEX, "TXT")}
    assert len(set(answers.values())) == 1
    assert authority.seen.total() == 1


def test_more_servers_than_sockets() -> None:
    with silent_port() as dead, Authority([ZONE]) as alive:
        servers = [Server(f"127.0.0.{n}", dead.port) for n in range(2, 250)]
        answers = ask([Question(server, APEX, "TXT") for server in (*servers, alive.server)], timeout=0.1)
    assert len(answers) == 249
    assert isinstance(answers[Question(alive.server, APEX, "TXT")], Answer)


def test_nothing_asked_is_nothing_answered() -> None:
    assert ask([]) == {}


def test_ipv6() -> None:
    try:
        with Authority([ZONE], address="::1") as authority:
            assert said(one(authority.server, "example.com", "TXT")).rrset is not None
    except OSError as error:
        pytest.skip(f"no IPv6 loopback: {error}")


# --- the plain answer read by hand is what dnspython reads

OWNERS = st.sampled_from(["example.com", "_dmarc.example.com", "s1._domainkey.example.com"])
TEXTS = st.lists(st.binary(max_size=300), min_size=1, max_size=4)


@st.composite
def replies(draw: st.DrawFn) -> tuple[DomainName, str, dns.message.Message]:
    owner, type = draw(OWNERS), draw(st.sampled_from(["TXT", "CNAME", "MX"]))
    reply = dns.message.make_response(dns.message.from_wire(wire.query(7, wire.question_section(name(owner), type), recurse=False)))
    reply.set_rcode(draw(st.sampled_from([dns.rcode.NOERROR, dns.rcode.NXDOMAIN, dns.rcode.SERVFAIL, dns.rcode.BADVERS])))
    for flag in draw(st.sets(st.sampled_from([dns.flags.AA, dns.flags.RA]))):
        reply.flags |= flag
    records = {
        "TXT": [quoted(text.decode("latin-1")) for text in draw(TEXTS)],
        "CNAME": ["target.example.net."],
        "MX": ["10 mx.example.com."],
    }
    for kind in draw(st.lists(st.sampled_from(sorted(records)), max_size=2, unique=True)):
        at = draw(st.sampled_from([owner, "target.example.net"]))
        reply.answer.append(dns.rrset.from_text_list(at + ".", draw(st.integers(0, 2**31 - 1)), "IN", kind, records[kind]))
    for kind in draw(st.lists(st.sampled_from(["SOA", "NS"]), max_size=2, unique=True)):
        text = "ns1.example.net. hostmaster.example.net. 1 2 3 4 5" if kind == "SOA" else "ns1.example.net."
        reply.authority.append(dns.rrset.from_text("example.com.", 60, "IN", kind, text))
    return name(owner), type, reply


@given(replies())
def test_reading_by_hand_agrees_with_dnspython(reply: tuple[DomainName, str, dns.message.Message]) -> None:
    owner, type, message = reply[0], reply[1], reply[2].to_wire()
    plain = wire.read_plain(message, owner, type)
    assert plain is None or plain == wire.read_any(message, owner, type)


@given(replies(), st.lists(st.tuples(st.integers(4, 600), st.integers(0, 255)), min_size=1, max_size=4), st.integers(0, 40))
def test_damage_is_never_read_differently(
    reply: tuple[DomainName, str, dns.message.Message], damage: list[tuple[int, int]], cut: int
) -> None:
    """Damage that dnspython finds in sections we have no use for may go unnoticed; a value never differs."""
    owner, type, message = reply[0], reply[1], reply[2].to_wire()
    section = wire.question_section(owner, type)
    wrong = bytearray(message[: len(message) - cut])
    for at, octet in damage:
        if at < len(wrong):
            wrong[at] = octet
    damaged = bytes(wrong)
    if len(damaged) < wire.HEADER_SIZE or not wire.replies_to(damaged, section):
        return
    careful = wire.read_any(damaged, owner, type)
    plain = wire.read_plain(damaged, owner, type)
    assert plain is None or isinstance(careful, Unknown) or plain == careful


PLAIN = [
    ("example.com", "TXT", True),
    ("nothing.example.com", "TXT", True),
    ("mx.example.com", "CNAME", True),
    ("example.com", "MX", False),
    ("s1._domainkey.example.com", "TXT", False),
]


@pytest.mark.parametrize(("owner", "type", "plain"), PLAIN)
def test_which_answers_are_plain(owner: str, type: str, plain: bool) -> None:
    query = dns.message.from_wire(wire.query(7, wire.question_section(name(owner), type), recurse=False))
    message = Authority([ZONE])._reply(query).to_wire()
    assert (wire.read_plain(message, name(owner), type) is not None) is plain
