"""Starting the servers: skipped where one is not installed, never in CI."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.conftest import RepoFolder, need
from tests.lab.between import Between
from tests.lab.name_server import NameServer
from tests.lab.powerdns import PowerDns
from tests.lab.servers import FILE_SERVERS, SERVERS, missing
from tests.lab.zones import FULL, POLICY

Serving = Callable[..., NameServer]


@pytest.fixture(params=SERVERS, ids=lambda kind: kind.id)
def serving(
    request: pytest.FixtureRequest, repo: RepoFolder, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Serving]:
    """Start the server with these zones and name it as a provider of the repo."""
    yield from _serving(request.param, repo, monkeypatch)


@pytest.fixture
def serving_bind(repo: RepoFolder, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serving]:
    yield from _serving(SERVERS[0], repo, monkeypatch)


@pytest.fixture
def serving_powerdns(repo: RepoFolder, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serving]:
    yield from _serving(SERVERS[1], repo, monkeypatch)


@pytest.fixture(params=FILE_SERVERS, ids=lambda kind: kind.id)
def serving_files(
    request: pytest.FixtureRequest, repo: RepoFolder, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Serving]:
    """Start a server that reads master files, with provider `local` at its files."""
    yield from _serving(request.param, repo, monkeypatch)


@pytest.fixture
def between(repo: RepoFolder, serving_powerdns: Serving) -> Iterator[tuple[PowerDns, Between]]:
    """PowerDNS with the whole example in it, and something in between."""
    server = serving_powerdns(example_com=FULL)
    assert isinstance(server, PowerDns)
    there = Between(server)
    repo.provider("powerdns", {**server.stanza(), "port": there.port})
    repo.policy(POLICY)
    yield server, there
    there.close()


def _serving(
    kind: type[NameServer], repo: RepoFolder, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Serving]:
    need(missing(kind))
    started: list[NameServer] = []

    def start(**zones: str) -> NameServer:
        server = kind({name.replace("_", "."): text for name, text in zones.items()})
        started.append(server)
        server.start()
        for key, value in server.environment.items():
            monkeypatch.setenv(key, value)
        repo.provider(kind.id, server.stanza())
        repo.write(
            "zones/policy/_defaults.yaml",
            f'providers: [{kind.id}]\nnameservers: ["127.0.0.1:{server.port}"]\n',
        )
        return server

    yield start
    for server in started:
        server.close()
