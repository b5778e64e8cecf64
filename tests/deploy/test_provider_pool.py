"""Many zones at once at one provider, and what does not answer: asked again where that is safe, given up on where it is in vain."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from mailauth_dns.deploy import provider_pool
from mailauth_dns.octo import provider_errors, target
from tests.conftest import Ran, RepoFolder
from tests.deploy.provider import Remote

ZONES = [f"d{number}.example" for number in range(12)]
POLICY = "domains_file: domains.txt\nproviders: [remote]\nspf: {all: fail}\ndmarc: {p: none}\n"
APPLY = ("apply", "plan.json", "--no-live", "--allow", "live-unknown")


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    Remote.forget()
    monkeypatch.setattr(provider_pool, "PAUSES", (0.01, 0.02))


def remote(repo: RepoFolder, *zones: str, **stanza: object) -> Path:
    folder = repo.root / "remote"
    folder.mkdir()
    for zone in zones:
        (folder / f"{zone}.yaml").write_text('? ""\n: - {type: TXT, value: token=kept}\n')
    repo.policy(POLICY)
    repo.write("zones/policy/domains.txt", "\n".join(zones) + "\n")
    repo.provider(
        "remote", {"class": "tests.deploy.provider.Remote", "directory": folder, **stanza}
    )
    return folder


def holds(folder: Path, zone: str) -> tuple[bool, bool]:
    """Whether a zone has what the policy says, and what was there before."""
    text = (folder / f"{zone}.yaml").read_text()
    return "v=spf1 -all" in text and "v=DMARC1" in text, "token=kept" in text


def test_zones_are_read_and_written_four_at_a_time_each_object_by_one_thread(
    repo: RepoFolder,
) -> None:
    folder = remote(repo, *ZONES, pause=0.05)
    assert repo.run("plan", "--no-live", "--out", "plan.json").code == 0
    assert (Remote.made, Remote.together) == (4, 4)
    applied = repo.run(*APPLY)
    assert applied.code == 0
    assert Remote.together == 4
    assert [holds(folder, zone) for zone in ZONES] == [(True, True)] * len(ZONES)
    assert [
        line.split(" at ")[0] for line in applied.out.splitlines() if "  applied" in line
    ] == sorted(ZONES, key=str)


@pytest.mark.parametrize("silent", ["read 2", "write 2", "write 1 after"])
def test_what_had_no_answer_is_asked_again(repo: RepoFolder, silent: str) -> None:
    """Also where the change was made and only the answer was lost: then nothing is left to be written."""
    folder = remote(repo, "a.example", "b.example")
    assert repo.run("plan", "--no-live", "--out", "plan.json").code == 0
    repo.provider(
        "remote", {"class": "tests.deploy.provider.Remote", "directory": folder, "fault": silent}
    )
    assert repo.run("plan", "--no-live", "--out", "plan.json").code == 0
    Remote.forget()
    applied = repo.run(*APPLY)
    assert (applied.code, applied.out.count("  applied, 2 changes")) == (0, 2)
    assert [holds(folder, zone) for zone in ("a.example", "b.example")] == [(True, True)] * 2
    assert (
        Remote.asked["write", "a.example."]
        == {"read 2": 1, "write 2": 3, "write 1 after": 1}[silent]
    )


def test_what_changes_while_there_is_no_answer_is_not_written_over(
    repo: RepoFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = remote(repo, "a.example", fault="write 1")
    assert repo.run("plan", "--no-live", "--out", "plan.json").code == 0
    theirs = '? ""\n: - {type: TXT, values: [token=kept, v=spf1 ~all]}\n'
    pause = time.sleep

    def meanwhile(seconds: float) -> None:
        if seconds == provider_pool.PAUSES[0]:
            (folder / "a.example.yaml").write_text(theirs)
        pause(seconds)

    monkeypatch.setattr(time, "sleep", meanwhile)
    applied = repo.run(*APPLY)
    assert applied.code == 1
    assert "a set changed while the provider did not answer; plan again" in applied.out
    assert (folder / "a.example.yaml").read_text() == theirs


def test_a_provider_that_never_answers_is_given_up_on(repo: RepoFolder) -> None:
    remote(repo, *ZONES, fault="read 99")
    planned = repo.run("plan", "--no-live")
    assert planned.code == 1
    assert (
        planned.said.count(
            "remote was given up on: it did not answer, or was busy, for 3 zones in a row"
        )
        >= 1
    )
    assert sum(number > 0 for number in Remote.asked.values()) < len(ZONES)
    assert set(Remote.asked.values()) == {3}
    assert all(zone in planned.said for zone in ZONES)


@pytest.fixture
def one_lane(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target, "_AT_ONCE", 1)


def outcomes(ran: Ran) -> dict[str, str]:
    return {zone["zone"]: zone["status"] for zone in json.loads(ran.out)["zones"]}


@pytest.mark.usefixtures("one_lane")
@pytest.mark.parametrize(
    ("dead", "healthy"), [("0 1 2", "not tried"), ("0 1", "applied"), ("0 2 4 6 8 10", "applied")]
)
def test_zones_that_were_not_come_to_are_not_tried(
    repo: RepoFolder, dead: str, healthy: str
) -> None:
    """A zone counts once, however often it is asked about, and an answer in between ends the row."""
    zones = [f"z{number:02}.example" for number in range(12)]
    dying = {f"z{int(number):02}.example" for number in dead.split()}
    remote(repo, *zones, fault="dies", zones=" ".join(dying))
    assert repo.run("plan", "--no-live", "--out", "plan.json").code == 0
    applied = repo.run(*APPLY, "--format", "json")
    assert applied.code == 1
    assert outcomes(applied) == {zone: "failed" if zone in dying else healthy for zone in zones}
    assert all(
        Remote.asked["write", f"{zone}."] == (healthy == "applied")
        for zone in zones
        if zone not in dying
    )


ALIAS = '? ""\n: - {type: TXT, value: token=kept}\n? _dmarc\n: {type: CNAME, value: elsewhere.example.}\n'


def test_what_comes_into_the_way_while_there_is_no_answer_is_refused(
    repo: RepoFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = remote(repo, "a.example", fault="write 1")
    assert repo.run("plan", "--no-live", "--out", "plan.json").code == 0
    pause = time.sleep

    def meanwhile(seconds: float) -> None:
        if seconds == provider_pool.PAUSES[0]:
            (folder / "a.example.yaml").write_text(ALIAS)
        pause(seconds)

    monkeypatch.setattr(time, "sleep", meanwhile)
    applied = repo.run(*APPLY)
    assert applied.code == 1
    assert "a.example at remote  partial: refused: _dmarc.a.example TXT: " in applied.out
    assert "does not have it" not in applied.out


MOVED = [
    (
        '? ""\n: - {type: TXT, value: token=kept}\n',
        0,
        "a.example at remote  unchanged: somebody else has just made these changes",
    ),
    (ALIAS, 1, "a.example at remote  partial: refused: _dmarc.a.example TXT: "),
]


@pytest.mark.parametrize(("held", "code", "said"), MOVED)
def test_that_somebody_was_faster_hides_no_refusal(
    repo: RepoFolder, held: str, code: int, said: str
) -> None:
    folder = remote(repo, "a.example", fault="moved")
    (folder / "a.example.yaml").write_text(held)
    repo.run("plan", "--no-live", "--out", "plan.json")
    applied = repo.run(*APPLY)
    assert (applied.code, said in applied.out) == (code, True), applied.said


def test_a_provider_that_lets_in_once_is_asked_by_one(repo: RepoFolder) -> None:
    remote(repo, *ZONES, logins=1)
    assert repo.run("plan", "--no-live").code == 0
    assert (Remote.made, Remote.together) == (2, 1)


def test_a_provider_that_ends_programs_does_not_end_this_one(repo: RepoFolder) -> None:
    remote(repo, "a.example", "b.example", fault="exits")
    assert repo.run("plan", "--no-live", "--out", "plan.json").code == 0
    applied = repo.run(*APPLY)
    assert applied.code == 1
    assert applied.out.count("failed: remote: ") == 2


def test_a_busy_provider_says_how_long_to_wait() -> None:
    class Busy(Exception):
        response = SimpleNamespace(status_code=429, headers={"Retry-After": "7"})

    assert (provider_errors.may_pass(Busy()), provider_errors.retry_after(Busy())) == (True, 7.0)


def interrupted(repo: RepoFolder, when: Callable[[], bool], *arguments: str) -> tuple[int, str]:
    """Interrupt the program and all that it started, as a terminal does, and return how it ended and what it said."""
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
