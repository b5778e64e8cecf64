"""An interrupt ends what was begun, begins nothing more, and waits for nobody that hangs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest

from mailauth_dns.deploy import apply
from tests.conftest import RepoFolder
from tests.deploy.provider import Remote
from tests.deploy.remote_zones import APPLY, ZONES, holds, remote

pytestmark = pytest.mark.usefixtures("remote_anew")


def interrupted(repo: RepoFolder, when: Callable[[], bool], *arguments: str) -> tuple[int, str]:
    """Interrupt the program and its children, as a terminal does; return its code and output."""
    command = [sys.executable, "-m", "mailauth_dns", "-C", str(repo.root), *arguments]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    until = time.monotonic() + 30
    while not when():
        assert time.monotonic() < until
        time.sleep(0.02)
    time.sleep(0.3)
    os.killpg(process.pid, signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    return process.returncode, out


ZONE = "@ IN SOA ns1 hostmaster 1 7200 1800 1209600 300\n@ IN NS ns1\n"


def test_an_interrupt_does_not_reach_what_is_waited_for(repo: RepoFolder) -> None:
    repo.local("example.com", ZONE)
    repo.provider(
        "local",
        {
            "class": "mailauth_dns.octo.LocalProvider",
            "directory": "served",
            "reload": "[sleep, '1']",
        },
    )
    repo.policy("domain: example.com\nproviders: [local]\nspf: {all: fail}\n")
    assert repo.run("plan", "--no-live", "--out", "plan.json").code == 0
    mark = repo.root / "served/.example.com.unloaded"
    code, out = interrupted(repo, mark.exists, *APPLY)
    assert code == 130
    assert "example.com at local  applied, 1 change" in out
    assert not mark.exists()


def test_an_interrupt_before_live_dns_is_asked_keeps_the_summary(
    repo: RepoFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def to_watch(*_: object) -> list[str]:
        raise KeyboardInterrupt

    repo.local("example.com", ZONE)
    repo.policy(
        'domain: example.com\nproviders: [local]\nnameservers: ["127.0.0.1:1"]\nspf: {all: fail}\n'
    )
    repo.run("plan", "--out", "plan.json")
    monkeypatch.setattr(apply, "_to_watch", to_watch)
    ran = repo.run("apply", "plan.json", "--allow", "live-unknown")
    assert ran.code == 130
    assert "example.com at local  applied, 1 change" in ran.out


def test_an_interrupt_while_live_dns_is_waited_for_keeps_the_summary(repo: RepoFolder) -> None:
    repo.local("example.com", ZONE)
    repo.policy(
        'domain: example.com\nproviders: [local]\nnameservers: ["127.0.0.1:1"]\nspf: {all: fail}\n'
    )
    assert repo.run("plan", "--out", "plan.json").code == 0
    written = repo.root / "served/example.com.zone"
    code, out = interrupted(
        repo,
        lambda: "v=spf1" in written.read_text(),
        "apply",
        "plan.json",
        "--allow",
        "live-unknown",
        "--wait",
        "60s",
    )
    assert code == 130
    assert "example.com at local  applied, 1 change" in out


def test_an_interrupt_ends_what_was_begun_and_begins_nothing_more(repo: RepoFolder) -> None:
    folder = remote(repo, *ZONES, pause=0.5)
    assert repo.run("plan", "--no-live", "--out", "plan.json").code == 0
    Remote.forget()

    def interrupt() -> None:
        while not any(act == "write" for act, _ in tuple(Remote.asked)):
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    applied = repo.run(*APPLY)
    assert applied.code == 130
    done = [zone for zone in ZONES if holds(folder, zone)[0]]
    assert 0 < len(done) < len(ZONES)
    assert applied.out.count("  applied, 2 changes") == len(done)
    assert applied.out.count("not tried: interrupted") == len(ZONES) - len(done)
    assert repo.run(*APPLY).code == 0
    assert [holds(folder, zone) for zone in ZONES] == [(True, True)] * len(ZONES)


def test_an_interrupt_does_not_wait_for_a_provider_that_hangs(repo: RepoFolder) -> None:
    mark = repo.root / "asked"
    remote(repo, *ZONES, pause=50, mark=mark)
    started = time.monotonic()
    code, _ = interrupted(repo, mark.exists, "plan", "--no-live")
    assert code == 130
    assert time.monotonic() - started < 40


def test_an_interrupted_plan_asks_about_no_other_zone(repo: RepoFolder) -> None:
    zones = [f"z{number:02}.example" for number in range(60)]
    remote(repo, *zones, pause=0.1)

    def interrupt() -> None:
        while len(Remote.asked) < 4:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    assert repo.run("plan", "--no-live").code == 130
    assert len(Remote.asked) <= 12  # four at once
