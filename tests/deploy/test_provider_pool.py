"""Many zones at one provider at once; silence is followed by another try, or by giving up."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest

from mailauth_dns.deploy import provider_pool
from mailauth_dns.deploy.provider_pool import Lane
from mailauth_dns.octo import provider_errors, target
from mailauth_dns.octo.target import Target
from tests.conftest import Ran, RepoFolder
from tests.deploy.provider import Remote
from tests.deploy.remote_zones import APPLY, ZONES, holds, remote

pytestmark = pytest.mark.usefixtures("remote_anew")

R = TypeVar("R")


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
    """Also if the change was made and only the answer was lost: then nothing is left to write."""
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
    zones = [f"d{number}.example" for number in range(20)]  # five for each lane
    remote(repo, *zones, fault="read 99")
    planned = repo.run("plan", "--no-live")
    assert planned.code == 1
    assert (
        planned.said.count(
            "remote was given up on: it did not answer, or was busy, for 3 zones in a row"
        )
        >= 1
    )
    assert sum(number > 0 for number in Remote.asked.values()) == 12
    assert set(Remote.asked.values()) == {3}
    assert all(zone in planned.said for zone in zones)


@pytest.mark.usefixtures("two_lanes")
def test_a_lane_that_is_given_up_leaves_the_other_zones_to_the_others(repo: RepoFolder) -> None:
    """Only if all lanes are given up is a zone not tried."""
    zones = [f"z{number:02}.example" for number in range(12)]
    remote(repo, *zones, pause=0.02)
    assert repo.run("plan", "--no-live", "--out", "plan.json").code == 0
    lanes: list[Lane] = []
    asked = Lane.ask

    def ask(self: Lane, zone: str, work: Callable[[Target], R]) -> R:
        if self not in lanes:
            lanes.append(self)
        if self is lanes[0] and zone not in self._silent:
            self._silent.append(zone)  # as if it had no answer, until it is given up on
        return asked(self, zone, work)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Lane, "ask", ask)
        applied = repo.run(*APPLY, "--format", "json")
    assert applied.code == 0, applied.said
    assert set(outcomes(applied).values()) == {"applied"}


def test_a_zone_that_takes_long_holds_up_no_other(
    repo: RepoFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote(repo, *ZONES)
    slow = Remote.populate

    def populate(self: Remote, zone: Any, target: bool = False, lenient: bool = False) -> bool:
        if zone.name == f"{ZONES[0]}.":
            end = time.monotonic() + 10
            while len(Remote.asked) < len(ZONES) - 1:
                assert time.monotonic() < end, "the others wait for it"
                time.sleep(0.01)
        return slow(self, zone, target, lenient)

    monkeypatch.setattr(Remote, "populate", populate)
    assert repo.run("plan", "--no-live").code == 0


@pytest.fixture
def two_lanes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target, "_AT_ONCE", 2)


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
    """A zone counts once, however often it is asked, and an answer in between ends the row."""
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


ALIAS = (
    '? ""\n: - {type: TXT, value: token=kept}\n? _dmarc\n'
    ": {type: CNAME, value: elsewhere.example.}\n"
)


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


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("import sys\nsys.exit('no licence')\n", "sys.exit): no licence"),
        (
            "from octodns.provider.yaml import YamlProvider\n"
            "class Kind(YamlProvider):\n"
            "    def __init__(self, id, **_):\n"
            "        raise SystemExit(3)\n",
            "wanted to end the program (sys.exit)",
        ),
    ],
    ids=["imported", "made"],
)
def test_a_class_that_ends_programs_is_told(
    repo: RepoFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, told: str
) -> None:
    remote(repo, "a.example")
    folder = tmp_path / "modules"
    folder.mkdir()
    (folder / f"ends_{len(body)}.py").write_text(body)
    monkeypatch.syspath_prepend(str(folder))
    repo.write("providers/remote.yaml", f"class: ends_{len(body)}.Kind\ndirectory: x\n")
    ran = repo.run("plan", "--no-live")
    assert ran.code == 1
    assert told in ran.said


def test_a_busy_provider_says_how_long_to_wait() -> None:
    class Busy(Exception):
        response = SimpleNamespace(status_code=429, headers={"Retry-After": "7"})

    assert (provider_errors.may_pass(Busy()), provider_errors.retry_after(Busy())) == (True, 7.0)
