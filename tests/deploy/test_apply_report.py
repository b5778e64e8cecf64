"""The report of an apply: it is there however the run ends, and says what was seen and no more."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from errno import ENOSPC
from pathlib import Path
from typing import Any

import pytest

from mailauth_dns.atomic_files import replace_file
from mailauth_dns.errors import PlanRefused
from tests import schemas
from tests.conftest import RepoFolder
from tests.deploy import evidence_repo
from tests.deploy.provider import Remote
from tests.deploy.remote_zones import APPLY, ZONES, holds, remote
from tests.deploy.served_zone import POLICY, ZONE, edit_zone, planned, zone_text

REPORT = ("--report", "report.json")


def report(repo: RepoFolder, path: str = "report.json") -> dict[str, Any]:
    data: dict[str, Any] = json.loads((repo.root / path).read_text())
    schemas.report().validate(data)
    return data


def zones(data: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {zone["zone"]: zone for zone in data["zones"]}


def states(zone: dict[str, Any]) -> set[str]:
    return {change["state"] for change in zone["changes"]}


def test_an_apply_that_did_all(served: RepoFolder) -> None:
    plan = planned(served)
    assert served.run("apply", str(plan), *REPORT).code == 0
    data = report(served)
    assert (data["outcome"], data["exit_code"], data["problem"]) == ("applied", 0, None)
    assert data["plan"]["fingerprint"] == json.loads(plan.read_text())["fingerprint"]
    assert data["began_at"] <= data["ended_at"]
    [zone] = data["zones"]
    assert (zone["status"], zone["read_back"], zone["live"]) == ("applied", "as applied", "agrees")
    [_, spf] = zone["changes"]
    assert {key: spf[key] for key in ("name", "before", "after", "risk", "state")} == {
        "name": "example.com",
        "before": ["v=spf1 ~all"],
        "after": ["v=spf1 mx -all"],
        "risk": "caution",
        "state": "done",
    }


def test_a_second_run_says_that_it_was_done_before(served: RepoFolder) -> None:
    plan = planned(served)
    for expected, status in (("done", "applied"), ("was done", "unchanged")):
        assert served.run("apply", str(plan), *REPORT).code == 0
        [zone] = report(served)["zones"]
        assert (states(zone), zone["status"]) == ({expected}, status)


def test_foreign_values_are_there_by_kind_and_hash_alone(served: RepoFolder) -> None:
    assert served.run("apply", str(planned(served, "--show-kept")), *REPORT).code == 0
    text = (served.root / "report.json").read_text()
    assert "ms123" not in text
    kept = zones(json.loads(text))["example.com"]["kept"]
    [beside] = (
        each["kinds"] for each in kept if each["name"] == "example.com" and each["type"] == "TXT"
    )
    assert [re.sub("[0-9a-f]{8}", "HASH", kind) for kind in beside] == ["MS HASH"]


def test_a_secret_of_a_provider_is_not_in_a_report(
    repo: RepoFolder, monkeypatch: pytest.MonkeyPatch, remote_anew: None
) -> None:
    monkeypatch.setenv("REMOTE_TOKEN", "s3cr3t-of-the-provider")
    remote(repo, *ZONES[:2], token="env/REMOTE_TOKEN", fault="tells")
    assert repo.run("plan", "--no-live", "--out", "plan.json").code == 0
    assert repo.run(*APPLY, *REPORT).code == 1
    data = report(repo)
    assert {zone["status"] for zone in data["zones"]} == {"failed"}
    assert "the server refuses the token" in data["zones"][0]["detail"]
    assert "s3cr3t" not in json.dumps(data)


def test_refused_and_permitted_zones(team: RepoFolder) -> None:
    assert team.run("apply", str(planned(team, "example.com", "good.example"))).code == 0
    team.policy(POLICY.replace("p: none", "p: reject"), "example.com")
    team.policy(
        "domain: good.example\nspf: absent\nallow: [{rule: DNS008, reason: x, until: 2031-01-31}]\n",
        "good.example",
    )
    evidence_repo.met(team.root, "example.com")
    plan = planned(team, "example.com", "good.example")
    assert team.run("apply", str(plan), *REPORT).code == 1
    data = report(team)
    refused = zones(data)["example.com"]
    assert data["outcome"] == "incomplete"
    assert (refused["status"], refused["read_back"], states(refused)) == (
        "refused",
        "not read",
        {"not done"},
    )
    assert [each["rule"] for each in refused["refusals"]] == ["DMARC033"]
    assert zones(data)["good.example"]["status"] == "applied"
    assert team.run("apply", str(plan), "--allow", "DMARC033:example.com", *REPORT).code == 0
    data = report(team)
    assert data["allowed"] == ["DMARC033:example.com"]
    assert zones(data)["example.com"]["permissions"] == [
        {
            "rule": "DMARC033",
            "domain": "example.com",
            "by": "--allow DMARC033:example.com",
            "reason": None,
            "until": None,
        }
    ]
    assert zones(data)["good.example"]["permissions"] == [], "nothing there needed it"


def test_what_a_policy_permitted_is_told_with_its_place(served: RepoFolder) -> None:
    assert served.run("apply", str(planned(served))).code == 0
    served.policy(
        POLICY.replace("p: none", "p: reject")
        + "allow:\n  - {rule: DMARC033, reason: agreed, until: 2031-01-31}\n",
        "example.com",
    )
    evidence_repo.met(served.root, "example.com")
    assert served.run("apply", str(planned(served)), *REPORT).code == 0
    assert report(served)["zones"][0]["permissions"] == [
        {
            "rule": "DMARC033",
            "domain": "example.com",
            "by": "zones/policy/example.com.yaml:5",
            "reason": "agreed",
            "until": "2031-01-31",
        }
    ]


def test_a_stale_plan_and_what_was_left_out(team: RepoFolder) -> None:
    plan = planned(team, "example.com", "good.example", "shop.example")
    edit_zone(team, "v=spf1 ~all", "v=spf1 a ~all")
    assert team.run("apply", str(plan), *REPORT).code == 1
    data = report(team)
    assert (data["outcome"], data["exit_code"], data["zones"]) == ("refused", 1, [])
    assert data["problem"].startswith("the plan is no longer what was reviewed; nothing was")
    assert data["plan"]["fingerprint"] == json.loads(plan.read_text())["fingerprint"]
    assert team.run("apply", str(plan), "--only", "good.example", *REPORT).code == 0
    data = report(team)
    assert data["only"] == ["good.example"]
    assert data["left_out"] == ["example.com", "shop.example"]
    assert [*zones(data)] == ["good.example"]


@pytest.mark.parametrize(
    ("break_it", "outcome"),
    [
        (lambda repo: repo.policy("domain: [", "broken"), "failed"),
        (lambda repo: repo.write("plan.json", "{}"), "refused"),
        (lambda repo: (repo.root / "plan.json").unlink(), "failed"),
    ],
)
def test_a_run_that_cannot_begin_says_why(served: RepoFolder, break_it: Any, outcome: str) -> None:
    planned(served)
    break_it(served)
    ran = served.run("apply", "plan.json", *REPORT)
    data = report(served)
    assert (data["outcome"], data["exit_code"]) == (outcome, ran.code)
    assert data["problem"] == ran.err.rstrip("\n")
    assert data["ended_at"] is not None


def test_an_answer_of_no(served: RepoFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("no\n"))
    assert served.run("apply", *REPORT).code == 1
    data = report(served)
    assert (data["outcome"], zones(data)["example.com"]["status"]) == ("answered no", None)
    assert zone_text(served) == ZONE


@pytest.mark.parametrize("kind", ["no folder", "a folder", "a device", "the plan", "links"])
def test_a_report_that_cannot_be_written_is_refused_before_the_first_write(
    served: RepoFolder, kind: str
) -> None:
    plan = planned(served)
    before = plan.read_bytes()
    (served.root / "loop").symlink_to("loop")
    (served.root / "same.json").symlink_to("plan.json")
    path = {
        "no folder": "nowhere/report.json",
        "a folder": "zones",
        "a device": "/dev/stdout",
        "the plan": "same.json",
        "links": "loop",
    }[kind]
    ran = served.run("apply", "plan.json", "--report", path)
    assert ran.code == 1
    assert "--report " in ran.err
    assert path in ran.err
    assert zone_text(served) == ZONE
    assert plan.read_bytes() == before


def test_a_disk_that_is_full_at_the_end_is_told_beside_the_result(
    served: RepoFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = planned(served)
    written: list[Path] = []

    def full(path: Path, data: bytes, *, durable: bool) -> None:
        written.append(path)
        if len(written) > 2:
            raise OSError(ENOSPC, "No space left on device", str(path))
        replace_file(path, data, durable=durable)

    monkeypatch.setattr("mailauth_dns.cli.report_file.replace_file", full)
    ran = served.run("apply", str(plan), *REPORT)
    assert ran.code == 1
    assert "example.com at local  applied" in ran.out
    assert "report.json: No space left on device" in ran.err
    assert report(served)["outcome"] == "begun"


@pytest.mark.usefixtures("remote_anew")
def test_an_interrupt_leaves_a_report_of_what_was_done(repo: RepoFolder) -> None:
    folder = remote(repo, *ZONES, pause=0.3)
    assert repo.run("plan", "--no-live", "--out", "plan.json").code == 0
    Remote.forget()

    def interrupt() -> None:
        while not any(act == "write" for act, _ in tuple(Remote.asked)):
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    assert repo.run(*APPLY, *REPORT).code == 130
    data = report(repo)
    assert (data["outcome"], data["exit_code"]) == ("interrupted", 130)
    for name, zone in zones(data).items():
        done = holds(folder, name)[0]
        assert (zone["status"], states(zone)) == (
            ("applied", {"done"}) if done else ("not tried", {"not done"})
        )


@pytest.mark.usefixtures("remote_anew")
def test_a_killed_apply_leaves_a_report_that_had_begun_and_the_next_run_completes_it(
    repo: RepoFolder,
) -> None:
    folder = remote(repo, *ZONES, pause=0.3)
    assert repo.run("plan", "--no-live", "--out", "plan.json").code == 0
    process = subprocess.Popen(
        [sys.executable, "-m", "mailauth_dns", "-C", str(repo.root), *APPLY, *REPORT],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until = time.monotonic() + 60
    while not any(holds(folder, zone)[0] for zone in ZONES) and time.monotonic() < until:
        time.sleep(0.01)
    process.kill()
    process.wait(10)
    data = report(repo)
    assert (data["outcome"], data["ended_at"], data["exit_code"]) == ("begun", None, None)
    assert {zone["status"] for zone in data["zones"]} == {None}
    assert {state for zone in data["zones"] for state in states(zone)} == {"unknown"}
    done = {zone for zone in ZONES if holds(folder, zone)[0]}
    assert 0 < len(done) < len(ZONES)
    assert repo.run(*APPLY, *REPORT).code == 0
    data = report(repo)
    assert data["outcome"] == "applied"
    assert {name for name, zone in zones(data).items() if states(zone) == {"was done"}} == done
    assert {name for name, zone in zones(data).items() if states(zone) == {"done"}} == {
        *ZONES
    } - done
    assert not list(repo.root.glob(".report.json.*.draft"))


def test_a_provider_that_is_down_at_the_plan_and_at_the_apply(team: RepoFolder) -> None:
    gone = team.write("down", "")
    unasked = ("--no-live", "--allow", "live-unknown")
    assert team.run("plan", "--no-live", "--out", "plan.json").code == 1
    gone.unlink()
    assert team.run("apply", "plan.json", *unasked, *REPORT).code == 1
    far = zones(report(team))["far.example"]
    assert (far["status"], far["changes"], far["read_back"]) == ("not tried", [], "not read")
    assert team.run("plan", "--no-live", "--out", "plan.json").code == 0
    team.write("down", "")
    assert team.run("apply", "plan.json", *unasked, *REPORT).code == 1
    far = zones(report(team))["far.example"]
    assert (far["status"], far["read_back"], states(far)) == ("failed", "not read", {"unknown"})
    assert [change["after"] for change in far["changes"]] == [["v=spf1 mx -all"]]


def test_before_the_first_write_a_zone_that_could_not_be_read_is_there_too(
    team: RepoFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert team.run("plan", "--no-live", "--out", "plan.json").code == 0
    team.write("down", "")
    begun: list[dict[str, Any]] = []

    def seen(*_: object) -> None:
        begun.append(report(team))
        raise PlanRefused("stopped here")

    monkeypatch.setattr("mailauth_dns.cli.commands.apply.apply", seen)
    assert team.run("apply", "plan.json", *REPORT).code == 1
    far = zones(begun[0])["far.example"]
    assert (far["status"], far["read_back"], states(far)) == (None, "not read", {"unknown"})
    assert len(begun[0]["zones"]) == 4
