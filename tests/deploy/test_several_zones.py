"""A plan of several zones: what is wrong with one of them leaves the others as they were reviewed."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from tests.conftest import Ran, RepoFolder
from tests.deploy.served_zone import POLICY, ZONE, edit_zone, zone_text

UNASKED = ("--no-live", "--allow", "live-unknown")  # nobody serves far.example


def plan(repo: RepoFolder, *arguments: str) -> Ran:
    return repo.run("plan", *arguments, "--out", "plan.json")


def statuses(ran: Ran) -> dict[str, str]:
    return {zone["zone"]: zone["status"] for zone in json.loads(ran.out)["zones"]}


def down(repo: RepoFolder) -> Path:
    return repo.write("down", "")


def far_is_written(repo: RepoFolder) -> bool:
    return "v=spf1 mx -all" in (repo.root / "remote/far.example.yaml").read_text()


def test_a_provider_that_is_down_at_the_plan_keeps_no_other_zone_from_being_applied(
    team: RepoFolder,
) -> None:
    gone = down(team)
    planned = plan(team, "--no-live")
    assert (planned.code, planned.next) == (
        1,
        "plan --out plan.json  (once what is failed or blocked is mended)",
    )
    gone.unlink()
    applied = team.run("apply", "plan.json", *UNASKED, "--format", "json")
    assert applied.code == 1
    assert statuses(applied) == {
        "example.com": "applied",
        "good.example": "applied",
        "shop.example": "applied",
        "far.example": "not tried",
    }
    assert not far_is_written(team), "nobody has seen a plan of it"
    assert applied.next == (
        "plan --out plan.json  (once what is blocked or could not be planned is mended)"
    )
    assert plan(team, "--no-live").code == 0
    assert team.run("apply", "plan.json", *UNASKED).code == 0
    assert far_is_written(team)


def test_a_provider_that_is_down_at_the_apply_is_finished_by_running_it_again(
    team: RepoFolder,
) -> None:
    assert plan(team, "--no-live").code == 0
    gone = down(team)
    applied = team.run("apply", "plan.json", *UNASKED, "--format", "json")
    assert applied.code == 1
    assert statuses(applied)["far.example"] == "failed"
    assert {*statuses(applied).values()} == {"failed", "applied"}
    gone.unlink()
    again = team.run("apply", "plan.json", *UNASKED, "--format", "json")
    assert again.code == 0, again.said
    assert statuses(again)["far.example"] == "applied"
    assert {*statuses(again).values()} == {"unchanged", "applied"}


def test_a_zone_that_failed_in_a_plan_of_named_domains_keeps_no_other_from_being_applied(
    team: RepoFolder,
) -> None:
    down(team)
    assert plan(team, "far.example", "good.example", "--no-live").code == 1
    applied = team.run("apply", "plan.json", *UNASKED, "--format", "json")
    assert statuses(applied) == {"good.example": "applied", "far.example": "not tried"}


def test_what_plan_says_comes_next_where_one_zone_is_blocked(team: RepoFolder) -> None:
    edit_zone(team, "www IN A", "_dmarc IN CNAME x.example.net.\nwww IN A")
    planned = plan(team, "example.com", "good.example")
    assert planned.code == 1
    assert planned.next == "apply plan.json  (applies what it can; the rest stays as it is)"
    applied = team.run("apply", "plan.json", "--report", "report.json")
    assert applied.code == 1
    assert "example.com at local  partial: refused: _dmarc.example.com TXT" in applied.out
    assert "every authoritative server agrees" in applied.out, "with what was written"
    [blocked, _] = json.loads((team.root / "report.json").read_text())["zones"]
    assert (blocked["status"], blocked["read_back"], blocked["live"]) == (
        "partial",
        "as applied",
        "agrees",
    )
    assert "good.example at local  applied" in applied.out
    assert applied.next == (
        "plan --out plan.json  (once what is blocked or could not be planned is mended)"
    )


STALE = """\
the plan is no longer what was reviewed; nothing was written:
  shop.example: records, `providers` or `nameservers` are not as they were reviewed
  example.com TXT at local: reviewed "v=spf1 ~all" -> "v=spf1 mx -all" (TTL 3600 -> 3600),
    now "v=spf1 a ~all" -> "v=spf1 mx -all" (TTL 3600 -> 3600)
    before: + "a"
"""


def test_stale_zones_are_named_with_the_command_that_applies_the_rest(team: RepoFolder) -> None:
    assert plan(team, "example.com", "good.example", "shop.example").code == 0
    team.policy("domain: shop.example\nspf: {terms: [a], all: fail}\n", "shop.example")
    edit_zone(team, "v=spf1 ~all", "v=spf1 a ~all")
    refused = team.run("apply", "plan.json", "--wait", "20s")
    assert refused.code == 1
    rest = f"-C {team.root} apply plan.json --wait 20s --only good.example"
    assert refused.err == (
        STALE
        + f"plan again: mailauth-dns -C {team.root} plan example.com good.example shop.example "
        "--out plan.json\n"
        f"or apply the rest of this plan: mailauth-dns {rest}\n"
    )
    assert zone_text(team, "good.example") == ZONE
    applied = team.run(*shlex.split(rest)[2:])
    assert applied.code == 0, applied.said
    assert "note: --only leaves 2 other zones of the plan out" in applied.out
    assert "v=spf1 mx -all" in zone_text(team, "good.example")
    assert zone_text(team, "shop.example") == ZONE


def test_a_plan_whose_every_zone_is_stale_names_no_rest(team: RepoFolder) -> None:
    assert plan(team, "good.example").code == 0
    team.policy("domain: good.example\nspf: {terms: [a], all: fail}\n", "good.example")
    refused = team.run("apply", "plan.json")
    assert "plan again: " in refused.err
    assert "--only" not in refused.err


def test_a_stanza_that_changed_is_told_once_with_its_zones(team: RepoFolder) -> None:
    assert plan(team, "--no-live").code == 0
    team.provider("local", {"class": "mailauth_dns.octo.LocalProvider", "directory": "./served"})
    refused = team.run("apply", "plan.json", *UNASKED)
    assert (
        "  example.com, good.example, shop.example: "
        "providers/local.yaml is not as it was reviewed\n" in refused.err
    )
    assert "--only far.example" in refused.err


def test_a_policy_that_is_gone_makes_its_zone_stale_and_no_other(team: RepoFolder) -> None:
    assert plan(team, "good.example", "shop.example").code == 0
    (team.root / "zones/policy/shop.example.yaml").unlink()
    refused = team.run("apply", "plan.json")
    assert "  shop.example: no policy publishes it at local any more\n" in refused.err
    assert team.run("apply", "plan.json", "--only", "good.example").code == 0


def test_unrelated_merges_leave_the_plan_as_it_was_reviewed(team: RepoFolder) -> None:
    assert plan(team, "example.com", "good.example").code == 0
    team.policy("domain: shop.example\nspf: {terms: [a], all: fail}\n", "shop.example")
    team.policy("domain: new.example\nspf: {all: fail}\nproviders: [far]\n", "new")
    team.policy("# a comment\n" + POLICY, "example.com")
    team.write("README.md", "hello\n")
    assert team.run("apply", "plan.json").code == 0
    assert zone_text(team, "shop.example") == ZONE


UNKNOWN = {
    "god.example": "--only god.example: is not in the plan; did you mean good.example?\n",
    "xyz.test": (
        "--only xyz.test: is not in the plan; there is example.com, far.example, good.example, "
        "shop.example\n"
    ),
    "two words": "two words: ",
}


@pytest.mark.parametrize("given", UNKNOWN)
def test_a_zone_that_the_plan_does_not_have_is_told_with_those_like_it(
    team: RepoFolder, given: str
) -> None:
    assert plan(team, "--no-live").code == 0
    ran = team.run("apply", "plan.json", "--only", "good.example", "--only", given, *UNASKED)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(UNKNOWN[given])
    assert zone_text(team, "good.example") == ZONE


def test_what_is_wrong_with_other_zones_does_not_matter_to_only(team: RepoFolder) -> None:
    gone = down(team)
    assert plan(team, "--no-live").code == 1
    edit_zone(team, "v=spf1 ~all", "v=spf1 a ~all")
    team.policy("domain: shop.example\nspf: {terms: [a], all: fail}\n", "shop.example")
    only = team.run("apply", "plan.json", "--only", "good.example", *UNASKED, "--format", "json")
    assert only.code == 0, only.said
    assert statuses(only) == {"good.example": "applied"}
    gone.unlink()
    failed = team.run("apply", "plan.json", "--only", "far.example", *UNASKED, "--format", "json")
    assert (failed.code, statuses(failed)) == (1, {"far.example": "not tried"})


def test_only_without_a_plan_file_plans_and_asks_about_these_zones(
    team: RepoFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io
    import sys

    monkeypatch.setattr(sys, "stdin", io.StringIO("yes\n"))
    ran = team.run("apply", "--only", "good.example")
    assert ran.code == 0, ran.said
    assert "shop.example" not in ran.said
    assert "v=spf1 mx -all" in zone_text(team, "good.example")
    assert zone_text(team, "shop.example") == ZONE
    unknown = team.run("apply", "--only", "god.example")
    assert unknown.code == 1
    assert "--only god.example: no policy has it; did you mean good.example?" in unknown.err


def test_fail_on_tells_what_is_wrong_from_what_cannot_be_planned(team: RepoFolder) -> None:
    """The exit code for each threshold, over one plan that has all of it."""
    assert plan(team, "example.com").code == 0
    assert team.run("apply", "plan.json").code == 0
    team.policy(POLICY.replace("p: none", "p: reject"), "example.com")
    codes = {
        level: team.run("plan", "example.com", "--fail-on", level).code
        for level in ("caution", "breaking", "blocked", "failed")
    }
    assert codes == {"caution": 2, "breaking": 2, "blocked": 0, "failed": 0}
    down(team)
    edit_zone(team, "www IN A", "_dmarc IN CNAME x.example.net.\nwww IN A", "good.example")
    team.policy(
        "domain: good.example\nspf: {terms: [mx], all: fail}\ndmarc: {p: none}\n", "good.example"
    )
    ran = team.run("plan", "--out", "plan.json", "--fail-on", "breaking")
    assert ran.code == 2
    assert ran.err.startswith("--fail-on breaking: 1 failed, 1 blocked, 1 breaking\nNext: ")
    for level in ("blocked", "failed"):
        assert team.run("plan", "--show", "plan.json", "--fail-on", level).code == 2
    assert team.run("plan", "--show", "plan.json").code == 1
    team.policy("domain: [", "broken")
    assert team.run("plan", "--fail-on", "failed").code == 1


def test_fail_on_and_detailed_exitcode_each_give_2(team: RepoFolder) -> None:
    assert plan(team, "good.example").code == 0
    shown = ("plan", "--show", "plan.json")
    assert team.run(*shown, "--fail-on", "breaking").code == 0
    assert team.run(*shown, "--fail-on", "breaking", "--detailed-exitcode").code == 2
    assert team.run(*shown, "--fail-on", "caution").code == 2
