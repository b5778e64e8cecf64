"""Many zones at one real server at once."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.conftest import RepoFolder
from tests.lab.bind import Bind
from tests.lab.name_server import NameServer
from tests.lab.zones import HEAD

Serving = Callable[..., NameServer]

NO_LIVE = ("--no-live", "--allow", "live-unknown")
ZONES = [f"z{number}.example" for number in range(30)]


def published(repo: RepoFolder, serving: Serving, zone: str) -> NameServer:
    """Write 30 zones; return the server that has them."""
    server = serving(**{name.replace(".", "_"): zone for name in ZONES})
    repo.policy(f"domains: [{', '.join(ZONES)}]\nspf: {{terms: [mx], all: fail}}\n")
    assert repo.run("plan", "--no-live", "--out", "plan.json").code == 0
    applied = repo.run("apply", "plan.json", *NO_LIVE, "--format", "json")
    assert applied.code == 0, applied.said
    assert {each["status"] for each in json.loads(applied.out)["zones"]} == {"applied"}
    return server


def test_zones_that_are_written_at_the_same_time_are_all_written(
    repo: RepoFolder, serving: Serving
) -> None:
    """PowerDNS with SQLite refuses some at first, since two write at once."""
    server = published(repo, serving, HEAD + '@ IN TXT "v=spf1 ~all"\n@ IN TXT "MS=ms1"\n')
    for zone in ZONES:
        assert server.served(zone, "TXT") == {"v=spf1 mx -all", "MS=ms1"}


def test_a_bind_that_sends_few_transfers_at_once_sends_them_all(
    repo: RepoFolder, serving_bind: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Bind, "options", "transfers-out 2;")
    hosts = "".join(f"h{number} IN A 192.0.2.1\n" for number in range(500))
    published(repo, serving_bind, HEAD + '@ IN TXT "v=spf1 ~all"\n' + hosts)
