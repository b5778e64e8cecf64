"""Between plan and apply: what moved is refused, what only stands beside ours is kept, and a killed apply is finished by the next."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mailauth_dns.serve.server import LoopbackServer
from tests.conftest import Ran, RepoFolder

ZONE = """$TTL 3600
@ IN SOA ns1.example.net. hostmaster.example.net. 41 7200 1800 1209600 300
@ IN NS ns1.example.net.
@ IN TXT "v=spf1 ~all"
@ IN TXT "MS=ms123"
www IN A 192.0.2.1
"""
POLICY = "domain: example.com\nspf: {terms: [mx], all: fail}\ndmarc: {p: none}\n"


@pytest.fixture
def served(repo: RepoFolder) -> Iterator[RepoFolder]:
    """A repo whose local zones are served, so that live DNS can be asked."""
    repo.local("example.com", ZONE)
    with LoopbackServer(repo.root / "served", "127.0.0.1", 0) as server:
        repo.write(
            "zones/policy/_defaults.yaml",
            f'providers: [local]\nnameservers: ["127.0.0.1:{server.port}"]\n',
        )
        repo.policy(POLICY, "example.com")
        yield repo


def zone_text(repo: RepoFolder, zone: str = "example.com") -> str:
    return (repo.root / f"served/{zone}.zone").read_text()


def edit_zone(repo: RepoFolder, old: str, new: str, zone: str = "example.com") -> None:
    path = repo.root / f"served/{zone}.zone"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def planned(repo: RepoFolder, *arguments: str) -> Path:
    path = repo.root / "plan.json"
    ran = repo.run("plan", "--out", str(path), *arguments)
    assert ran.code == 0, ran.said
    return path


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


def test_our_value_changed_by_hand_is_refused_with_the_difference(served: RepoFolder) -> None:
    plan = planned(served)
    edit_zone(served, "v=spf1 ~all", "v=spf1 a ~all")
    before = zone_text(served)
    applied = served.run("apply", str(plan))
    assert applied.code == 1
    assert "no longer what was reviewed" in applied.err
    assert "v=spf1 a ~all" in applied.err
    assert zone_text(served) == before


def test_the_policy_changed_since_is_refused(served: RepoFolder) -> None:
    plan = planned(served)
    served.policy(POLICY.replace("p: none", "p: quarantine"), "example.com")
    applied = served.run("apply", str(plan))
    assert applied.code == 1
    assert "the policy is now" in applied.err


def test_another_domains_policy_changed_since_does_not_matter(served: RepoFolder) -> None:
    plan = planned(served, "example.com")
    served.policy("domain: example.org\nspf: {all: fail}\n", "example.org")
    served.write("served/example.org.zone", ZONE)
    assert served.run("apply", str(plan)).code == 0
    assert "v=spf1 mx -all" in zone_text(served)
    assert "v=spf1 -all" not in zone_text(served, "example.org")


def test_the_providers_stanza_changed_since_is_refused(served: RepoFolder) -> None:
    plan = planned(served)
    served.provider("local", {"class": "mailauth_dns.octo.LocalProvider", "directory": "elsewhere"})
    applied = served.run("apply", str(plan))
    assert applied.code == 1
    assert "providers/local.yaml is now" in applied.err


def edited(plan: Path, edit: Callable[[dict[str, Any]], None], recompute: bool) -> None:
    data = json.loads(plan.read_text())
    edit(data)
    if recompute:
        del data["fingerprint"]
        canonical = json.dumps(data, sort_keys=True, separators=(",", ":")).encode()
        data["fingerprint"] = hashlib.sha256(canonical).hexdigest()
    plan.write_text(json.dumps(data))


def test_an_edited_plan_is_refused_by_its_fingerprint(served: RepoFolder) -> None:
    plan = planned(served)
    edited(plan, lambda data: data["zones"][0]["changes"].pop(), recompute=False)
    applied = served.run("apply", str(plan))
    assert applied.code == 1
    assert "its fingerprint is" in applied.err


FORGED: dict[str, Callable[[dict[str, Any]], None]] = {
    "a change taken out": lambda data: data["zones"][0]["changes"].pop(),
    "another value": lambda data: data["zones"][0]["changes"][0].update(after=["v=spf1 +all"]),
    "another value before": lambda data: data["zones"][0]["changes"][0].update(
        before=["v=spf1 a -all"]
    ),
    "another TTL": lambda data: data["zones"][0]["changes"][0].update(ttl_after=60),
    "a change put in": lambda data: data["zones"][0]["changes"].append(
        {**data["zones"][0]["changes"][0], "name": "www.example.com"}
    ),
    "another zone": lambda data: data["zones"][0].update(zone="example.org"),
    "another provider": lambda data: data["zones"][0].update(provider="other"),
    "not a plan": lambda data: data["zones"][0].pop("changes"),
}


@pytest.mark.parametrize("case", FORGED)
def test_a_forged_plan_with_a_good_fingerprint_cannot_change_what_is_applied(
    served: RepoFolder, case: str
) -> None:
    plan = planned(served)
    edited(plan, FORGED[case], recompute=True)
    before = zone_text(served)
    applied = served.run("apply", str(plan))
    assert applied.code == 1, applied.said
    assert zone_text(served) == before
    assert "Traceback" not in applied.said


def test_a_plan_cut_down_to_fewer_zones_applies_only_those(served: RepoFolder) -> None:
    served.policy("domain: example.org\nspf: {all: fail}\n", "example.org")
    served.write("served/example.org.zone", ZONE)
    plan = planned(served)
    edited(plan, lambda data: data.update(zones=data["zones"][:1]), recompute=True)
    assert served.run("apply", str(plan)).code == 0
    assert "v=spf1 mx -all" in zone_text(served)
    assert zone_text(served, "example.org") == ZONE


@pytest.mark.parametrize(
    "text",
    ["", "nonsense", "[]", '{"format": 1}', '{"format": 9, "fingerprint": ""}', "[" * 100_000],
)
def test_what_is_no_plan_is_refused(served: RepoFolder, text: str) -> None:
    served.write("plan.json", text)
    applied = served.run("apply", str(served.root / "plan.json"))
    assert applied.code == 1
    assert "plan" in applied.err
    assert "Traceback" not in applied.said


def test_live_dns_that_is_unknown_needs_permission(served: RepoFolder) -> None:
    served.write(
        "zones/policy/_defaults.yaml", 'providers: [local]\nnameservers: ["127.0.0.1:1"]\n'
    )
    plan = planned(served)
    refused = served.run("apply", str(plan), "--wait", "1s")
    assert refused.code == 1
    assert "live-unknown" in refused.err
    assert zone_text(served) == ZONE
    assert served.run("apply", str(plan), "--allow", "live-unknown", "--wait", "1s").code == 0
    assert "v=spf1 mx -all" in zone_text(served)


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
    assert "DNS008" in refused.err
    assert zone_text(served) == ZONE


def test_a_breaking_change_needs_its_rule_by_name(served: RepoFolder) -> None:
    assert served.run("apply", str(planned(served))).code == 0
    served.policy(POLICY.replace("p: none", "p: reject"), "example.com")
    plan = planned(served)
    before = zone_text(served)
    for allow in ([], ["--allow", "DKIM030"], ["--allow", "DMARC033:example.org"]):
        refused = served.run("apply", str(plan), *allow)
        assert refused.code == 1
        assert "DMARC033" in refused.err
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


def test_a_domain_is_no_plan_file_and_the_refusal_says_how_it_goes(served: RepoFolder) -> None:
    ran = served.run("apply", "example.com")
    assert (ran.code, ran.out) == (1, "")
    assert "`plan example.com --out plan.json`, then `apply plan.json`" in ran.err


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
