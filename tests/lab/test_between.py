"""Between plan and apply, on real BIND and real PowerDNS.

What moved is refused; what stopped half-way is finished by the next run.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import dns.rdatatype
import pytest

from mailauth_dns.octo import bind, powerdns
from mailauth_dns.octo.target import Proposal, Target
from tests.conftest import Ran, RepoFolder
from tests.lab.name_server import NameServer, Record
from tests.lab.zones import HEAD

Serving = Callable[..., NameServer]

ZONE = HEAD + '@ IN TXT "v=spf1 ~all"\n@ IN TXT "MS=ms123"\nwww IN A 192.0.2.1\n'
POLICY = "domain: example.com\nspf: {terms: [mx], all: fail}\ndmarc: {p: none}\n"


def published(before: set[Record], zone: str = "example.com") -> set[Record]:
    """Return the zone as it is when the policy is applied: all that was there, and ours."""
    ours = {
        (zone, "TXT", 3600, "v=spf1 mx -all"),
        (f"_dmarc.{zone}", "TXT", 3600, "v=DMARC1; p=none"),
    }
    return {record for record in before if record[3] != "v=spf1 ~all"} | ours


def planned(repo: RepoFolder, *arguments: str) -> str:
    path = str(repo.root / "plan.json")
    ran = repo.run("plan", "--out", path, *arguments)
    assert ran.code == 0, ran.said
    return path


def statuses(ran: Ran) -> dict[str, str]:
    return {zone["zone"]: zone["status"] for zone in json.loads(ran.out)["zones"]}


def serial(server: NameServer, zone: str) -> int:
    [soa] = server.ask(zone, "SOA").answer
    assert soa.rdtype == dns.rdatatype.SOA
    return int(soa[0].serial)


def test_a_foreign_value_added_since_is_kept_and_reported(
    repo: RepoFolder, serving: Serving
) -> None:
    server = serving(example_com=ZONE)
    repo.policy(POLICY)
    plan = planned(repo)
    server.put(
        "example.com",
        "example.com",
        "TXT",
        3600,
        '"v=spf1 ~all"',
        '"MS=ms123"',
        '"google-site-verification=abc"',
    )
    before = server.dump("example.com")
    applied = repo.run("apply", plan)
    assert applied.code == 0, applied.said
    label = f"google-site-verification {hashlib.sha256(b'google-site-verification=abc').hexdigest()[:8]}"
    assert (
        f"example.com TXT: a foreign value ({label}) was added at {server.id} since the plan; it is kept"
        in applied.out
    )
    assert server.dump("example.com") == published(before)
    assert repo.run("plan", "--detailed-exitcode").code == 0


def test_spf_changed_by_hand_is_refused_with_the_difference(
    repo: RepoFolder, serving: Serving
) -> None:
    server = serving(example_com=ZONE)
    repo.policy(POLICY)
    plan = planned(repo)
    server.put("example.com", "example.com", "TXT", 3600, '"v=spf1 a ~all"', '"MS=ms123"')
    before = server.dump("example.com")
    applied = repo.run("apply", plan)
    assert applied.code == 1
    assert "the plan is no longer what was reviewed; nothing was written:" in applied.err
    assert "plan again: " in applied.err
    assert f"  example.com TXT at {server.id}: reviewed " in applied.err
    assert '"v=spf1 ~all" -> "v=spf1 mx -all"' in applied.err
    assert '"v=spf1 a ~all" -> "v=spf1 mx -all"' in applied.err
    assert server.dump("example.com") == before


def test_the_stanzas_host_changed_is_refused(repo: RepoFolder, serving: Serving) -> None:
    """The other address leads to the same server: it would work, and it was not reviewed."""
    server = serving(example_com=ZONE)
    repo.policy(POLICY)
    plan = planned(repo)
    before = server.dump("example.com")
    repo.provider(server.id, {**server.stanza(), "host": "localhost"})
    applied = repo.run("apply", plan)
    assert applied.code == 1
    assert "the plan is no longer what was reviewed; nothing was written:" in applied.err
    assert f"providers/{server.id}.yaml is not as it was reviewed" in applied.err
    assert server.dump("example.com") == before
    repo.provider(server.id, server.stanza())
    assert repo.run("apply", plan).code == 0


# What may change in another domain's policy: policies beside example.com's, the one that changes
# and how, the plan's arguments, and the error or None.
OTHER = "domain: example.org\nspf: {all: fail}\n"
SUBDOMAIN = "domain: sub.example.com\nzone: example.com\nspf: {all: fail}\n"
MERGES: dict[str, tuple[str, tuple[str, ...], str | None]] = {
    "of a zone in the plan": (
        OTHER,
        (),
        "example.org: records, `providers` or `nameservers` are not as they were reviewed",
    ),
    "of a zone that was not selected": (OTHER, ("example.com",), None),
    "of the same zone, in the plan": (
        SUBDOMAIN,
        (),
        "example.com: records, `providers` or `nameservers` are not as they were reviewed",
    ),
    "of the same zone, not selected": (SUBDOMAIN, ("example.com",), None),
}


@pytest.mark.parametrize("case", MERGES)
def test_another_domains_policy_changed(repo: RepoFolder, serving: Serving, case: str) -> None:
    """The policy of each planned zone must be as planned; what was not planned does not matter."""
    other, selection, refusal = MERGES[case]
    server = serving(example_com=ZONE, example_org=ZONE)
    repo.policy(POLICY, "example.com")
    repo.policy(other, "other")
    plan = planned(repo, *selection)
    before = {zone: server.dump(zone) for zone in ("example.com", "example.org")}
    repo.policy(other.replace("all: fail", "all: softfail"), "other")
    applied = repo.run("apply", plan)
    if refusal is None:
        assert applied.code == 0, applied.said
        assert server.dump("example.com") == published(before["example.com"])
    else:
        assert applied.code == 1
        assert refusal in applied.err
        assert server.dump("example.com") == before["example.com"]
    assert server.dump("example.org") == before["example.org"]


STOPS: dict[str, tuple[Callable[[NameServer], None], Callable[[NameServer], None]]] = {
    "ends": (NameServer.stop, NameServer.start),
    "hangs": (NameServer.freeze, NameServer.thaw),
}


@pytest.mark.parametrize("case", STOPS)
def test_a_server_that_stops_half_way_is_told_and_the_next_run_finishes(
    repo: RepoFolder, serving: Serving, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    """One that hangs may carry out later what it was sent: it is found done, not done twice."""
    for kind in (bind.Bind, powerdns.PowerDns):
        # So that it stops between two zones, and not while it is read back.
        monkeypatch.setattr(kind, "at_once", 1)
    stop, go_on = STOPS[case]
    zones = ("a.example", "b.example", "c.example")
    server = serving(a_example=ZONE, b_example=ZONE, c_example=ZONE)
    repo.provider(server.id, {**server.stanza(), "timeout": 1})
    repo.policy(POLICY.replace("domain: example.com", f"domains: [{', '.join(zones)}]"))
    before = {zone: server.dump(zone) for zone in zones}
    plan = planned(repo)
    really = Target.apply
    asked: list[str] = []

    def apply(self: Target, proposal: Proposal) -> None:
        asked.append(proposal.reading.zone.origin)
        if len(asked) == 2:
            stop(server)
        really(self, proposal)

    with monkeypatch.context() as patched:
        patched.setattr(Target, "apply", apply)
        begun = time.monotonic()
        broken = repo.run("apply", plan, "--wait", "0s", "--format", "json")
        took = time.monotonic() - begun
    assert broken.code == 1
    assert statuses(broken) == {
        "a.example": "applied",
        "b.example": "failed",
        "c.example": "failed",
    }
    assert all(
        "what was written is unknown" in zone["detail"]
        for zone in json.loads(broken.out)["zones"][1:]
    )
    assert asked == list(zones)
    assert took < 60
    for secret in server.environment.values():
        assert secret not in broken.said
    go_on(server)
    finished = repo.run("apply", plan, "--format", "json")
    assert finished.code == 0, finished.said
    assert statuses(finished)["a.example"] == "unchanged"
    for zone in zones:
        assert server.dump(zone) == published(before[zone], zone)
    assert repo.run("plan", "--detailed-exitcode").code == 0


def spawned(repo: RepoFolder, *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "mailauth_dns", "-C", str(repo.root), *arguments]
    return subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "NO_COLOR": "1"},
    )


def written_so_far(plan: str) -> int:
    return sum(
        journal.read_text().count('"what": "applied"')
        for journal in Path(plan).parent.glob("plan.json.*.journal")
    )


def test_an_apply_killed_half_way_over_many_zones_is_finished_by_the_next(
    repo: RepoFolder, serving_bind: Serving
) -> None:
    zones = [f"d{number}.example" for number in range(40)]
    server = serving_bind(**{zone.replace(".", "_"): ZONE for zone in zones})
    repo.policy(POLICY.replace("domain: example.com", f"domains: [{', '.join(zones)}]"))
    before = {zone: server.dump(zone) for zone in zones}
    plan = planned(repo)
    process = spawned(repo, "apply", plan)
    until = time.monotonic() + 60
    while written_so_far(plan) < 5 and process.poll() is None and time.monotonic() < until:
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    assert process.wait(10) == -signal.SIGKILL
    done = {zone for zone in zones if server.dump(zone) == published(before[zone], zone)}
    assert 5 <= len(done) < 40
    assert all(server.dump(zone) == before[zone] for zone in zones if zone not in done)
    finished = repo.run("apply", plan, "--format", "json")
    assert finished.code == 0, finished.said
    assert {zone for zone, status in statuses(finished).items() if status == "unchanged"} == done
    for zone in zones:
        assert server.dump(zone) == published(before[zone], zone)
        assert serial(server, zone) == 2  # it was 1, and BIND raises it with every update
    assert repo.run("plan", "--detailed-exitcode").code == 0
