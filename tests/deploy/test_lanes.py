"""Many zones at once at one provider, and what does not answer: asked again where that is safe, given up on where it is in vain."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from mailauth_dns.deploy import lanes
from tests.conftest import RepoFolder
from tests.deploy.provider import Remote

ZONES = [f"d{number}.example" for number in range(12)]
POLICY = "domains_file: domains.txt\nproviders: [remote]\nspf: {all: fail}\ndmarc: {p: none}\n"
APPLY = ("apply", "plan.json", "--no-live", "--allow", "live-unknown")


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    Remote.forget()
    monkeypatch.setattr(lanes, "PAUSES", (0.01, 0.02))


def remote(repo: RepoFolder, *zones: str, **stanza: object) -> Path:
    folder = repo.root / "remote"
    folder.mkdir()
    for zone in zones:
        (folder / f"{zone}.yaml").write_text('? ""\n: - {type: TXT, value: token=kept}\n')
    repo.policy(POLICY)
    repo.write("zones/policy/domains.txt", "\n".join(zones) + "\n")
    repo.provider("remote", {"class": "tests.deploy.provider.Remote", "directory": folder, **stanza})
    return folder


def holds(folder: Path, zone: str) -> tuple[bool, bool]:
    """Whether a zone has what the policy says, and what was there before."""
    text = (folder / f"{zone}.yaml").read_text()
    return "v=spf1 -all" in text and "v=DMARC1" in text, "token=kept" in text


def test_zones_are_read_and_written_four_at_a_time_each_object_by_one_thread(repo: RepoFolder) -> None:
    folder = remote(repo, *ZONES, pause=0.05)
    assert repo.run("plan", "--no-live", "--out", "plan.json").code == 0
    assert (Remote.made, Remote.together) == (4, 4)
    applied = repo.run(*APPLY)
    assert applied.code == 0
    assert Remote.together == 4
    assert [holds(folder, zone) for zone in ZONES] == [(True, True)] * len(ZONES)
    assert [line.split(" at ")[0] for line in applied.out.splitlines() if "  applied" in line] == sorted(ZONES, key=str)


@pytest.mark.parametrize("silent", ["read 2", "write 2", "write 1 after"])
def test_what_had_no_answer_is_asked_again(repo: RepoFolder, silent: str) -> None:
    """Also where the change was made and only the answer was lost: then nothing is left to be written."""
    folder = remote(repo, "a.example", "b.example")
    assert repo.run("plan", "--no-live", "--out", "plan.json").code == 0
    repo.provider("remote", {"class": "tests.deploy.provider.Remote", "directory": folder, "silent": silent})
    assert repo.run("plan", "--no-live", "--out", "plan.json").code == 0
    Remote.forget()
    applied = repo.run(*APPLY)
    assert (applied.code, applied.out.count("  applied, 2 changes")) == (0, 2)
    assert [holds(folder, zone) for zone in ("a.example", "b.example")] == [(True, True)] * 2
    assert Remote.asked["write", "a.example."] == {"read 2": 1, "write 2": 3, "write 1 after": 1}[silent]


def test_what_changes_while_there_is_no_answer_is_not_written_over(repo: RepoFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = remote(repo, "a.example", silent="write 1")
    assert repo.run("plan", "--no-live", "--out", "plan.json").code == 0
    theirs = '? ""\n: - {type: TXT, values: [token=kept, v=spf1 ~all]}\n'
    pause = time.sleep

    def meanwhile(seconds: float) -> None:
        if seconds == lanes.PAUSES[0]:
            (folder / "a.example.yaml").write_text(theirs)
        pause(seconds)

    monkeypatch.setattr(time, "sleep", meanwhile)
    applied = repo.run(*APPLY)
    assert applied.code == 1
    assert "a set changed while the provider did not answer; plan again" in applied.out
    assert (folder / "a.example.yaml").read_text() == theirs


def test_a_provider_that_never_answers_is_given_up_on(repo: RepoFolder) -> None:
    remote(repo, *ZONES, silent="read 99")
    planned = repo.run("plan", "--no-live")
    assert planned.code == 1
    assert planned.said.count("remote was given up on: it did not answer for 3 zones in a row") >= 1
    assert sum(number > 0 for number in Remote.asked.values()) < len(ZONES)
    assert set(Remote.asked.values()) == {3}
    assert all(zone in planned.said for zone in ZONES)


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
