"""Apply carries out only what was reviewed: nothing moved, and the file is whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import time_machine

from tests.conftest import RepoFolder
from tests.deploy.plan_edits import edited
from tests.deploy.served_zone import POLICY, ZONE, edit_zone, planned, zone_text


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
    assert "example.com: records, `providers` or `nameservers` are not as they were" in applied.err


def test_the_grace_of_a_sender_that_ended_since_is_named(served: RepoFolder) -> None:
    """Planned before midnight and applied after it: no file is another one."""
    served.policy(
        "domain: example.com\nsenders: {mailchimp: {retired: 2026-12-01}}\n", "example.com"
    )
    with time_machine.travel("2026-12-30T23:50:00Z"):
        plan = planned(served)
        assert served.run("apply", str(plan)).code == 0
    with time_machine.travel("2026-12-31T00:10:00Z"):
        applied = served.run("apply", str(plan))
        edited(plan, lambda data: data.update(made_at="some day"), recompute=True)
        edited_since = served.run("apply", str(plan))
    assert applied.code == edited_since.code == 1
    said = "example.com: the grace of Mailchimp ended on 2026-12-31, after the review: its records"
    assert said in applied.err
    assert "records, `providers` or `nameservers` are not as they were" in edited_since.err


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
    assert "providers/local.yaml is not as it was reviewed" in applied.err


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


def test_a_domain_is_no_plan_file_and_the_refusal_says_how_it_goes(served: RepoFolder) -> None:
    ran = served.run("apply", "example.com")
    assert (ran.code, ran.out) == (1, "")
    assert "`plan example.com --out plan.json`, then `apply plan.json`" in ran.err
