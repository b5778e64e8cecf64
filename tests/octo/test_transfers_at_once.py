"""How many zone transfers are made at once from a server that refuses some of them."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

from mailauth_dns.errors import ServerBusy
from mailauth_dns.octo import bind


class Server:
    """It sends so many transfers at once, each of which takes a moment."""

    def __init__(self, sends: int) -> None:
        self.sends, self.now, self.refused = sends, 0, 0
        self._lock = threading.Lock()

    def transfer(self, _provider: Any, origin: str) -> str:
        with self._lock:
            if self.now >= self.sends:
                self.refused += 1
                raise ServerBusy(f"{origin}: SERVFAIL")
            self.now += 1
        time.sleep(0.02)
        with self._lock:
            self.now -= 1
        return origin


@pytest.mark.parametrize("sends", [1, 2, 10])
def test_what_a_server_does_not_send_at_once_it_sends_later(
    monkeypatch: pytest.MonkeyPatch, sends: int
) -> None:
    server = Server(sends)
    monkeypatch.setattr(bind, "_transferred", server.transfer)
    provider: Any = SimpleNamespace(host="192.0.2.1", port=sends)
    zones = [f"zone{number}.example." for number in range(60)]
    with ThreadPoolExecutor(20) as lanes:
        assert list(lanes.map(lambda zone: bind.transfer(provider, zone), zones)) == zones
    assert server.refused <= 20  # each lane is refused once at most, and never again


def test_a_server_that_sends_nothing_is_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bind, "_transferred", Server(0).transfer)
    provider: Any = SimpleNamespace(host="192.0.2.1", port=53)
    with ThreadPoolExecutor(5) as lanes:
        asked = [lanes.submit(bind.transfer, provider, "zone.example.") for _ in range(5)]
    for each in asked:
        with pytest.raises(ServerBusy):
            each.result()


def test_a_zone_that_is_never_sent_slows_down_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that could not load a zone says the same as one that sends too many."""
    server = Server(20)
    together: list[int] = []

    def transfer(provider: Any, origin: str) -> str:
        if origin == "broken.example.":
            time.sleep(0.01)
            raise ServerBusy(f"{origin}: SERVFAIL")
        together.append(server.now)
        return server.transfer(provider, origin)

    monkeypatch.setattr(bind, "_transferred", transfer)
    provider: Any = SimpleNamespace(host="192.0.2.2", port=53)
    zones = [f"zone{number}.example." for number in range(60)]
    with ThreadPoolExecutor(20) as lanes:
        broken = lanes.submit(bind.transfer, provider, "broken.example.")
        assert list(lanes.map(lambda zone: bind.transfer(provider, zone), zones)) == zones
        with pytest.raises(ServerBusy):
            broken.result()
        together.clear()
        assert list(lanes.map(lambda zone: bind.transfer(provider, zone), zones)) == zones
    assert max(together) >= 10
