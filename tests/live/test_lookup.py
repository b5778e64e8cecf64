"""Many DNS questions at once, on networks and with servers that behave and that do not."""

from __future__ import annotations

import time

import pytest

from mailauth_dns.live import dns_message
from mailauth_dns.live.lookup import Question, ServerAddress, ask
from mailauth_dns.live.server_answer import ServerAnswer
from mailauth_dns.live.transport import has_route
from tests.live.asking import APEX, ZONE, name, one, reason, said
from tests.live.authority import Authority, Behaviour
from tests.live.unanswering import closed_port, silent_port

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
    assert {reason(answer) for answer in answers.values()} == {
        f"refused: nothing listens on UDP port {server.port}"
    }
    assert time.monotonic() - before < 1


def test_an_address_without_a_route_is_unknown() -> None:
    assert "cannot be asked" in reason(one(ServerAddress("255.255.255.255"), "example.com", "TXT"))


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
    assert isinstance(answers[Question(alive.server, APEX, "TXT")], ServerAnswer)
    assert took < 2


def test_a_server_that_dies_on_the_way_is_given_up_on() -> None:
    with Authority([ZONE], Behaviour(silent_after=300)) as authority:
        answers = ask(
            (Question(authority.server, name(f"n{n}.example.com"), "TXT") for n in range(2000)),
            timeout=0.5,
        )
    assert sum(isinstance(answer, ServerAnswer) for answer in answers.values()) == 300
    assert len(answers) == 2000
    # Of the rest, it was asked one window and a part of the next, while we waited.
    assert 400 <= len(authority.seen) < 500


def test_a_slow_server_is_waited_for_and_asked_once() -> None:
    """The last answer comes long after two timeouts; asking again would delay it further."""
    with Authority([ZONE], Behaviour(delay=0.02)) as authority:
        answers = ask(
            (Question(authority.server, name(f"n{n}.wild.example.com"), "TXT") for n in range(100)),
            timeout=0.8,
        )
    assert all(said(answer).rrset is not None for answer in answers.values())
    assert set(authority.seen.values()) == {1}


def test_a_lost_packet_among_others_is_told_by_later_answers() -> None:
    """If the server answers later questions, one was lost: only that one is asked again."""
    lost = name("lost.wild.example.com")
    others = [name(f"n{n}.wild.example.com") for n in range(60)]
    with Authority([ZONE], Behaviour(delay=0.02, drop=1, dropped=lost)) as authority:
        answers = ask(
            (Question(authority.server, owner, "TXT") for owner in (lost, *others)), timeout=0.8
        )
    assert all(said(answer).rrset is not None for answer in answers.values())
    assert {owner for (_, owner, _), times in authority.seen.items() if times > 1} == {lost}


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
    section = dns_message.question_section(APEX, "TXT")
    with Authority([ZONE], Behaviour(mangle=counts + section + b"\xff")) as authority:
        assert "malformed answer" in reason(one(authority.server, "example.com", "TXT"))


# --- TCP


def test_a_truncated_answer_is_asked_over_tcp() -> None:
    with Authority([ZONE], Behaviour(truncate=True)) as authority:
        answer = said(one(authority.server, "long.example.com", "TXT"))
    assert answer.rrset is not None
    assert answer.rrset.values == {"x" * 5000}
    assert authority.seen == {
        ("udp", "long.example.com", "TXT"): 1,
        ("tcp", "long.example.com", "TXT"): 1,
    }


def test_many_truncated_answers_share_one_connection() -> None:
    with Authority([ZONE], Behaviour(truncate=True)) as authority:
        answers = ask(
            (Question(authority.server, name(f"n{n}.wild.example.com"), "TXT") for n in range(250)),
            timeout=2,
        )
    assert all(said(answer).rrset is not None for answer in answers.values())
    assert len(answers) == 250
    assert authority.connections == 1


def test_a_server_may_close_the_connection_after_each_answer() -> None:
    with Authority([ZONE], Behaviour(truncate=True, answers_a_connection=1)) as authority:
        answers = ask(
            (Question(authority.server, name(f"n{n}.wild.example.com"), "TXT") for n in range(10)),
            timeout=2,
        )
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
        questions = [
            Question(authority.server, name(f"n{n}.wild.example.com"), "TXT") for n in range(2000)
        ]
        answers = ask(questions, timeout=5)
    assert set(answers) == set(questions)
    assert all(said(answer).rrset is not None for answer in answers.values())
    assert authority.seen.total() == 2000


def test_the_window_bounds_what_is_in_flight() -> None:
    with silent_port() as server:
        answers = ask(
            (Question(server, name(f"n{n}.example.com"), "TXT") for n in range(10)),
            timeout=0.1,
            window=3,
        )
    assert sum(reason(answer).startswith("no answer") for answer in answers.values()) == 3


def test_the_same_question_is_sent_once() -> None:
    """However often it is asked, and under however many names the address goes."""
    with Authority([ZONE]) as authority:
        named = ServerAddress(authority.address, authority.port, "ns1.example.net")
        answers = ask(
            [Question(server, APEX, "TXT") for server in (authority.server, named, named)]
        )
    assert set(answers) == {Question(authority.server, APEX, "TXT"), Question(named, APEX, "TXT")}
    assert len(set(answers.values())) == 1
    assert authority.seen.total() == 1


def test_more_servers_than_sockets() -> None:
    with silent_port() as dead, Authority([ZONE]) as alive:
        servers = [ServerAddress(f"127.0.0.{n}", dead.port) for n in range(2, 250)]
        answers = ask(
            [Question(server, APEX, "TXT") for server in (*servers, alive.server)], timeout=0.1
        )
    assert len(answers) == 249
    assert isinstance(answers[Question(alive.server, APEX, "TXT")], ServerAnswer)


def test_nothing_asked_is_nothing_answered() -> None:
    assert ask([]) == {}


def test_ipv6() -> None:
    try:
        with Authority([ZONE], address="::1") as authority:
            assert said(one(authority.server, "example.com", "TXT")).rrset is not None
    except OSError as error:
        pytest.skip(f"no IPv6 loopback: {error}")
