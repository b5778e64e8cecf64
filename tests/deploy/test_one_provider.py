"""`plan --provider ID` asks these providers alone, and says what it leaves out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conftest import RepoFolder
from tests.deploy.plan_edits import edited

ZONE = "@ IN SOA ns1 h 1 7200 1800 1209600 300\n@ IN NS ns1\n"
KIND = "mailauth_dns.octo.LocalProvider"
SECRET = {"class": KIND, "directory": "second", "token": "env/NOT_SET_ANYWHERE"}


@pytest.fixture
def two(repo: RepoFolder) -> RepoFolder:
    """Zones at `local`, at `second`, which cannot be made without its secret, and at both."""
    repo.provider("second", SECRET)
    for zone, providers in (("a", "local"), ("b", "second"), ("both", "local, second")):
        repo.policy(f"domain: {zone}.example\nproviders: [{providers}]\nspf: {{all: fail}}\n", zone)
        repo.local(f"{zone}.example", ZONE)
        repo.write(f"second/{zone}.example.zone", ZONE)
    return repo


def planned(repo: RepoFolder, *arguments: str, code: int = 0) -> dict[str, Any]:
    ran = repo.run("plan", "--no-live", "--format", "json", *arguments)
    assert ran.code == code, ran.said
    found: dict[str, Any] = json.loads(ran.out)
    return found


def places(plan: dict[str, Any]) -> list[tuple[str, str]]:
    return [(zone["zone"], zone["provider"]) for zone in plan["zones"]]


def test_another_provider_is_not_made_and_its_secret_not_needed(two: RepoFolder) -> None:
    assert "NOT_SET_ANYWHERE is not in the environment" in two.run("plan", "--no-live").err
    plan = planned(two, "--provider", "local")
    assert places(plan) == [("a.example", "local"), ("both.example", "local")]
    assert plan["notes"] == [
        "planned is what changes at local alone: both.example is also at second"
    ]


def test_several_may_be_named(two: RepoFolder) -> None:
    two.provider("second", {"class": KIND, "directory": "second"})
    plan = planned(two, "--provider", "second", "--provider", "local", "--provider", "second")
    assert plan["notes"] == []
    assert places(plan) == places(planned(two))
    assert len(places(plan)) == 4


def test_an_unknown_one_is_an_error_that_names_those_there_are(two: RepoFolder) -> None:
    ran = two.run("plan", "--no-live", "--provider", "local", "--provider", "lokal")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        "--provider lokal: there is no providers/lokal.yaml; there are: local, second\n"
    )


def test_where_no_zone_is_at_it_the_plan_says_so(two: RepoFolder) -> None:
    plan = planned(two, "b.example", "--provider", "local")
    assert places(plan) == []
    assert plan["notes"] == ["nothing is planned: none of these zones is at local"]


def test_apply_of_such_a_plan_stays_as_narrow(two: RepoFolder) -> None:
    planned(two, "--provider", "local", "--out", str(two.root / "plan.json"))
    ran = two.run("apply", "plan.json", "--no-live", "--allow", "live-unknown")
    assert ran.code == 0, ran.said
    for zone in ("a", "both"):
        assert "v=spf1 -all" in (two.root / f"served/{zone}.example.zone").read_text()
    for zone in ("b", "both"):
        assert (two.root / f"second/{zone}.example.zone").read_text() == ZONE
    (two.root / "providers/second.yaml").unlink()
    assert "there is no providers/second.yaml" in two.run("apply", "plan.json").err


def test_dmarc_is_not_tightened_while_the_spf_record_elsewhere_was_not_looked_at(
    two: RepoFolder,
) -> None:
    """Receivers ask the servers of both."""
    two.policy(
        "domain: both.example\nproviders: [local, second]\nspf: {all: fail}\n"
        "dmarc: {p: quarantine}\n",
        "both",
    )
    out = ("--out", str(two.root / "plan.json"))
    plan = planned(two, "both.example", "--provider", "local", *out)
    [zone] = plan["zones"]
    assert [change["family"] for change in zone["changes"]] == ["spf"]
    [waits] = zone["blocked"]
    assert waits["waits"]
    assert waits["reason"] == (
        "waits for the SPF record of both.example at second, which was not asked; "
        "plan without --provider, or with second too"
    )
    assert two.run("apply", "plan.json", "--no-live", "--allow", "live-unknown").code == 2
    assert "v=DMARC1" not in (two.root / "served/both.example.zone").read_text()
    two.provider("second", {"class": KIND, "directory": "second"})
    assert [zone["blocked"] for zone in planned(two, "both.example")["zones"]] == [[], []]


def test_no_plan_file_leaves_out_the_provider_that_holds_a_change(two: RepoFolder) -> None:
    text = (
        "domain: both.example\nproviders: [local, second]\nspf: {all: fail}\n"
        "dmarc: {p: quarantine}\n"
    )
    two.policy(text.replace(", second", ""), "both")
    [alone] = planned(two, "both.example")["zones"]
    assert {change["family"] for change in alone["changes"]} == {"spf", "dmarc"}
    two.policy(text, "both")
    two.provider("second", {"class": KIND, "directory": "second"})
    two.write("second/both.example.zone", "no zone file")
    path = two.root / "plan.json"
    [honest] = planned(two, "both.example", "--out", str(path), code=1)["zones"]
    assert [each["reason"] for each in honest["blocked"]] == [
        "waits for the SPF record of both.example at second, which could not be read"
    ]

    def forge(data: dict[str, Any]) -> None:
        data["failed"] = []
        data["zones"][0].update(changes=alone["changes"], blocked=[])

    edited(path, forge, recompute=True)
    ran = two.run("apply", str(path), "--no-live", "--allow", "live-unknown")
    assert ran.code == 1
    assert (
        "_dmarc.both.example TXT at local: is blocked now: waits for the SPF record of "
        "both.example at second, which was not asked" in ran.err
    )
    assert (two.root / "served/both.example.zone").read_text() == ZONE


def test_options_that_leave_each_other_no_meaning(two: RepoFolder) -> None:
    for options, said in (
        (("--live-only", "--no-live"), "leave out --no-live"),
        (("--live-only", "--provider", "local"), "leave out --provider"),
        (
            ("--show", "plan.json", "--live-only"),
            "leave out --changed-since, --provider, --shard and",
        ),
        (("--show", "plan.json", "--changed-since", "x"), "--show prints a plan that is made"),
        (("--show", "plan.json", "--provider", "x"), "--show prints a plan that is made"),
    ):
        ran = two.run("plan", *options)
        assert (ran.code, ran.out) == (1, "")
        assert said in ran.err
