"""Every answer that a provider's API may give in an error, when it is read and when it is written.

It is told in words, ends with 1, loses nothing, and the same plan ends right once it is over.
"""

from __future__ import annotations

import re
import time

import pytest

from mailauth_dns.octo import azure, googlecloud, hetzner
from tests.conftest import Ran, free_port
from tests.providers.contract import PROVIDERS, SECRET, ZONE
from tests.providers.http_stub import Answer, Asked, HttpStub
from tests.providers.world import APEX, OLD_SPF, SPF, World, every

STATUSES = [401, 403, 404, 409, 422, 429, 500, 502, 503, 504]
WHY = "the reason that the API gives"
# Route 53's client has no key for the time of an answer, and waits for 60 seconds.
IMPATIENT = [each for each in PROVIDERS if each != "route53"]
NO_LIVE = ("--no-live", "--allow", "live-unknown")
# What only a programmer understands.
NOISE = re.compile(r"object at 0x|NoneType|KeyError|Traceback|not subscriptable|Max retries")


def planned(world: World) -> HttpStub:
    """Plan a change of a set that others use too."""
    assert isinstance(world.api, HttpStub)
    world.api.put(ZONE, "TXT", 3600, OLD_SPF, "token=1")
    world.policy('spf: {terms: ["ip4:192.0.2.10", mx], all: fail}\n')
    assert world.plan().code == 0
    return world.api


def told(world: World, ran: Ran) -> None:
    assert ran.code == 1, ran.said
    assert not NOISE.search(ran.said), ran.said
    assert SECRET not in ran.said
    assert f"{ZONE} at {world.api.id}" in ran.out or f"{ZONE} at {world.api.id}" in ran.err


def ends_right(world: World) -> None:
    """Apply the same plan again, and see that there is nothing left to do."""
    again = world.repo.run("apply", "plan.json", *NO_LIVE)
    assert again.code == 0, again.said
    assert world.values(APEX) == {SPF, "token=1"}
    assert world.repo.run("plan", "--no-live", "--detailed-exitcode").code == 0


@every
@pytest.mark.parametrize("status", STATUSES)
def test_a_zone_that_cannot_be_read_is_not_written(world: World, status: int) -> None:
    api = planned(world)
    before, writes = api.whole(), api.writes()
    api.instead = lambda asked: None if asked.writes else api.refused(status, WHY)
    ran = world.repo.run("apply", "plan.json", *NO_LIVE)
    assert ran.code == 1, ran.said
    told(world, ran)
    assert WHY in ran.said or status == 404, ran.said  # 404: the zone is not there
    assert (api.whole(), api.writes()) == (before, writes)
    api.instead = lambda _asked: None
    ends_right(world)


@every
@pytest.mark.parametrize("status", STATUSES)
def test_a_write_that_is_refused_changes_nothing(world: World, status: int) -> None:
    api = planned(world)
    before = api.whole()
    api.instead = lambda asked: api.refused(status, WHY) if asked.writes else None
    ran = world.repo.run("apply", "plan.json", *NO_LIVE)
    told(world, ran)
    assert "0 of 1 changes are done" in ran.out
    assert api.whole() == before
    api.instead = lambda _asked: None
    ends_right(world)


@every
def test_a_page_in_the_place_of_an_answer_is_told(world: World) -> None:
    """As a proxy in between says it."""
    api = planned(world)
    page = Answer(200, b"<html>Sign in</html>", {"Content-Type": "text/html"})
    api.instead = lambda asked: None if asked.writes else page
    ran = world.repo.run("apply", "plan.json", *NO_LIVE)
    told(world, ran)
    api.instead = lambda _asked: None
    ends_right(world)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for an answer for a moment only."""
    monkeypatch.setattr(azure, "PATIENCE", {"connection_timeout": 0.2, "read_timeout": 0.2})
    monkeypatch.setattr(googlecloud, "PATIENCE", 0.2)
    monkeypatch.setattr(hetzner, "PATIENCE", 0.2)


@pytest.mark.parametrize("world", IMPATIENT, indirect=True)
@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("on", ["read", "write"])
def test_an_answer_that_does_not_come_is_not_waited_for(world: World, on: str) -> None:
    """The connection stands, and nothing comes; what was asked is done all the same, later."""
    api = planned(world)
    limits = {"timeout": 0.2} if api.id in ("cloudflare", "desec") else {}
    world.repo.provider(api.id, {**api.stanza(), **limits})
    assert world.plan().code == 0

    def late(asked: Asked) -> None:
        if asked.writes == (on == "write"):
            time.sleep(0.5)

    api.instead = late
    begun = time.monotonic()
    ran = world.repo.run("apply", "plan.json", *NO_LIVE)
    assert time.monotonic() - begun < 30
    if ran.code:
        told(world, ran)
    api.instead = lambda _asked: None
    time.sleep(0.6)
    assert "token=1" in world.values(APEX)
    ends_right(world)


@every
@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://127.0.0.1:{closed}", r"[Cc]onnection refused|[Cc]ould not connect"),
        ("https://127.0.0.1:{open}", r"SSL|TLS"),
    ],
    ids=["nobody listens", "no TLS there"],
)
def test_a_connection_that_cannot_be_made_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch, url: str, words: str
) -> None:
    api = planned(world)
    before, right = api.whole(), api.url
    api.url = url.format(closed=free_port(), open=right.rpartition(":")[2])
    api.reach(monkeypatch)
    world.repo.provider(api.id, api.stanza())
    ran = world.repo.run("plan", "--no-live")
    told(world, ran)
    assert re.search(words, ran.said), ran.said
    assert api.whole() == before
    api.url = right
    api.reach(monkeypatch)
    world.repo.provider(api.id, api.stanza())
    ends_right(world)
