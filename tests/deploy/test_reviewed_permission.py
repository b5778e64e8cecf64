"""`allow` in a policy: what it permits, for whom, until when, and that no plan file can permit."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine

from mailauth_dns.serve.server import LoopbackServer
from tests.conftest import RepoFolder
from tests.deploy import evidence_repo
from tests.deploy.plan_edits import edited
from tests.deploy.served_zone import POLICY, ZONE, edit_zone, planned, zone_text

NOW = datetime(2026, 12, 1, 23, 30, tzinfo=UTC)
REJECT = POLICY.replace("p: none", "p: reject")
REFUSED = (
    "_dmarc.example.com TXT: p none -> reject: failing mail is rejected "
    "(DMARC033; --allow DMARC033:example.com if that is meant)"
)


def allow(
    until: str = "2027-01-31", rule: str = "DMARC033", reason: str = "never sent mail"
) -> str:
    return f'allow:\n  - {{rule: {rule}, reason: "{reason}", until: {until}}}\n'


@pytest.fixture
def monitored(served: RepoFolder) -> RepoFolder:
    """A domain whose DMARC policy is none, and live, with evidence for a stricter one."""
    edit_zone(served, "www IN", '_dmarc IN TXT "v=DMARC1; p=none"\nwww IN')
    edit_zone(served, "v=spf1 ~all", "v=spf1 mx -all")
    evidence_repo.met(served.root, "example.com", also=NOW)
    return served


DAYS = [
    ("2027-01-31", 0),
    ("2026-12-01", 0),  # the day is included
    ("2026-11-30", 1),
    ("1990-01-01", 1),
    ("2999-12-31", 0),
]


@pytest.mark.parametrize(("until", "code"), DAYS)
def test_a_permission_holds_up_to_its_day_in_utc(
    monitored: RepoFolder, until: str, code: int
) -> None:
    monitored.policy(REJECT + allow(until), "example.com")
    with time_machine.travel(NOW):
        plan = planned(monitored)
        ran = monitored.run("apply", str(plan))
    assert ran.code == code, ran.said
    assert ("p=reject" in zone_text(monitored)) is (code == 0)


def test_the_plan_and_the_apply_say_who_permits_it_and_where(monitored: RepoFolder) -> None:
    monitored.policy(REJECT + allow(), "example.com")
    said = (
        "      DMARC033 permitted by zones/policy/example.com.yaml:5 until 2027-01-31: "
        "never sent mail\n"
    )
    with time_machine.travel(NOW):
        plan = planned(monitored)
        shown = monitored.run("plan", "--show", str(plan))
        applied = monitored.run("apply", str(plan))
    assert said in shown.out
    assert "Plan: 1 change (1 breaking but permitted)\n" in shown.out
    assert shown.next == "apply plan.json  (does what you reviewed, and nothing else)".replace(
        "plan.json", str(plan)
    )
    assert said in applied.out
    [change] = json.loads(plan.read_text())["zones"][0]["changes"]
    assert (change["risk"], change["permissions"]) == (
        "breaking",
        [
            {
                "rule": "DMARC033",
                "reason": "never sent mail",
                "until": "2027-01-31",
                "path": "zones/policy/example.com.yaml",
                "line": 5,
            }
        ],
    )


def test_a_permission_for_another_rule_permits_nothing(monitored: RepoFolder) -> None:
    monitored.policy(REJECT + allow(rule="DKIM030", until="2999-01-01"), "example.com")
    refused = monitored.run("apply", str(planned(monitored)))
    assert (refused.code, REFUSED in refused.out) == (1, True)


def test_a_permission_in_a_plan_file_permits_nothing(monitored: RepoFolder) -> None:
    """Also one whose fingerprint was made again."""
    monitored.policy(REJECT, "example.com")
    plan = planned(monitored)
    forged = {
        "rule": "DMARC033",
        "reason": "trust me",
        "until": "2999-01-01",
        "path": "zones/policy/example.com.yaml",
        "line": 1,
    }
    edited(plan, lambda data: data["zones"][0]["changes"][0].update(permissions=[forged]), True)
    assert "trust me" in monitored.run("plan", "--show", str(plan)).out
    refused = monitored.run("apply", str(plan))
    assert (refused.code, REFUSED in refused.out) == (1, True)
    assert (
        "note: _dmarc.example.com TXT: DMARC033 was permitted in the plan, and is not any more\n"
        in refused.out
    )
    assert "p=reject" not in zone_text(monitored)


def test_a_permission_withdrawn_after_the_plan_refuses(monitored: RepoFolder) -> None:
    monitored.policy(REJECT + allow("2999-01-01"), "example.com")
    plan = planned(monitored)
    monitored.policy(REJECT, "example.com")
    refused = monitored.run("apply", str(plan))
    assert (refused.code, REFUSED in refused.out) == (1, True)


def test_a_permission_given_after_the_plan_permits_and_is_told(monitored: RepoFolder) -> None:
    """It changes nothing of what is published, so the plan is still what was reviewed."""
    monitored.policy(REJECT, "example.com")
    plan = planned(monitored)
    assert monitored.run("apply", str(plan)).code == 1
    monitored.policy(REJECT + allow("2999-01-01"), "example.com")
    applied = monitored.run("apply", str(plan))
    assert applied.code == 0
    assert applied.out.startswith(
        "note: _dmarc.example.com TXT: DMARC033 permitted by zones/policy/example.com.yaml:5 "
        "until 2999-01-01: never sent mail (not yet in the plan)\n"
    )


def test_the_day_may_end_while_apply_asks(
    monitored: RepoFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monitored.policy(REJECT + allow("2026-12-01"), "example.com")
    with time_machine.travel(NOW) as clock:

        class Slow:
            def readline(self) -> str:
                clock.shift(3600)
                return "yes\n"

        monkeypatch.setattr(sys, "stdin", Slow())
        ran = monitored.run("apply")
    assert (ran.code, REFUSED in ran.out) == (1, True)
    assert "p=reject" not in zone_text(monitored)


# Two policies in one zone


def two_in_a_zone(repo: RepoFolder, first: str, second: str) -> None:
    edit_zone(
        repo,
        "www IN",
        'news IN TXT "v=spf1 mx -all"\n_dmarc.news IN TXT "v=DMARC1; p=none"\nwww IN',
    )
    repo.policy(REJECT + first, "example.com")
    news = REJECT.replace("domain: example.com", "domain: news.example.com\nzone: example.com")
    repo.policy(news + second, "news")
    evidence_repo.met(repo.root, "example.com", "news.example.com")


@pytest.mark.parametrize("first", [True, False])
def test_a_permission_is_for_its_own_domain_and_no_other_of_the_zone(
    monitored: RepoFolder, first: bool
) -> None:
    given = allow("2999-01-01")
    two_in_a_zone(monitored, given if first else "", "" if first else given)
    refused = monitored.run("apply", str(planned(monitored)))
    other = "news.example.com" if first else "example.com"
    assert refused.code == 1
    assert f"--allow DMARC033:{other} if" in refused.out
    assert refused.out.count("--allow DMARC033:") == 1
    path = "zones/policy/news.yaml" if first else "zones/policy/example.com.yaml"
    assert f"write in {path}, and have it reviewed" in refused.err
    assert "p=reject" not in zone_text(monitored)


def test_both_permit(monitored: RepoFolder) -> None:
    two_in_a_zone(monitored, allow("2999-01-01"), allow("2999-01-01"))
    assert monitored.run("apply", str(planned(monitored))).code == 0


def test_a_list_of_domains_has_one_permission(monitored: RepoFolder) -> None:
    monitored.write("served/example.net.zone", zone_text(monitored))
    monitored.policy(
        REJECT.replace("domain: example.com", "domains: [example.com, example.net]")
        + allow("2999-01-01"),
        "example.com",
    )
    evidence_repo.met(monitored.root, "example.com", "example.net")
    assert monitored.run("apply", str(planned(monitored))).code == 0
    assert "p=reject" in zone_text(monitored, "example.net")


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [(True, True, 0), (True, False, 1), (False, True, 1), (False, False, 1)],
)
def test_another_provider_s_servers_are_permitted_by_all_policies_that_change_the_zone(
    monitored: RepoFolder, tmp_path: Path, first: bool, second: bool, code: int
) -> None:
    both = "".join(
        f"  - {{rule: {rule}, reason: moving, until: 2999-01-01}}\n"
        for rule in ("DMARC033", "DNS008")
    )
    dmarc = allow("2999-01-01")
    two_in_a_zone(
        monitored, f"allow:\n{both}" if first else dmarc, f"allow:\n{both}" if second else dmarc
    )
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "example.com.zone").write_text(
        ZONE.replace("ns1.example.net.\n@ IN TXT", "ns9.example.org.\n@ IN TXT")
    )
    with LoopbackServer(elsewhere, "127.0.0.1", 0) as server:
        monitored.write(
            "zones/policy/_defaults.yaml",
            f'providers: [local]\nnameservers: ["127.0.0.1:{server.port}"]\n',
        )
        plan = planned(monitored)
        ran = monitored.run("apply", str(plan), "--wait", "0s")
    assert ("DNS008; --allow" in ran.out) is (code == 1), ran.said
    assert ("p=reject" in zone_text(monitored)) is (code == 0)
    if code == 1:
        wanted = {
            path
            for path, given in (("example.com", first), ("news", second))
            if f"write in zones/policy/{path}.yaml" in ran.err
        }
        assert wanted == {"example.com", "news"}


def test_a_test_that_breaks_is_permitted_by_the_policy_that_has_it(monitored: RepoFolder) -> None:
    tests = "tests:\n  - {name: ours, from: a@example.com, ip: 192.0.2.1, expect: {disposition: none}}\n"
    both = "".join(
        f"  - {{rule: {rule}, reason: meant, until: 2999-01-01}}\n"
        for rule in ("DMARC033", "TEST001")
    )
    monitored.policy(REJECT + tests + allow("2999-01-01"), "example.com")
    plan = planned(monitored)
    refused = monitored.run("apply", str(plan))
    assert (refused.code, "--allow TEST001:example.com" in refused.out) == (1, True)
    monitored.policy(REJECT + tests + f"allow:\n{both}", "example.com")
    shown = monitored.run("plan", "--out", "plan.json").out
    assert "TEST001 permitted by zones/policy/example.com.yaml:8 until 2999-01-01: meant\n" in shown
    assert monitored.run("apply", "plan.json").code == 0


def test_no_policy_permits_that_live_dns_is_unknown(monitored: RepoFolder) -> None:
    monitored.policy(REJECT + allow("2999-01-01", "live-unknown"), "example.com")
    ran = monitored.run("plan")
    assert ran.code == 1
    assert "no policy can know that live DNS is unknown" in ran.err
    monitored.policy(REJECT + allow("2999-01-01", "DNS008"), "example.com")
    plan = planned(monitored, "--no-live")
    refused = monitored.run("apply", str(plan), "--no-live")
    assert (refused.code, "--allow live-unknown:example.com" in refused.out) == (1, True)


# Permissions that permit nothing


def test_a_plan_tells_what_is_over_and_what_it_does_not_need(monitored: RepoFolder) -> None:
    monitored.policy(POLICY + allow("2999-01-01"), "example.com")
    assert (
        "permission: zones/policy/example.com.yaml:5: DMARC033 is permitted, and nothing here "
        "needs it; take it out once all is applied\n" in monitored.run("plan").out
    )
    monitored.policy(POLICY + allow("2020-01-01"), "example.com")
    assert (
        "permission: zones/policy/example.com.yaml:5: DMARC033 was permitted until 2020-01-01; "
        "take it out, or give it a new day\n" in monitored.run("plan").out
    )


def test_a_change_tells_that_its_permission_is_over(monitored: RepoFolder) -> None:
    monitored.policy(REJECT + allow("2020-01-01"), "example.com")
    said = monitored.run("plan").out
    over = "DMARC033 was permitted until 2020-01-01: that day is over (zones/policy/example.com.yaml:5)"
    assert (
        said.index("failing mail is rejected")
        < said.index(over)
        < said.index("+ v=DMARC1; p=reject")
    )


def idle(repo: RepoFolder, *arguments: str) -> list[tuple[str, str]]:
    ran = repo.run("plan", *arguments, "--format", "json")
    return [(each["permission"]["rule"], each["state"]) for each in json.loads(ran.out)["idle"]]


def test_what_is_used_by_one_domain_of_a_list_is_used(monitored: RepoFolder) -> None:
    net = zone_text(monitored).replace("v=DMARC1; p=none", "v=DMARC1; p=reject")
    monitored.write("served/example.net.zone", net)
    monitored.policy(
        REJECT.replace("domain: example.com", "domains: [example.com, example.net]")
        + allow("2999-01-01"),
        "example.com",
    )
    evidence_repo.met(monitored.root, "example.com", "example.net")
    assert idle(monitored) == []
    assert idle(monitored, "example.net") == []  # example.com may need it
    edit_zone(monitored, "v=DMARC1; p=none", "v=DMARC1; p=reject")
    assert idle(monitored) == [("DMARC033", "unused")]


def test_whether_it_is_used_is_open_where_something_is_blocked_or_unknown(
    monitored: RepoFolder,
) -> None:
    monitored.policy(POLICY + allow("2999-01-01", "DNS008"), "example.com")
    assert idle(monitored) == [("DNS008", "unused")]
    assert idle(monitored, "--no-live") == []
    edit_zone(monitored, '_dmarc IN TXT "v=DMARC1; p=none"', "_dmarc IN CNAME dmarc.example.net.")
    monitored.policy(REJECT + allow("2999-01-01"), "example.com")
    assert idle(monitored) == []


def test_what_a_person_enters_at_a_web_form_is_permitted_alike(monitored: RepoFolder) -> None:
    monitored.policy(REJECT, "example.com")
    refused = monitored.run("export", "example.com", "--format", "paste")
    assert (refused.code, "DMARC033; --allow" in refused.out) == (1, True)
    monitored.policy(REJECT + allow("2999-01-01"), "example.com")
    ran = monitored.run("export", "example.com", "--format", "paste")
    assert (ran.code, "v=DMARC1; p=reject" in ran.out) == (0, True), ran.said
