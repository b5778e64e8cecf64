"""Whatever fails on the network ends as unknown, with the reason, and in time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from mailauth_dns.errors import ObservationError
from mailauth_dns.evaluate.observation import Observation, Unknown
from mailauth_dns.live import observe as module
from mailauth_dns.live.lookup import Question, ask
from mailauth_dns.live.observe import Wanted, observe
from mailauth_dns.live.resolver import LiveResolver
from mailauth_dns.live.server_answer import ServerAnswer
from mailauth_dns.records.name import DomainName
from tests.conftest import RepoFolder
from tests.live.asking import APEX
from tests.live.faults import FAULTS, Fault
from tests.live.scripted import Dead, scripted, truth

TIMEOUT, TRIES = 0.2, 2
IN_TIME = 2 * TIMEOUT * TRIES + 1.0  # UDP and TCP, and a machine that is busy; in seconds


@contextmanager
def in_time(seconds: float = IN_TIME) -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


def seen(*servers: str) -> Observation:
    wanted = Wanted(APEX, frozenset({(APEX, "TXT")}), servers)
    return observe([wanted], timeout=TIMEOUT, tries=TRIES)[APEX]


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_what_fails_is_unknown(fault: Fault) -> None:
    with fault.server() as server, in_time():
        [view] = seen(str(server)).servers
    said = view.sets[APEX, "TXT"]
    assert isinstance(said, Unknown)
    assert fault.reason in said.reason


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_evaluation_hears_of_it(fault: Fault) -> None:
    with fault.server() as server, in_time():
        resolver = LiveResolver({APEX: [str(server)]}, resolvers=[], timeout=TIMEOUT, tries=TRIES)
        with pytest.raises(ObservationError) as raised:
            resolver.lookup(APEX, "TXT")
    assert fault.reason in str(raised.value)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_server_beside_it_does_not_hide_it(fault: Fault) -> None:
    with fault.server() as server, scripted(lambda query: [truth(query)]) as good, in_time():
        observation = seen(str(good), str(server))
    agreed = observation.agreed((APEX, "TXT"))
    assert isinstance(agreed, Unknown)
    assert str(server) in agreed.reason
    assert fault.reason in agreed.reason


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_diff_says_why_it_is_unknown(
    fault: Fault, repo: RepoFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ask", lambda questions, **_: ask(questions, timeout=TIMEOUT))
    with fault.server() as server:
        repo.policy(
            f'domain: example.com\nnameservers: ["{server}"]\n'
            "spf: {all: fail}\ntls_rpt: absent\ndmarc: {p: none}\n"
        )
        with in_time(2 * IN_TIME):
            ran = repo.run("diff")
    assert ran.code == 1
    assert "Diff: 3 sets, 0 differ, 3 unknown" in ran.out
    assert ran.out.count(f"unknown: {server}: ") == 3
    assert fault.reason in ran.out
    assert "Traceback" not in ran.out + ran.err


def test_servers_that_disagree_are_told_apart() -> None:
    with (
        scripted(lambda query: [truth(query)]) as old,
        scripted(lambda query: [truth(query).replace(b"-all", b"~all")]) as new,
    ):
        agreed = seen(str(old), str(new)).agreed((APEX, "TXT"))
    assert agreed == Unknown(f"{old} and {new} differ")


class Dies:
    """Answers some questions, then its process ends: its port is closed."""

    def __init__(self, after: int) -> None:
        self._left = after

    def __call__(self, query: bytes) -> list[bytes]:
        if not self._left:
            raise Dead
        self._left -= 1
        return [truth(query)]


@pytest.mark.parametrize("after", [0, 1, 99, 100, 150])
def test_a_server_that_dies_on_the_way_is_unknown_from_then_on(after: int) -> None:
    names = [DomainName(f"n{number}.example.com") for number in range(400)]
    with scripted(Dies(after)) as server, in_time():
        found = ask((Question(server, each, "TXT") for each in names), timeout=TIMEOUT)
    known = [answer for answer in found.values() if isinstance(answer, ServerAnswer)]
    assert len(found) == len(names)
    assert len(known) <= after
    assert all(answer.rrset is not None for answer in known)
    assert {str(answer) for answer in found.values() if isinstance(answer, Unknown)} == {
        str(Unknown(f"refused: nothing listens on UDP port {server.port}"))
    }
