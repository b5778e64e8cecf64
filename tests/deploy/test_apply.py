"""Apply: foreign values are kept, some changes need permission, and a killed run is finished."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mailauth_dns.plan.plan import LiveEntry
from mailauth_dns.serve.server import LoopbackServer
from tests.conftest import Ran, RepoFolder
from tests.deploy import evidence_repo
from tests.deploy.served_zone import POLICY, ZONE, edit_zone, planned, zone_text


def test_applies_what_was_reviewed_and_then_has_nothing_to_do(served: RepoFolder) -> None:
    plan = planned(served)
    assert served.run("apply", str(plan)).code == 0
    text = zone_text(served)
    assert "v=spf1 mx -all" in text
    assert "MS=ms123" in text
    assert " 42 7200" in text
    assert served.run("plan", "--detailed-exitcode").code == 0
    again = served.run("apply", str(plan))
    assert again.code == 0
    assert "unchanged" in again.out
    assert zone_text(served) == text


def test_a_foreign_value_added_since_is_kept_and_reported(served: RepoFolder) -> None:
    plan = planned(served)
    edit_zone(
        served,
        '@ IN TXT "MS=ms123"\n',
        '@ IN TXT "MS=ms123"\n@ IN TXT "google-site-verification=abc"\n',
    )
    applied = served.run("apply", str(plan))
    assert applied.code == 0, applied.said
    assert "a foreign value (google-site-verification" in applied.out
    assert "google-site-verification=abc" in zone_text(served)
    assert "v=spf1 mx -all" in zone_text(served)


def test_live_dns_that_is_unknown_needs_permission(served: RepoFolder) -> None:
    served.write(
        "zones/policy/_defaults.yaml", 'providers: [local]\nnameservers: ["127.0.0.1:1"]\n'
    )
    plan = planned(served)
    refused = served.run("apply", str(plan), "--wait", "1s")
    assert refused.code == 1
    assert "live-unknown" in refused.out
    assert zone_text(served) == ZONE
    assert served.run("apply", str(plan), "--allow", "live-unknown", "--wait", "1s").code == 0
    assert "v=spf1 mx -all" in zone_text(served)


@pytest.mark.parametrize(
    ("allowed", "code"),
    [
        ((), 1),
        (("--allow", "live-unknown"), 0),
        (("--allow", "live-unknown:example.com"), 0),
        (("--allow", "live-unknown:example.org"), 1),
        (("--allow", "live-unknown:example.org", "--allow", "live-unknown:example.com"), 0),
    ],
)
def test_a_zone_may_be_unknown_afterwards_only_if_that_is_permitted_for_it(
    served: RepoFolder, monkeypatch: pytest.MonkeyPatch, allowed: tuple[str, ...], code: int
) -> None:
    """Its servers answered before the write, and do not any more."""
    row = LiveEntry(
        "example.com", "_dmarc.example.com", "TXT", (), (), None, "no answer", "unknown"
    )
    monkeypatch.setattr("mailauth_dns.deploy.apply.watch", lambda *_: {"example.com": [row]})
    ran = served.run("apply", str(planned(served)), *allowed)
    assert (ran.code, "v=spf1 mx -all" in zone_text(served)) == (code, True), ran.said


def test_other_servers_than_the_providers_are_refused(served: RepoFolder, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "example.com.zone").write_text(
        ZONE.replace("ns1.example.net.\n@ IN TXT", "ns9.example.org.\n@ IN TXT")
    )
    with LoopbackServer(elsewhere, "127.0.0.1", 0) as server:
        served.write(
            "zones/policy/_defaults.yaml",
            f'providers: [local]\nnameservers: ["127.0.0.1:{server.port}"]\n',
        )
        plan = planned(served)
        refused = served.run("apply", str(plan), "--wait", "0s")
    assert refused.code == 1
    assert "DNS008" in refused.out
    assert zone_text(served) == ZONE


def test_a_breaking_change_needs_its_rule_by_name(served: RepoFolder) -> None:
    assert served.run("apply", str(planned(served))).code == 0
    served.policy(POLICY.replace("p: none", "p: reject"), "example.com")
    evidence_repo.met(served.root, "example.com")
    plan = planned(served)
    before = zone_text(served)
    for allow in ([], ["--allow", "DKIM030"], ["--allow", "DMARC033:example.org"]):
        refused = served.run("apply", str(plan), *allow)
        assert refused.code == 1
        assert "DMARC033" in refused.out
        assert zone_text(served) == before
    assert served.run("apply", str(plan), "--allow", "DMARC033:example.com").code == 0
    assert "p=reject" in zone_text(served)


@pytest.mark.parametrize(("answer", "code"), [("yes\n", 0), ("y\n", 1), ("\n", 1), ("", 1)])
def test_apply_without_a_plan_asks(
    served: RepoFolder, monkeypatch: pytest.MonkeyPatch, answer: str, code: int
) -> None:
    import io

    monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
    ran = served.run("apply")
    assert ran.code == code, ran.said
    assert ("v=spf1 mx -all" in zone_text(served)) is (code == 0)


def spawned(repo: RepoFolder, *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "mailauth_dns", "-C", str(repo.root), *arguments]
    return subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "NO_COLOR": "1"},
    )


def test_a_killed_apply_is_finished_by_running_it_again(served: RepoFolder) -> None:
    zones = [f"d{number}.example" for number in range(60)]
    for zone in zones:
        served.write(f"served/{zone}.zone", ZONE)
    served.policy(f"domains: [{', '.join(zones)}]\nspf: {{terms: [mx], all: fail}}\n", "many")
    plan = planned(served)
    process = spawned(served, "apply", str(plan))
    until = time.monotonic() + 60
    while (
        "v=spf1 mx" not in zone_text(served, "d20.example")
        and process.poll() is None
        and time.monotonic() < until
    ):
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    done = [zone for zone in zones if "v=spf1 mx -all" in zone_text(served, zone)]
    for zone in zones:
        assert zone_text(served, zone).count("v=spf1") == 1
        assert zone_text(served, zone).count("MS=ms123") == 1
    finished = served.run("apply", str(plan), "--wait", "20s")
    assert finished.code == 0, finished.said
    assert finished.out.count("unchanged") >= len(done)
    for zone in zones:
        assert zone_text(served, zone).count("v=spf1 mx -all") == 1
        assert " 42 7200" in zone_text(served, zone)


def journal_of(plan: Path) -> Path:
    return plan.with_name(f"{plan.name}.{json.loads(plan.read_text())['fingerprint'][:12]}.journal")


def test_the_journal_tells_what_was_done_by_one_plan_alone(served: RepoFolder) -> None:
    for policy in (
        "domain: example.com\nspf: {terms: [mx], all: fail}\n",
        "domain: example.com\nspf: {terms: [a], all: softfail}\n",
    ):
        served.policy(policy, "example.com")
        plan = planned(served)
        assert served.run("apply", str(plan)).code == 0
        lines = [json.loads(line) for line in journal_of(plan).read_text().splitlines()]
        assert [(line["zone"], line["what"]) for line in lines] == [
            ("example.com", "begun"),
            ("example.com", "applied"),
        ]
    assert len(list(plan.parent.glob("*.journal"))) == 2


@pytest.mark.parametrize("kind", ["link", "dangling link", "pipe", "folder"])
def test_a_journal_that_is_no_file_is_not_written_and_stops_nothing(
    served: RepoFolder, kind: str
) -> None:
    plan = planned(served)
    target = served.root / "victim"
    if kind == "link":
        target.write_text("theirs\n")
    if "link" in kind:
        journal_of(plan).symlink_to(target)
    elif kind == "pipe":
        os.mkfifo(journal_of(plan))
    else:
        journal_of(plan).mkdir()
    assert served.run("apply", str(plan)).code == 0
    assert (target.read_text() if target.exists() else None) == (
        "theirs\n" if kind == "link" else None
    )


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_without_a_provider_nothing_is_called_done(repo: RepoFolder, command: str) -> None:
    repo.policy("domain: example.com\nspf: {all: fail}\n")
    ran = repo.run(command, "--no-live")
    assert ran.code == (1 if command == "apply" else 0)
    assert "no policy names a provider; write `providers: [ID]`" in ran.err
    assert "nothing to do" not in ran.said


def said_of(ran: Ran) -> dict[str, str]:
    return {zone["zone"]: zone["status"] for zone in json.loads(ran.out)["zones"]}


def test_a_zone_that_fails_does_not_stop_the_others(served: RepoFolder) -> None:
    served.policy("domains: [a.example, b.example]\nspf: {all: fail}\n", "more")
    for zone in ("a.example", "b.example"):
        served.write(f"served/{zone}.zone", ZONE)
    plan = planned(served)
    (served.root / "served/a.example.zone").unlink()
    ran = served.run("apply", str(plan), "--format", "json")
    assert ran.code == 1
    assert said_of(ran) == {"a.example": "failed", "b.example": "applied", "example.com": "applied"}
