"""`dkim activate`: pending keys begin to sign when they may, and nothing else happens."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable

import pytest

from mailauth_dns.cli import dkim_activate
from tests.keys.keyhost import Host


def states(host: Host) -> dict[str, str]:
    return dict(re.findall(r"(\w+): \{key: \w+\.pem.*?state: (\w+)", host.policy))


def test_a_key_that_is_not_served_waits(host: Host) -> None:
    host.keygen("--selector", "new")
    ran = host.run("dkim", "activate", "example.com")
    assert ran.code == 1
    assert "every server must serve it first" in ran.out
    assert states(host)["new"] == "pending"


def test_the_time_is_told_and_the_sighting_written(host: Host) -> None:
    host.keygen("--selector", "new")
    host.publish()
    ran = host.run("dkim", "activate", "example.com", "--wait", "2m", "--format", "json")
    assert ran.code == 1
    said = json.loads(ran.out)
    [waiting] = said["waiting"]
    assert waiting["at"] is not None
    assert "1 hour, the zone's negative TTL" in waiting["why"]
    assert "seen: 20" in host.policy
    next_ = host.run("dkim", "activate", "example.com").err
    assert re.search(
        r"Next: mailauth-dns .*dkim activate example\.com --wait 6[0-2]m  "
        r"\(the time is (20\d\d-\d\d-\d\d )?\d\d:\d\d UTC, in 6[01] minutes: "  # a day, if another
        r"waits for it, and lets it sign\)",
        next_,
    ), next_
    # To wait would take longer than is given, so it does not.
    assert said["active"] == ["old"]


def test_a_key_whose_time_has_come_takes_over_and_again_nothing_changes(host: Host) -> None:
    host.keygen("--selector", "new")
    host.publish()
    host.edit("state: pending", "state: pending, seen: 2026-01-01T00:00:00Z")
    ran = host.run("dkim", "activate", "example.com")
    assert ran.code == 0, ran.said
    assert states(host) == {"old": "retiring", "new": "active"}
    before = host.policy
    again = host.run("dkim", "activate", "example.com")
    assert (again.code, again.out, host.policy) == (0, "new: active\n", before)


def test_it_waits_until_the_servers_have_it(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.keygen("--selector", "new")
    slept: list[float] = []

    def sleep(seconds: float, real: Callable[[float], None] = time.sleep) -> None:
        if seconds != dkim_activate.POLL:
            return real(seconds)  # other threads sleep too
        slept.append(seconds)
        if len(slept) == 2:
            host.edit("state: pending", "state: pending, seen: 2026-01-01T00:00:00Z")
            host.publish()
        return None

    monkeypatch.setattr("time.sleep", sleep)
    ran = host.run("dkim", "activate", "example.com", "--wait", "10m")
    assert ran.code == 0, ran.said
    assert slept == [dkim_activate.POLL, dkim_activate.POLL]


def test_a_policy_without_a_key_of_ours(host: Host) -> None:
    host.path.write_text("domain: example.com\nspf: {all: fail}\n")
    ran = host.run("dkim", "activate", "example.com")
    assert (ran.code, ran.out) == (1, "")
    assert "make one: mailauth-dns dkim keygen example.com" in ran.err


TESTS = """tests:
  - name: mail of ours   # the key's name changes
    from: alice@example.com
    ip: 192.0.2.10
    dkim:
      - old   # signs
    expect: {dkim: pass}
"""


def test_inherited_tests_are_not_edited_and_that_is_told(host: Host) -> None:
    """Every policy shares them, and another domain's key may have the old name."""
    defaults = host.repo.root / "zones/policy/_defaults.yaml"
    defaults.write_text(defaults.read_text() + TESTS)
    host.keygen("--selector", "new")
    host.publish()
    host.edit("state: pending", "state: pending, seen: 2026-01-01T00:00:00Z")
    ran = host.run("dkim", "activate", "example.com")
    assert ran.code == 0, ran.said
    assert (
        "the tests in zones/policy/_defaults.yaml name the old key still, and all policies share "
        "them: write new there, or give this policy tests of its own"
    ) in " ".join(ran.out.split())
    assert defaults.read_text().endswith(TESTS)


@pytest.mark.parametrize("command", ["activate", "rotate"])
def test_the_policys_tests_follow_and_the_old_key_can_be_revoked(host: Host, command: str) -> None:
    host.path.write_text(host.policy + TESTS)
    host.keygen("--selector", "new")
    host.publish()
    host.edit("state: pending", "state: pending, seen: 2026-01-01T00:00:00Z")
    private = ("--private-dir", str(host.private_dir)) if command == "rotate" else ()
    ran = host.run("dkim", command, "example.com", *private)
    assert ran.code == 0, ran.said
    assert 'tests name it in place of the old key: "mail of ours"' in " ".join(ran.out.split())
    assert host.policy.endswith(TESTS.replace("- old ", "- new "))
    host.path.write_text(re.sub(r"state: retiring.*?}", "state: revoked}", host.policy))
    planned = host.run("plan", "--format", "json", "--allow", "DKIM030:example.com")
    assert "TEST001" not in planned.said
    assert "revoked" in host.policy
    assert host.run("test", "example.com").code == 0
