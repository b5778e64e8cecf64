"""Work on a Dask cluster: the same results, and nothing secret among what is sent."""

from __future__ import annotations

import gc
import operator
import os
import shutil
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from importlib import metadata
from pathlib import Path

import pytest
from distributed.protocol.pickle import dumps

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.importing import sources
from mailauth_dns.lint_parts import live_in_parts
from mailauth_dns.live import spread_observation
from mailauth_dns.records import spf
from mailauth_dns.reports import file_parts
from mailauth_dns.serve.server import LoopbackServer
from mailauth_dns.spread import dask_cluster
from mailauth_dns.spread.dask_cluster import ClusterError, DaskCluster, cluster
from tests.conftest import Ran, RepoFolder, free_port
from tests.reports import made
from tests.spread.dask_lab import DaskLab

ZONE = """$TTL 3600
@ IN SOA ns1.example.net. hostmaster.example.net. 41 7200 1800 1209600 300
@ IN NS ns1.example.net.
@ IN MX 10 mx
mx IN A 192.0.2.25
@ IN TXT "v=spf1 mx -all"
@ IN TXT "note=kept"
_dmarc IN TXT "v=DMARC1; p=reject"
"""
# A frame as Dask sends them, with what is no message.
_FRAME = b"".join(each.to_bytes(8, "little") for each in (19, 1, 3)) + b"\xc1\xc1\xc1"
ZONES = tuple(f"{name}.example" for name in ("one", "two", "three", "four", "five"))


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskLab]:
    """A scheduler with two workers, for tests that do them no harm."""
    lab = DaskLab(tmp_path_factory.mktemp("dask"))
    try:
        lab.work(2)
        yield lab
    finally:
        lab.stop()


@pytest.fixture
def own_lab(tmp_path: Path) -> Iterator[DaskLab]:
    """A scheduler whose workers may die."""
    lab = DaskLab(tmp_path)
    try:
        yield lab
    finally:
        lab.stop()


@pytest.fixture
def fleet(repo: RepoFolder, monkeypatch: pytest.MonkeyPatch) -> Iterator[RepoFolder]:
    """Five zones, of which two are not as their policies say, in parts of two."""
    monkeypatch.setattr(spread_observation, "ZONES", 2)
    monkeypatch.setattr(live_in_parts, "POLICIES", 2)
    monkeypatch.setattr(sources, "_FETCHED", 2)
    for zone in ZONES:
        repo.local(zone, ZONE)
        repo.policy(
            f"domain: {zone}\nspf: {{terms: [mx], all: fail}}\ndmarc: {{p: reject}}\n", zone
        )
    repo.local("two.example", ZONE.replace("-all", "~all"))
    repo.local("four.example", ZONE.replace("_dmarc", "_other"))
    with LoopbackServer(repo.root / "served", "127.0.0.1", 0) as server:
        repo.write(
            "zones/policy/_defaults.yaml",
            f'providers: [local]\nnameservers: ["127.0.0.1:{server.port}"]\n',
        )
        yield repo


def test_results_come_in_the_order_of_the_parts(lab: DaskLab) -> None:
    with cluster(lab.address) as found:
        assert found.threads == 2
        assert list(found.each(abs, range(-40, 0))) == list(range(40, 0, -1))


def test_parts_are_made_when_there_is_room_for_them(lab: DaskLab) -> None:
    made: list[int] = []

    def parts() -> Iterator[int]:
        for number in range(100):
            made.append(number)
            yield number

    with cluster(lab.address) as found:
        assert next(iter(found.each(abs, parts()))) == 0
    assert len(made) == 6  # three for each thread


def test_work_that_ran_out_of_time_is_not_waited_for(lab: DaskLab) -> None:
    with cluster(lab.address) as spread, pytest.raises(TimeoutError, match="of the work"):
        list(spread.each(_out_of_time, [1]))


def test_what_the_work_raises_is_raised_here(lab: DaskLab) -> None:
    with cluster(lab.address) as found:
        done = found.each(spf.parse, ["v=spf1 -all", "v=spf1 ip4:x"])
        assert str(next(done)) == "v=spf1 -all"
        with pytest.raises(RecordSyntaxError) as raised:
            next(done)
    with pytest.raises(RecordSyntaxError) as here:
        spf.parse("v=spf1 ip4:x")
    assert str(raised.value) == str(here.value)


@pytest.mark.parametrize(
    "command",
    [
        ("diff",),
        ("diff", "--format", "json"),
        ("verify", "--format", "json"),
        ("lint", "--live"),
        ("lint", "--live", "--format", "json"),
        ("lint", "--live", "--format", "sarif"),
        ("lint", "--live", "two.example", "five.example"),
    ],
    ids=" ".join,
)
def test_a_cluster_finds_what_one_machine_finds(
    lab: DaskLab, fleet: RepoFolder, command: tuple[str, ...]
) -> None:
    alone = fleet.run(*command)
    assert "two.example" in alone.said
    _same(fleet.run(*command, "--scheduler", lab.address), alone)


def test_import_asks_from_the_cluster(lab: DaskLab, fleet: RepoFolder) -> None:
    server = (fleet.root / "zones/policy/_defaults.yaml").read_text().split('"')[1]
    for zone in ZONES:
        (fleet.root / f"zones/policy/{zone}.yaml").unlink()
    command = ("import", *ZONES, "--nameserver", server)
    alone = fleet.run(*command)
    assert all(f"domain: {zone}" in alone.out for zone in ZONES)
    _same(fleet.run(*command, "--scheduler", lab.address), alone)


@pytest.mark.parametrize("sent", [file_parts.SENT, 100], ids=["sent", "too long to be sent"])
def test_reports_read_on_the_cluster_are_those_read_here(
    lab: DaskLab, repo: RepoFolder, monkeypatch: pytest.MonkeyPatch, sent: int
) -> None:
    monkeypatch.setattr(file_parts, "PART", 1000)
    monkeypatch.setattr(file_parts, "SENT", sent)
    repo.policy("domain: example.com\nspf: {terms: [mx], all: fail}\ndmarc: {p: reject}\n")
    first, second = made.aggregate(), made.aggregate(("20251128.1", "20251128.2"))
    repo.write("in/1.xml", first)
    repo.write("in/2.xml.gz", made.gzipped(second))
    repo.write("in/3-again.xml", first)
    repo.write("in/4-otherwise.xml", made.aggregate(("<count>3<", "<count>4<")))
    repo.write("in/5-broken.xml", first[:900])
    repo.write("in/6-empty.xml", "")
    repo.write("in/README", "not a report")
    repo.write(
        "in/7.mbox",
        made.mbox(made.mail(made.gzipped(second)), made.mail(first.encode()), made.plain_mail()),
    )
    folder = str(repo.root / "in")
    for options in ((), ("--format", "json"), ("--write",)):
        alone = repo.run("reports", "read", folder, *options)
        kept = _kept(repo)
        shutil.rmtree(repo.root / "zones/evidence", ignore_errors=True)
        _same(repo.run("reports", "read", folder, *options, "--scheduler", lab.address), alone)
        assert _kept(repo) == kept
    assert list(kept) == ["example.com.json"]


def test_no_secret_is_sent(
    lab: DaskLab, fleet: RepoFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "hush-from-the-environment")
    stanza = {"class": "octodns_powerdns.PowerDnsProvider", "host": "127.0.0.1", "port": 9}
    fleet.provider("far", {**stanza, "api_key": "env/TOKEN"})
    sent: list[bytes] = []
    begun = DaskCluster._begun

    def noted(self: DaskCluster, *given: object) -> object:
        sent.append(b"".join(dumps(each) for each in given if type(each).__name__ != "Future"))
        return begun(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(DaskCluster, "_begun", noted)
    for command in (("lint", "--live"), ("diff",)):
        fleet.run(*command, "--scheduler", lab.address)
    whole = b"".join(sent)
    assert b"two.example" in whole
    assert b"hush" not in whole
    assert b"TOKEN" not in whole


def test_a_worker_that_dies_costs_nothing(own_lab: DaskLab) -> None:
    own_lab.work(2)
    with cluster(own_lab.address) as found:
        done = found.each(partial(_slowly, 0.2), range(12))
        assert next(done) == 0
        own_lab.workers[0].kill()
        assert list(done) == list(range(1, 12))


def test_a_cluster_without_workers_is_given_up(
    own_lab: DaskLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_cluster, "_LOOK", 0.5)
    monkeypatch.setattr(dask_cluster, "_ALONE", 1.0)
    with pytest.raises(ClusterError, match=r"has no worker; `dask worker tcp://.* starts one"):
        cluster(own_lab.address).__enter__()
    own_lab.work(1)
    with cluster(own_lab.address) as found:
        done = found.each(partial(_slowly, 0.2), range(12))
        next(done)
        own_lab.workers[0].kill()
        with pytest.raises(ClusterError, match=r"it has had no worker for 1 s"):
            list(done)


def test_a_part_that_kills_workers_is_told(own_lab: DaskLab) -> None:
    own_lab.work(5)
    with (
        cluster(own_lab.address) as found,
        pytest.raises(ClusterError, match="workers died while they worked on one part"),
    ):
        list(found.each(_kill, [signal.SIGKILL]))


def test_a_scheduler_that_goes_away_is_told(own_lab: DaskLab) -> None:
    own_lab.work(1)
    with cluster(own_lab.address) as found:
        done = found.each(partial(_slowly, 0.2), range(12))
        next(done)
        own_lab.scheduler.kill()
        with pytest.raises(ClusterError, match="the scheduler went away"):
            list(done)


def test_a_worker_with_another_version_is_refused(
    lab: DaskLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metadata, "version", lambda _: "0.0.1")
    with pytest.raises(ClusterError, match=r"the worker tcp://.* has mailauth-dns .*they must be"):
        cluster(lab.address).__enter__()
    with pytest.raises(ClusterError, match=r"the command has 0\.0\.2; they must be the same"):
        dask_cluster._worked("0.0.2", operator.neg, 1)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("diff", "--scheduler", "http://x"), "write it as tcp://HOST:8786"),
        (("diff", "--scheduler", "tcp://x"), "write it as tcp://HOST:8786"),
        (("diff", "--scheduler", ""), "write it as tcp://HOST:8786"),
        (("lint", "--scheduler", "tcp://127.0.0.1:8786"), "DNS is not asked without --live"),
        (
            ("import", "new.example", "--scheduler", "tcp://127.0.0.1:8786", "--from-zone", "x"),
            "--scheduler is for asking DNS",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_options_that_mean_nothing(fleet: RepoFolder, options: tuple[str, ...], said: str) -> None:
    ran = fleet.run(*options)
    assert (ran.code, ran.out) == (1, "")
    assert said in ran.err


def test_nobody_at_the_address(fleet: RepoFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_cluster, "CONNECT", 0.5)
    address = f"tcp://127.0.0.1:{free_port()}"
    ran = fleet.run("diff", "--scheduler", address)
    assert (ran.code, ran.out) == (1, "")
    assert f"--scheduler {address}: no Dask scheduler answers there" in ran.err
    assert len(ran.err.splitlines()) == 1


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", _FRAME], ids=repr)
def test_somebody_else_at_the_address(
    fleet: RepoFolder,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    said: bytes,
) -> None:
    monkeypatch.setattr(dask_cluster, "CONNECT", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=_answering, args=(listening, said), daemon=True).start()
        address = f"tcp://127.0.0.1:{listening.getsockname()[1]}"
        ran = fleet.run("diff", "--scheduler", address)
    gc.collect()  # a client that never connected may say something when it goes
    assert (ran.code, ran.out) == (1, "")
    assert f"--scheduler {address}: no Dask scheduler answers there" in ran.err
    assert len(ran.err.splitlines()) == 1
    assert capfd.readouterr().err == ""


def test_tls_without_certificates(fleet: RepoFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_cluster, "CONNECT", 0.5)
    ran = fleet.run("diff", "--scheduler", "tls://127.0.0.1:8786")
    assert (ran.code, len(ran.err.splitlines())) == (1, 1)
    assert "--scheduler tls://127.0.0.1:8786: no Dask scheduler answers there" in ran.err


def _answering(listening: socket.socket, said: bytes) -> None:
    """Say the same to everybody, and keep the connections."""
    kept = []
    with suppress(OSError):
        while True:
            kept.append(listening.accept()[0])
            kept[-1].sendall(said)


def test_without_the_extra(fleet: RepoFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    ran = fleet.run("diff", "--scheduler", "tcp://127.0.0.1:8786")
    assert (ran.code, ran.out) == (1, "")
    assert "`pip install 'mailauth-dns[dask]'` brings it" in ran.err


def _out_of_time(_part: int) -> None:
    raise TimeoutError("of the work")


def _slowly(seconds: float, part: int) -> int:
    time.sleep(seconds)
    return part


def _kill(number: int) -> None:
    os.kill(os.getpid(), number)


def _same(spread: Ran, alone: Ran) -> None:
    assert (spread.code, spread.out, spread.told) == (alone.code, alone.out, alone.told)


def _kept(repo: RepoFolder) -> dict[str, str]:
    return {path.name: path.read_text() for path in (repo.root / "zones").rglob("evidence/*.json")}
