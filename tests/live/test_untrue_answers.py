"""Answers that are forged, late, doubled, cut or broken: believed is only what the server said.

Every lie says that the name does not exist. A record that is not there would be a reason to plan a
change, so no row may end in that.
"""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest

from mailauth_dns.live import wire
from mailauth_dns.live.lookup import Question, ask
from mailauth_dns.records.name import DomainName
from tests.live.asking import one, reason, said
from tests.live.scripted import (
    SPF,
    Elsewhere,
    UdpScript,
    framed,
    lie,
    query_from,
    reply,
    scripted,
    section_of,
    truth,
)

TIMEOUT = 0.2  # seconds


def swapped(query: bytes) -> bytes:
    """Return the question section with each letter in the other case."""
    section = section_of(query)
    return section[:-4].swapcase() + section[-4:]


NXDOMAIN = wire.AA | wire.NXDOMAIN
FORGED: dict[str, UdpScript] = {
    "another id": lambda query: [bytes((query[0] ^ 1,)) + lie(query)[1:]],
    "another name": lambda query: [
        reply(query, flags=NXDOMAIN, section=b"\7exomple\3com\0" + section_of(query)[-4:])
    ],
    "a longer name": lambda query: [
        reply(query, flags=NXDOMAIN, section=b"\1a" + section_of(query))
    ],
    "another type": lambda query: [
        reply(query, flags=NXDOMAIN, section=section_of(query)[:-4] + b"\0\x0f\0\1")
    ],
    "another class": lambda query: [
        reply(query, flags=NXDOMAIN, section=section_of(query)[:-1] + b"\3")
    ],
    "no question": lambda query: [reply(query, flags=NXDOMAIN, section=b"", counts=(0, 0, 0, 0))],
    "two questions": lambda query: [
        reply(query, flags=NXDOMAIN, section=section_of(query) * 2, counts=(2, 0, 0, 0))
    ],
    "a query": lambda query: [lie(query)[:2] + b"\4\3" + lie(query)[4:]],
    "another operation": lambda query: [reply(query, flags=NXDOMAIN | 0x2800)],
    "another address": lambda query: [Elsewhere(lie(query))],
    "an empty datagram": lambda query: [query[:0]],
    "half a header": lambda query: [lie(query)[:6]],
    "half a question": lambda query: [lie(query)[:20]],
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_what_is_forged_is_not_heard(forged: UdpScript) -> None:
    """Whether it comes before the answer or alone."""
    with scripted(lambda query: [*forged(query), truth(query)]) as server:
        found = said(one(server, "example.com", "TXT", timeout=TIMEOUT))
        assert found.rrset is not None
        assert found.rrset.values == {SPF.decode()}
    with scripted(forged) as server:
        assert reason(one(server, "example.com", "TXT", timeout=TIMEOUT)) == "no answer (2 x 0.2 s)"


def answer_over_tcp(connection: socket.socket) -> None:
    while query := query_from(connection):
        connection.sendall(framed(truth(query)))


@pytest.mark.parametrize("recurse", [False, True])
def test_the_name_goes_out_in_mixed_case(recurse: bool) -> None:
    """What a resolver repeats is not compared: a router that stands for one may respell it."""
    asked: list[bytes] = []

    def script(query: bytes) -> list[bytes]:
        asked.append(section_of(query))
        return [truth(query)]

    names = [f"a-long-enough-name-{number}.example.com" for number in range(5)]
    with scripted(script) as server:
        for name in names:
            assert said(one(server, name, "TXT", recurse=recurse)).rrset is not None
    assert [section.lower() for section in asked] == [
        b"%c%b\7example\3com\0\0\x10\0\1" % (len(label), label)
        for label in (name.split(".")[0].encode() for name in names)
    ]
    assert any(section != section.lower() for section in asked) is not recurse


def test_a_name_in_another_case_is_asked_over_tcp() -> None:
    with scripted(
        lambda query: [reply(query, flags=NXDOMAIN, section=swapped(query))], answer_over_tcp
    ) as server:
        assert said(one(server, "example.com", "TXT")).rrset is not None


def test_a_server_that_respells_names_is_unknown_without_tcp() -> None:
    with scripted(lambda query: [reply(query, SPF, section=swapped(query))]) as server:
        assert reason(one(server, "example.com", "TXT")) == (
            "the answer spells the name in another case, and over TCP: "
            f"refused: nothing listens on TCP port {server.port}"
        )


def test_a_resolver_may_respell_names() -> None:
    with scripted(lambda query: [reply(query, SPF, section=swapped(query))]) as server:
        assert said(one(server, "example.com", "TXT", recurse=True)).rrset is not None


# --- many answers, in disorder


def own_text(query: bytes) -> bytes:
    """Return the truth: each name has its own text."""
    return reply(query, section_of(query).lower()[1:6])


class Again:
    """Sends the answer to the question before, under the new id, and then the true one."""

    def __init__(self) -> None:
        self._before = b""

    def __call__(self, query: bytes) -> list[bytes]:
        before, self._before = self._before, own_text(query)
        return [query[:2] + before[2:], self._before]


class Reversed:
    """Holds answers back, and sends ten at once, the last first."""

    def __init__(self) -> None:
        self._held: list[bytes] = []

    def __call__(self, query: bytes) -> list[bytes]:
        self._held.append(own_text(query))
        if len(self._held) < 10:
            return []
        held, self._held = self._held, []
        return held[::-1]


class Late:
    """Answers the first question after it was asked again."""

    def __init__(self) -> None:
        self._asked = 0

    def __call__(self, query: bytes) -> list[bytes | float]:
        self._asked += 1
        return [TIMEOUT * 1.5, own_text(query)] if self._asked == 1 else [own_text(query)]


DISORDER: dict[str, Callable[[], UdpScript]] = {
    "twice": lambda: lambda query: [own_text(query), own_text(query)],
    "twice, and the second says no": lambda: lambda query: [own_text(query), lie(query)],
    "the last one again": Again,
    "the last first": Reversed,
    "late": Late,
}


@pytest.mark.parametrize("script", DISORDER.values(), ids=DISORDER)
def test_each_question_gets_its_own_answer(script: Callable[[], UdpScript]) -> None:
    names = [DomainName(f"n{number:04}.example.com") for number in range(200)]
    with scripted(script()) as server:
        answers = ask((Question(server, each, "TXT") for each in names), timeout=TIMEOUT, window=20)
    for each in names:
        found = said(answers[Question(server, each, "TXT")]).rrset
        assert found is not None
        assert found.values == {each[:5]}
