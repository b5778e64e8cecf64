"""Faults of real servers, in the moment of a write: told in words, nothing lost, and the next run ends right."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Ran, RepoFolder
from tests.lab.between import Between
from tests.lab.bind import Bind
from tests.lab.name_server import NameServer
from tests.lab.powerdns import PowerDns
from tests.lab.zones import HEAD

Serving = Callable[..., NameServer]

ZONE = HEAD + '@ 300 IN TXT "v=spf1 ~all"\n@ 300 IN TXT "token=1"\n'
POLICY = "domain: example.com\nspf: {terms: [mx], all: fail}\n"
DONE = {"v=spf1 mx -all", "token=1"}
NO_LIVE = ("--no-live", "--allow", "live-unknown")


def planned(repo: RepoFolder, serving: Serving) -> NameServer:
    server = serving(example_com=ZONE)
    repo.policy(POLICY)
    assert repo.run("plan", "--no-live", "--out", "plan.json").code == 0
    return server


def ends_right(repo: RepoFolder, server: NameServer) -> None:
    again = repo.run("apply", "plan.json", *NO_LIVE)
    assert again.code == 0, again.said
    assert server.served("example.com", "TXT") == DONE
    assert repo.run("plan", "--no-live", "--detailed-exitcode").code == 0


def refuse_updates(server: Bind) -> Callable[[], None]:
    """Let the server's configuration forbid the update."""
    server.stop()
    server.policy = "grant lab-key name other.example.com ANY;"
    server.start()

    def mend() -> None:
        server.stop()
        server.policy = Bind.policy
        server.start()

    return mend


def fill_journal(server: Bind) -> Callable[[], None]:
    """Let the server be unable to write its journal."""
    journal = server.folder / "zones/example.com.zone.jnl"
    journal.mkdir()
    return journal.rmdir


FAULTS = {
    "REFUSED": (
        refuse_updates,
        "answered the update with REFUSED: it does not let this key change these names",
    ),
    "SERVFAIL": (
        fill_journal,
        "answered the update with SERVFAIL: it could not carry the update out",
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_an_update_that_bind_does_not_carry_out(
    repo: RepoFolder, serving_bind: Serving, case: str
) -> None:
    server = planned(repo, serving_bind)
    assert isinstance(server, Bind)
    before = server.dump("example.com")
    fault, words = FAULTS[case]
    mend = fault(server)
    ran = repo.run("apply", "plan.json", *NO_LIVE)
    assert ran.code == 1
    assert words in ran.out
    assert "0 of 1 changes are done" in ran.out
    assert server.dump("example.com") == before
    mend()
    ends_right(repo, server)


@pytest.mark.parametrize("seconds", [3600, -3600])
@pytest.mark.parametrize("when", ["before it is read", "before it is written"])
def test_a_clock_that_jumps_is_told_as_such(
    repo: RepoFolder,
    serving_bind: Serving,
    monkeypatch: pytest.MonkeyPatch,
    seconds: int,
    when: str,
) -> None:
    """BIND answers BADTIME to a signature that is an hour old or an hour early."""
    server = planned(repo, serving_bind)
    before = server.dump("example.com")
    really, asked = time.time, [0]

    def jumped() -> float:
        asked[0] += 1
        # The transfer is signed first, the update after it.
        return really() + (seconds if when == "before it is read" or asked[0] > 1 else 0)

    with monkeypatch.context() as patched:
        patched.setattr("dns.message.time.time", jumped)
        ran = repo.run("apply", "plan.json", *NO_LIVE)
    assert ran.code == 1
    assert "the clocks of this machine and of the server differ by more than TSIG" in ran.said
    assert server.dump("example.com") == before
    ends_right(repo, server)


STATUSES = [401, 403, 404, 409, 422, 429, 500, 502, 503, 504]


@pytest.mark.parametrize("on", ["read", "write"])
@pytest.mark.parametrize("status", STATUSES)
def test_an_error_of_powerdns_is_told_and_changes_nothing(
    repo: RepoFolder,
    between: tuple[PowerDns, Between],
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    on: str,
) -> None:
    monkeypatch.setattr("mailauth_dns.deploy.provider_pool.PAUSES", (0.01, 0.02))
    server, there = between
    server.put("example.com", "example.com", "TXT", 300, '"v=spf1 ~all"', '"token=1"')
    repo.policy(POLICY)
    assert repo.run("plan", "--no-live", "--out", "plan.json").code == 0
    before = server.dump("example.com")
    if on == "read":
        there.read_status = status
    else:
        there.written, there.status = False, status
    ran = repo.run("apply", "plan.json", *NO_LIVE)
    assert ran.code == 1, ran.said
    assert server.secret not in ran.said
    assert server.dump("example.com") == before
    if status == 404:
        words = "has no zone example.com" if on == "read" else "has the zone no longer"
    else:
        words = f"PowerDNS answered {status}: "
    assert words in ran.said
    there.read_status, there.written, there.status = None, True, None
    ends_right(repo, server)


def test_powerdns_is_asked_for_tls_where_it_has_none(
    repo: RepoFolder, serving_powerdns: Serving
) -> None:
    server = planned(repo, serving_powerdns)
    repo.provider("powerdns", {**server.stanza(), "scheme": "https"})
    ran = repo.run("plan", "--no-live")
    assert ran.code == 1
    assert "TLS with 127.0.0.1 port " in ran.out


# Two at once


@pytest.mark.parametrize("count", [2, 4])
def test_applies_at_once_do_nothing_twice(repo: RepoFolder, serving: Serving, count: int) -> None:
    server = planned(repo, serving)
    [before] = server.ask("example.com", "SOA").answer[0]
    command = [sys.executable, "-m", "mailauth_dns", "-C", str(repo.root), "apply", "plan.json"]
    quiet = subprocess.DEVNULL
    running = [
        subprocess.Popen([*command, *NO_LIVE], stdout=quiet, stderr=quiet) for _ in range(count)
    ]
    codes = [process.wait(60) for process in running]
    assert set(codes) <= {0, 1}
    assert 0 in codes
    assert server.served("example.com", "TXT") == DONE
    [after] = server.ask("example.com", "SOA").answer[0]
    if isinstance(server, Bind):  # it raises the serial with every update
        assert after.serial == before.serial + 1
    ends_right(repo, server)


@pytest.mark.parametrize("count", [2, 4])
def test_applies_at_once_write_no_file_twice(repo: RepoFolder, count: int) -> None:
    """Each file's serial rises once; a run that comes later finds the change done."""
    zones = [f"z{number}.example" for number in range(20)]
    files = [repo.local(zone, ZONE) for zone in zones]
    repo.policy(POLICY.replace("domain: example.com", f"domains: [{', '.join(zones)}]"))
    repo.write("zones/policy/_defaults.yaml", "providers: [local]\n")
    assert repo.run("plan", "--no-live", "--out", "plan.json").code == 0
    command = [sys.executable, "-m", "mailauth_dns", "-C", str(repo.root), "apply", "plan.json"]
    quiet = subprocess.DEVNULL
    running = [
        subprocess.Popen([*command, *NO_LIVE], stdout=quiet, stderr=quiet) for _ in range(count)
    ]
    assert 0 in {process.wait(60) for process in running}
    serial = next(int(text) for text in ZONE.split() if text.isdigit() and len(text) < 3)
    for file in files:
        text = file.read_text()
        assert text.count("v=spf1") == 1
        assert '"v=spf1 mx -all"' in text
        assert '"token=1"' in text
        assert f" {serial + 1} " in text
    assert repo.run("plan", "--no-live", "--detailed-exitcode").code == 0


# This machine's disk


def limited(repo: RepoFolder, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command that can write no octet to a file, as on a full disk."""
    return subprocess.run(
        [sys.executable, "-m", "mailauth_dns", "-C", str(repo.root), *arguments],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)),
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_plan_that_cannot_be_written_leaves_the_old_one(repo: RepoFolder) -> None:
    repo.local("example.com", ZONE)
    repo.policy("providers: [local]\n" + POLICY)
    assert repo.run("plan", "--no-live", "--out", "plan.json").code == 0
    before = (repo.root / "plan.json").read_bytes()
    ran = limited(repo, "plan", "--no-live", "--out", "plan.json")
    assert ran.returncode == 1
    assert f"plan.json: {os.strerror(errno.EFBIG)}" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert (repo.root / "plan.json").read_bytes() == before


def test_a_zone_file_that_cannot_be_written_stays_whole(repo: RepoFolder) -> None:
    zone = repo.local("example.com", ZONE)
    repo.policy("providers: [local]\n" + POLICY)
    assert repo.run("plan", "--no-live", "--out", "plan.json").code == 0
    ran = limited(repo, "apply", "plan.json", *NO_LIVE)
    assert ran.returncode == 1
    assert os.strerror(errno.EFBIG) in ran.stdout + ran.stderr
    assert "Traceback" not in ran.stderr
    assert zone.read_text() == ZONE
    assert {each.name for each in zone.parent.iterdir()} == {zone.name, ".mailauth-dns.lock"}
    again: Ran = repo.run("apply", "plan.json", *NO_LIVE)
    assert again.code == 0, again.said


def test_a_folder_that_is_read_only_is_told(
    repo: RepoFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    zone = repo.local("example.com", ZONE)
    repo.policy("providers: [local]\n" + POLICY)
    assert repo.run("plan", "--no-live", "--out", "plan.json").code == 0

    def read_only(*_: Any, **options: Any) -> Any:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(options.get("dir", Path())))

    with monkeypatch.context() as patched:
        patched.setattr(tempfile, "mkstemp", read_only)
        applied = repo.run("apply", "plan.json", *NO_LIVE)
        planned_again = repo.run("plan", "--no-live", "--out", "plan.json")
    for ran in (applied, planned_again):
        assert ran.code == 1
        assert os.strerror(errno.EROFS) in ran.said
    assert zone.read_text() == ZONE
    assert repo.run("apply", "plan.json", *NO_LIVE).code == 0
