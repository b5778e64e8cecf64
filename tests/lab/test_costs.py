"""How many requests a zone with one change makes at real servers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dns.query
import dns.update
import pytest

from tests.conftest import RepoFolder
from tests.lab.between import Between
from tests.lab.name_server import NameServer
from tests.lab.newer_powerdns import SingleValues
from tests.lab.powerdns import PowerDns
from tests.lab.zones import HEAD

Serving = Callable[..., NameServer]

POLICY = "domain: example.com\nspf: {terms: [mx], all: fail}\n"
NO_LIVE = ("--no-live", "--allow", "live-unknown")


def test_what_a_zone_with_one_change_costs_at_bind(
    repo: RepoFolder, serving_bind: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    serving_bind(example_com=HEAD + '@ IN TXT "v=spf1 ~all"\n')
    repo.policy(POLICY)
    asked: list[str] = []

    def noted(name: str) -> None:
        really = getattr(dns.query, name)

        def ask(*args: Any, **kwargs: Any) -> Any:
            asked.append(name)
            return really(*args, **kwargs)

        monkeypatch.setattr(dns.query, name, ask)

    noted("xfr")
    noted("tcp")
    assert repo.run("plan", "--out", "plan.json", "--no-live").code == 0
    assert asked == ["xfr"]
    asked.clear()
    assert repo.run("apply", "plan.json", *NO_LIVE).code == 0
    assert asked == ["xfr", "tcp", "xfr"]


@pytest.mark.parametrize("version", [None, "5.0.2"])
def test_what_a_zone_with_one_change_costs_at_powerdns(
    repo: RepoFolder, between: tuple[PowerDns, Between], version: str | None
) -> None:
    server, there = between
    repo.policy(POLICY)
    there.version = version
    there.sent = SingleValues(server)
    assert repo.run("plan", "--out", "plan.json", "--no-live").code == 0
    zone, itself = "/api/v1/servers/localhost/zones/example.com.", "/api/v1/servers/localhost"
    assert there.asked == [("GET", zone)]
    there.asked.clear()
    applied = repo.run("apply", "plan.json", *NO_LIVE)
    assert applied.code == 0, applied.said
    asked = there.asked.copy()
    assert asked.pop() == ("GET", zone)  # read back
    assert asked.pop() == ("PATCH", zone)
    assert asked.count(("GET", itself)) == 1
    assert asked.count(("GET", zone)) == len(asked) - 1 <= 2
